"""Reference data beside the checkout, for the tests that compare with others' answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from config.environment import ROOT

SHARED = Path(os.environ.get("DROPSTITCH_SHARED", ROOT.parent / "shared"))


def needs(path: str) -> pytest.MarkDecorator:
    """Skips, and says so, where the reference file is not at hand."""
    return pytest.mark.skipif(
        not (SHARED / path).exists(),
        reason=f"there is no {SHARED / path}; see DROPSTITCH_SHARED",
    )


def read(path: str) -> Any:
    """A reference file in JSON."""
    return json.loads((SHARED / path).read_text())
