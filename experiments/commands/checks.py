"""Checks that commands of this app share. Each raises `Refused` naming the field."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from eventlog.core import Refused

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_TEXT = 2_000
MAX_DEPTH = 20


def check_key(key: str, field: str) -> None:
    """A key that goes into addresses as it is."""
    if not KEY.fullmatch(key):
        sentence = "Must be 1 to 100 letters, digits or . _ ~ -, beginning with a letter or digit."
        raise Refused(sentence, code="bad_value", field=field)


def check_environment(environment: str, field: str = "environment") -> None:
    """The name of an environment."""
    if not ENVIRONMENT.fullmatch(environment):
        sentence = "Must be 1 to 40 small letters, digits or -, such as production."
        raise Refused(sentence, code="bad_value", field=field)


def check_text(value: str, field: str, *, limit: int = MAX_TEXT, empty: bool = True) -> None:
    """A text of a sane length."""
    if not empty and not value.strip():
        raise Refused("Must not be blank.", code="bad_value", field=field)
    if len(value) > limit or "\x00" in value:
        raise Refused(f"May have {limit:,} characters at most.", code="bad_value", field=field)


def check_date(value: str, field: str) -> None:
    """A day, or nothing."""
    try:
        if value:
            date.fromisoformat(value)
    except ValueError as error:
        sentence = "Must be a day such as 2027-03-31, or empty."
        raise Refused(sentence, code="bad_value", field=field) from error


def check_depth(value: Any, field: str, depth: int = 0) -> None:
    """JSON that does not nest absurdly."""
    if depth > MAX_DEPTH:
        sentence = f"Nests deeper than {MAX_DEPTH} levels."
        raise Refused(sentence, code="bad_value", field=field)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        check_depth(one, field, depth + 1)


def in_utc(at: datetime) -> str:
    """ISO text in UTC, in which later instants are greater texts."""
    return at.astimezone(UTC).isoformat()
