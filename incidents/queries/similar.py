"""Incidents that a new declaration may repeat; people are offered them and decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from django.db.models import Q

from incidents.models import IncidentRow
from incidents.queries.lists import card_of
from incidents.queries.names import names_of
from incidents.queries.values import Similar

SIMILAR = 0.5
COMPARED = 200
WORD = re.compile(r"\w+")
COMMON = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "for",
        "from",
        "in",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "the",
        "to",
        "was",
        "were",
        "with",
    ]
)


def possible_duplicates(
    title: str, now: datetime, subjects: Sequence[str] = (), limit: int = 3
) -> list[Similar]:
    """Open or lately resolved incidents that a declaration with this title may repeat."""
    rows = IncidentRow.objects.filter(
        Q(status="open") | Q(resolved_at__gt=now - timedelta(days=1))
    ).order_by("-number")[:COMPARED]
    scored = [(*_likeness(row, title, subjects), row) for row in rows]
    best = sorted((s for s in scored if s[0] >= SIMILAR), key=lambda s: (-s[0], -s[2].number))
    names = names_of(row.commander for _, _, row in best[:limit])
    return [Similar(card_of(row, names, now), why) for _, why, row in best[:limit]]


def _likeness(row: IncidentRow, title: str, subjects: Sequence[str]) -> tuple[float, str]:
    shared = [subject for subject in subjects if subject in row.subjects]
    if shared:
        return 1.0, f"about {shared[0]} too"
    ours, theirs = _words(title), _words(row.title)
    if not ours or not theirs:
        return 0.0, ""
    overlap = len(ours & theirs) / min(len(ours), len(theirs))
    spelling = SequenceMatcher(None, title.lower(), row.title.lower()).ratio()
    return max(overlap, spelling), "similar title"


def _words(text: str) -> set[str]:
    return {word for word in WORD.findall(text.lower()) if word not in COMMON}
