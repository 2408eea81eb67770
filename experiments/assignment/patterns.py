"""Regular expressions that cannot be made to hang: matched by RE2, in time linear in the text.

RE2 reads the syntax that JavaScript and RE2 share; look-around and back-references, which need
backtracking, it does not know. Such a pattern matches nothing here, and `fault` says so before a
rule with it is saved.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

MAX_LENGTH = 1_000
MAX_MEMORY = 8 << 20  # bytes of one compiled pattern


@lru_cache(maxsize=1_024)
def compiled(pattern: str, insensitive: bool = False) -> Any | None:
    """The compiled pattern; None when it cannot be used."""
    if len(pattern) > MAX_LENGTH:
        return None
    options = re2.Options()
    options.case_sensitive = not insensitive
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None


def matches(pattern: str, text: str, insensitive: bool = False) -> bool:
    """Whether the pattern is found anywhere in the text."""
    found = compiled(pattern, insensitive)
    if found is None:
        return False
    # RE2 reads UTF-8, which has no half of a surrogate pair.
    return found.search(text.encode("utf-8", "replace").decode()) is not None


def fault(pattern: str) -> str:
    """Why a pattern cannot be used, empty when it can."""
    if len(pattern) > MAX_LENGTH:
        return f"a pattern has at most {MAX_LENGTH:,} characters"
    if compiled(pattern) is None:
        return "is no pattern that is matched in linear time (no look-around, no back-references)"
    return ""
