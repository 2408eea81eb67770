"""What can be asked about things: that they be known, and facts about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from eventlog.core import Command, Event, Refused
from registry import events
from registry.commands.checks import check_facts, check_kind, check_name, moment
from registry.refs import ref_of
from registry.state import Entity, rank


class NamedEntity(Command[Entity]):
    """Continues the story of the thing with this kind, namespace, name and version."""

    blank = Entity()
    kind: str
    name: str
    namespace: str = ""
    version: str = ""

    @property
    def stream(self) -> str:
        return ref_of(self.kind, self.name, self.namespace, self.version)

    def registered(self, state: Entity) -> list[Event]:
        """The event by which it becomes known, none if it is. Raises `Refused`."""
        check_kind(self.kind, self.version)
        check_name("name", self.name, least=1)
        check_name("namespace", self.namespace)
        check_name("version", self.version)
        if state.kind:
            return []
        return [
            events.EntityRegistered(
                kind=self.kind, name=self.name, namespace=self.namespace, version=self.version
            )
        ]


class RegisterEntity(NamedEntity):
    """Makes a thing known, with facts about it as they were at `observed`, now by default."""

    facts: dict[str, Any] = field(default_factory=dict)
    observed: datetime | None = None

    def decide(self, state: Entity) -> list[Event]:
        registered = self.registered(state)
        if not registered:
            raise Refused(f"{self.stream} is registered already.", code="exists", field="name")
        check_facts(self.kind, self.facts)
        observed = moment(self.observed or self.at, "observed")
        return registered + described(state, observed, self.facts)


class DescribeEntity(Command[Entity]):
    """Says facts about a known thing; null takes one back."""

    blank = Entity()
    entity: str
    facts: dict[str, Any]
    observed: datetime | None = None

    @property
    def stream(self) -> str:
        return self.entity

    def decide(self, state: Entity) -> list[Event]:
        if not state.kind:
            raise Refused("There is no such thing.", code="unknown", field="entity")
        check_facts(state.kind, self.facts)
        return described(state, moment(self.observed or self.at, "observed"), self.facts)


class NoteEntity(NamedEntity):
    """What a sender of lineage says in passing: makes it known if need be, and adds to it.

    Facets are kept as they came. In whatever order such notes come, the same is known in the end.
    """

    observed: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    facets: dict[str, Any] = field(default_factory=dict)

    def decide(self, state: Entity) -> list[Event]:
        registered = self.registered(state)
        check_facts(self.kind, self.facts)
        observed = moment(self.observed, "observed")
        return registered + described(state, observed, self.facts, self.facets)


def described(
    state: Entity,
    observed: str,
    facts: Mapping[str, Any],
    facets: Mapping[str, Any] | None = None,
) -> list[Event]:
    """The event that says what is not known yet; none if all of it is."""
    new = {n: v for n, v in facts.items() if is_new(state.facts, n, v, observed)}
    kept = {n: v for n, v in (facets or {}).items() if is_new(state.facets, n, v, observed)}
    if not new and not kept:
        return []
    return [events.EntityDescribed(observed=observed, facts=new, facets=kept)]


def is_new(known: Mapping[str, Any], name: str, value: Any, observed: str) -> bool:
    """Whether an observation is another one than that which counts now."""
    return name not in known or rank(value, observed) != rank(*known[name])
