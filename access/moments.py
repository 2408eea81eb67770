"""Times as people and programs write them in addresses and forms."""

from __future__ import annotations

from datetime import UTC, datetime

FIRST_YEAR, LAST_YEAR = 1971, 9000  # far from the ends of the calendar, where arithmetic fails


def read_moment(text: str, *, utc: bool = False) -> datetime | None:
    """An instant in UTC, None for what is none. With `utc` a time without a zone is in UTC."""
    try:
        # A plus sign in a query is a space; so is the one between a date and a time.
        at = datetime.fromisoformat(text.strip() if utc else text.replace(" ", "+"))
    except ValueError:
        return None
    if at.tzinfo is None and utc:
        at = at.replace(tzinfo=UTC)
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.astimezone(UTC)
