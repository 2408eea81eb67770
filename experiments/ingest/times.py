"""When facts happened, as they are sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

MAX_AHEAD = timedelta(minutes=5)
EARLIEST = 1970  # the year; the first days of the calendar have no time in UTC


def fault_of_time(value: Any, at: datetime) -> tuple[str, str, str] | None:
    """Field, code and sentence of what is wrong with a `time`, None when it is sound."""
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return "time", "bad_time", "Is no time such as 2026-03-01T12:00:00Z."
    if moment.tzinfo is None:
        return "time", "no_zone", "Needs a zone, such as Z or +01:00."
    if moment.year < EARLIEST:
        return "time", "too_early", f"Is before {EARLIEST}."
    if moment > at + MAX_AHEAD:
        return "time", "in_the_future", "Is more than 5 minutes ahead of the clock here."
    return None
