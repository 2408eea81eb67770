"""Filters: the parts of a hashed line that a rule may draw its units from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from experiments.assignment.hashing import Placing
from experiments.assignment.subjects import Subject, identity_text
from experiments.assignment.values import Json

Passes = Callable[[Subject], bool]


def compile_filters(filters: Sequence[Mapping[str, Json]] | None) -> Passes | None:
    """Whether a subject passes every filter; None without filters."""
    if not filters:
        return None
    parts = [_one(definition) for definition in filters]
    return parts[0] if len(parts) == 1 else lambda subject: all(part(subject) for part in parts)


def _one(definition: Mapping[str, Json]) -> Passes:
    attribute = definition.get("attribute") or "id"
    placing = Placing(definition.get("seed") or "", definition.get("hashVersion", 2))
    ranges = [tuple(part) for part in definition.get("ranges") or ()]

    def passes(subject: Subject) -> bool:
        _, value = subject.identity(attribute)
        place = placing(identity_text(value)) if value != "" else None
        return place is not None and any(start <= place < end for start, end in ranges)

    return passes
