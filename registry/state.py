"""What the rules about holds, things and edges look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventlog.core import canonical


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on an entity. Times are ISO texts in UTC; `until` is empty for one without end."""

    entity: str = ""
    until: str = ""
    lifted: bool = False


# A value and the ISO time in UTC at which it was observed.
Observed = tuple[Any, str]


def newest(
    known: Mapping[str, Observed], values: Mapping[str, Any], at: str
) -> dict[str, Observed]:
    """What is known once these values, observed at a time, are known too, in whatever order.

    The later observation of each name counts; of two at one time the one whose text is greater.
    """
    merged = dict(known)
    for name, value in values.items():
        if name not in merged or rank(value, at) > rank(*merged[name]):
            merged[name] = (value, at)
    return merged


def rank(value: Any, at: str) -> tuple[str, bytes]:
    """Of several observations of one thing that with the greatest rank counts."""
    return at, canonical(value)


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing with a name: a dataset, a run, a trained model. No kind: it is not registered."""

    kind: str = ""
    facts: Mapping[str, Observed] = field(default_factory=dict)
    facets: Mapping[str, Observed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing feeds another, from `since` on and until `until`; an empty text is no end."""

    source: str = ""
    target: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    standing: bool = False
    ruled_out: bool = False
    counts: Mapping[str, Observed] = field(default_factory=dict)
    facets: Mapping[str, Observed] = field(default_factory=dict)
