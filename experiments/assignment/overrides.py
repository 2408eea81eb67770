"""Variations forced by an address, for looking at one's own work: ``?my-experiment=1``."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

MOST_DIGITS = 6


def from_query_string(key: str, url: str, count: int) -> int | None:
    """The variation that the query of `url` names for an experiment; None without a valid one."""
    try:
        named = parse_qs(urlsplit(url).query, max_num_fields=1_000).get(key, [""])[0]
    except ValueError:
        return None
    if not (named.isascii() and named.isdigit() and len(named) <= MOST_DIGITS):
        return None
    variation = int(named)
    return variation if variation < count else None
