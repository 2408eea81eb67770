"""Checks that several commands share, each of which refuses by naming the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from eventlog.core import Refused
from registry.kinds import FIRST_YEAR, KINDS, LAST_YEAR, SIZES

MAX_NAME = 500
MAX_WHY = 2_000


def in_utc(at: datetime) -> str:
    """ISO text in UTC, in which later instants are greater texts."""
    return at.astimezone(UTC).isoformat()


def moment(at: datetime, field: str) -> str:
    """The same for a time that somebody sent. Refuses one outside 1970 to 9000."""
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        sentence = f"Must have a zone and lie in the years {FIRST_YEAR} to {LAST_YEAR}."
        raise Refused(sentence, code="bad_value", field=field)
    return in_utc(at)


def check_kind(kind: str, version: str) -> None:
    """Refuses an unknown kind, and a version where there can be none or must be one."""
    if kind not in KINDS:
        sentence = f"There is no kind {kind[:40]!r}; there are {', '.join(KINDS)}."
        raise Refused(sentence, code="bad_value", field="kind")
    label, versioned = KINDS[kind].label, KINDS[kind].versioned
    if versioned == "yes" and not version:
        raise Refused(f"A {label} has a version.", code="bad_value", field="version")
    if versioned == "no" and version:
        raise Refused(f"A {label} has no versions.", code="bad_value", field="version")


def check_name(field: str, text: str, least: int = 0) -> None:
    """Refuses a name, namespace or version that is too long, empty or holds a null character."""
    if not least <= len(text) <= MAX_NAME or "\x00" in text or text != text.strip():
        sentence = f"Must have {least} to {MAX_NAME} characters, without space around them."
        raise Refused(sentence, code="bad_value", field=field)


def check_facts(kind: str, facts: Mapping[str, Any]) -> None:
    """Refuses facts that a thing of this kind does not have, and values of another sort."""
    known = KINDS[kind].facts
    for name, value in facts.items():
        if name not in known:
            sentence = f"A {KINDS[kind].label} has {', '.join(sorted(known))}."
            raise Refused(sentence, code="unknown_fact", field=f"facts.{name[:80]}")
        if value is not None and not known[name].fits(value):
            sentence = f"Must be {known[name].words}, or null to take it back."
            raise Refused(sentence, code="bad_value", field=f"facts.{name}")


def check_counts(counts: Mapping[str, Any]) -> None:
    """Refuses counts other than rows, bytes and files, and values that are no counts."""
    for name, value in counts.items():
        if name not in SIZES:
            sentence = f"There are {', '.join(SIZES)}."
            raise Refused(sentence, code="unknown_fact", field=f"counts.{name[:80]}")
        if not SIZES[name].fits(value):
            raise Refused(f"Must be {SIZES[name].words}.", "bad_value", f"counts.{name}")


def check_why(text: str) -> None:
    """Refuses a reason that is too long or holds a null character."""
    if len(text) > MAX_WHY or "\x00" in text:
        raise Refused(f"May have {MAX_WHY:,} characters at most.", "bad_value", "why")
