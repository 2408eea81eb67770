"""Version numbers as texts that compare in the right order (`$veq`, `$vgt`, …)."""

from __future__ import annotations

import re
from functools import lru_cache

from experiments.assignment.values import Json, text

IGNORED = re.compile(r"(^v|\+.*$)")
SEPARATORS = re.compile(r"[-.]")
WIDTH = 5


def padded(value: Json) -> str:
    """A text in which later versions are greater, as the SDKs pad them.

    Numbers are right-aligned to five digits; a release sorts after its pre-releases because of
    the tilde, the greatest printable ASCII character. What is no text counts as version 0.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = text(value)
    return _padded(value if isinstance(value, str) and value else "0")


@lru_cache(maxsize=4_096)
def _padded(version: str) -> str:
    parts = SEPARATORS.split(IGNORED.sub("", version))
    if len(parts) == 3:
        parts.append("~")
    return "-".join(
        part.rjust(WIDTH) if part.isascii() and part.isdigit() else part for part in parts
    )
