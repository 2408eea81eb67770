"""Version numbers as texts that compare in the right order (`$veq`, `$vgt`, …)."""

from __future__ import annotations

import re
from functools import lru_cache

from experiments.assignment.values import Json, text

SEPARATORS = re.compile(r"[-.]")
LINE_ENDS = re.compile("[\n\r\u2028\u2029]")
WIDTH = 5
LONGEST_KEPT = 100  # characters of a version that is worth remembering


def padded(value: Json) -> str:
    """A text in which later versions are greater, as the SDKs pad them.

    Numbers are right-aligned to five digits; a release sorts after its pre-releases because of
    the tilde, the greatest printable ASCII character. What is no text counts as version 0.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = text(value)
    version = value if isinstance(value, str) and value else "0"
    return _kept(version) if len(version) <= LONGEST_KEPT else _padded(version)


def _without_build(version: str) -> str:
    """``/^v|\\+.*$/g`` taken out in one pass: the prefix, and what a plus begins on the last line."""
    last_line = max((end.end() for end in LINE_ENDS.finditer(version)), default=0)
    plus = version.find("+", last_line)
    return (version[:plus] if plus >= 0 else version).removeprefix("v")


def _padded(version: str) -> str:
    parts = SEPARATORS.split(_without_build(version))
    if len(parts) == 3:
        parts.append("~")
    return "-".join(
        part.rjust(WIDTH) if part.isascii() and part.isdigit() else part for part in parts
    )


_kept = lru_cache(maxsize=4_096)(_padded)
