"""What can have happened to things and to the edges between them.

Streams: a thing's is its ref, ``dataset:clicks@42``; an edge's is ``edge:<id>``.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event
from registry.state import Edge, Entity, newest


class EntityRegistered(Event):
    """A thing is known by a name from now on."""

    type = "entity.registered"
    kind: str
    name: str
    namespace: str = ""
    version: str = ""

    def evolve(self, state: Entity) -> Entity:
        return replace(state, kind=self.kind)


class EntityDescribed(Event):
    """Facts about it, and facets as their sender wrote them, as they were at `observed`."""

    type = "entity.described"
    observed: str
    facts: dict[str, Any] = field(default_factory=dict)
    facets: dict[str, Any] = field(default_factory=dict)

    def evolve(self, state: Entity) -> Entity:
        return replace(
            state,
            facts=newest(state.facts, self.facts, self.observed),
            facets=newest(state.facets, self.facets, self.observed),
        )


class EdgeDrawn(Event):
    """`source` feeds `target`, from `since` on."""

    type = "edge.drawn"
    refs = ("source", "target")
    source: str
    target: str
    kind: str
    since: str
    until: str = ""

    def evolve(self, state: Edge) -> Edge:
        return replace(
            state,
            source=self.source,
            target=self.target,
            kind=self.kind,
            since=self.since,
            until=self.until,
            standing=True,
        )


class EdgeCorrected(Event):
    """It held from `since` until `until`, other than was believed before."""

    type = "edge.corrected"
    refs = ("source", "target")
    source: str
    target: str
    since: str
    until: str = ""

    def evolve(self, state: Edge) -> Edge:
        return replace(state, since=self.since, until=self.until)


class EdgeCounted(Event):
    """How much went along it, and facets as their sender wrote them, as of `observed`."""

    type = "edge.counted"
    refs = ("source", "target")
    source: str
    target: str
    observed: str
    counts: dict[str, int] = field(default_factory=dict)
    facets: dict[str, Any] = field(default_factory=dict)

    def evolve(self, state: Edge) -> Edge:
        return replace(
            state,
            counts=newest(state.counts, self.counts, self.observed),
            facets=newest(state.facets, self.facets, self.observed),
        )


class EdgeRetracted(Event):
    """It never was: what said so was wrong."""

    type = "edge.retracted"
    refs = ("source", "target")
    source: str
    target: str
    why: str = ""

    def evolve(self, state: Edge) -> Edge:
        return replace(state, standing=False)


class EdgeRuledOut(Event):
    """It is not to be supposed any more: something better is known."""

    type = "edge.ruled_out"
    refs = ("source", "target")
    source: str
    target: str
    kind: str

    def evolve(self, state: Edge) -> Edge:
        return replace(state, standing=False, ruled_out=True)
