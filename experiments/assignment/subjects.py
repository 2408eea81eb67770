"""Who is asked about: attributes, and what somebody has forced for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.assignment.values import Json, text

MAX_DEPTH = 50  # of attributes within attributes; the JSON that is read here may nest deeper
StickyDocs = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Subject:
    """A unit and its attributes. `sticky` holds its remembered assignments, None if none are kept.

    `forced_variations` by experiment and `forced_values` by feature win over every rule, as does a
    variation in the query of `url`; in `qa_mode` nothing but what is forced is assigned.
    """

    attributes: dict[str, Json] = field(default_factory=dict)
    forced_variations: Mapping[str, int] = field(default_factory=dict)
    forced_values: Mapping[str, Json] = field(default_factory=dict)
    url: str = ""
    enabled: bool = True
    qa_mode: bool = False
    sticky: StickyDocs | None = None

    def identity(self, attribute: str, fallback: str | None = None) -> tuple[str, Json]:
        """The attribute that identifies the subject, with its value; ``""`` where it has none."""
        value = self.attributes.get(attribute)
        if is_identity(value):
            return attribute, value
        if fallback:
            other = self.attributes.get(fallback)
            if is_identity(other):
                return fallback, other
        return attribute, ""


def nests_too_deep(attributes: Json) -> bool:
    """Whether attributes nest deeper than `MAX_DEPTH`, level by level and not by recursion."""
    level = [attributes]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Json] = []
        for value in level:
            if isinstance(value, dict | list):
                parts = value.values() if isinstance(value, dict) else value
                inner += [part for part in parts if isinstance(part, dict | list)]
        if not inner:
            return False
        level = inner
    return True


def is_identity(value: Json) -> bool:
    """Whether a value can identify a unit: a text that is not empty, or a number but zero."""
    if type(value) is str:
        return value != ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return value != 0 and math.isfinite(value)
    except OverflowError:
        return False


def identity_text(value: Json) -> str:
    """The text that is hashed for an identity."""
    return value if type(value) is str else text(value)
