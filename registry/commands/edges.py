"""What can be asked about edges: which thing feeds which, from when to when."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from eventlog.core import Command, Event, Refused
from registry import events
from registry.commands.checks import check_counts, check_why, in_utc, moment
from registry.commands.entities import is_new
from registry.kinds import EDGE_KINDS
from registry.refs import edge_of
from registry.state import Edge


def check_ends(source: str, kind: str, target: str) -> None:
    """Refuses an unknown kind of edge, and ends that such an edge cannot have."""
    if kind not in EDGE_KINDS:
        sentence = f"There is no kind {kind[:40]!r}; there are {', '.join(EDGE_KINDS)}."
        raise Refused(sentence, code="bad_value", field="kind")
    said = EDGE_KINDS[kind]
    for name, ref, fit in (("source", source, said.sources), ("target", target, said.targets)):
        if ref.partition(":")[0] not in fit:
            sentence = f"The {name} of {kind} is one of {', '.join(fit)}."
            raise Refused(sentence, code="bad_value", field=name)
    if source == target:
        raise Refused("Nothing feeds itself; name two versions.", "bad_value", "target")


class BetweenTwo(Command[Edge]):
    """Continues the story of the edge of this kind between two things."""

    blank = Edge()
    source: str
    target: str
    kind: str

    @property
    def key(self) -> str:
        """Tells several edges of one kind between the same two apart."""
        return ""

    @property
    def stream(self) -> str:
        return f"edge:{edge_of(self.source, self.kind, self.target, self.key)}"


class DrawEdge(BetweenTwo):
    """Says that one thing feeds another from `since` on, until a time or for good.

    Two of one kind between the same two are told apart by when they begin. The same again changes
    nothing; what was retracted stands again.
    """

    since: datetime
    until: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return moment(self.since, "since")

    def decide(self, state: Edge) -> list[Event]:
        check_ends(self.source, self.kind, self.target)
        check_counts(self.counts)
        since, until = self.key, moment(self.until, "until") if self.until else ""
        if until and until <= since:
            raise Refused("Must be later than `since`.", code="bad_value", field="until")
        if state.standing and state.until != until:
            sentence = "This edge is drawn already; say when it ended at its own address."
            raise Refused(sentence, code="exists", field="until", current=state.until or None)
        drawn: list[Event] = []
        if not state.standing:
            drawn = [
                events.EdgeDrawn(
                    source=self.source,
                    target=self.target,
                    kind=self.kind,
                    since=since,
                    until=until,
                )
            ]
        return drawn + counted(self, state, in_utc(self.at), self.counts, {})


class NoteEdge(BetweenTwo):
    """What a sender of lineage says in passing: one thing fed another at `observed`.

    There is one such edge, which begins with the earliest note of it. One that is only `supposed`
    is not drawn once it was ruled out.
    """

    observed: datetime
    counts: dict[str, int] = field(default_factory=dict)
    facets: dict[str, Any] = field(default_factory=dict)
    supposed: bool = False

    def decide(self, state: Edge) -> list[Event]:
        check_ends(self.source, self.kind, self.target)
        check_counts(self.counts)
        since = moment(self.observed, "observed")
        if self.supposed and state.ruled_out:
            return []
        drawn: list[Event] = []
        if not state.standing:
            drawn = [
                events.EdgeDrawn(
                    source=self.source, target=self.target, kind=self.kind, since=since
                )
            ]
        elif since < state.since:
            drawn = [
                events.EdgeCorrected(
                    source=self.source, target=self.target, since=since, until=state.until
                )
            ]
        return drawn + counted(self, state, since, self.counts, self.facets)


class RuleOutEdge(BetweenTwo):
    """Says that an edge is not to be supposed, now and when somebody comes to suppose it."""

    def decide(self, state: Edge) -> list[Event]:
        check_ends(self.source, self.kind, self.target)
        if state.ruled_out:
            return []
        return [events.EdgeRuledOut(source=self.source, target=self.target, kind=self.kind)]


class KnownEdge(Command[Edge]):
    """Continues the story of an edge by its UUID."""

    blank = Edge()
    edge: str

    @property
    def stream(self) -> str:
        return f"edge:{self.edge}"


class CorrectEdge(KnownEdge):
    """Says when an edge began or ended, other than was believed; what is not given stays."""

    since: datetime | None = None
    until: datetime | None = None

    def decide(self, state: Edge) -> list[Event]:
        _check_standing(state)
        since = moment(self.since, "since") if self.since else state.since
        until = moment(self.until, "until") if self.until else state.until
        if until and until <= since:
            raise Refused("Must be later than its beginning.", code="bad_value", field="until")
        if (since, until) == (state.since, state.until):
            return []
        return [
            events.EdgeCorrected(source=state.source, target=state.target, since=since, until=until)
        ]


class RetractEdge(KnownEdge):
    """Says that an edge never was. What was believed until now stays on record."""

    why: str = ""

    def decide(self, state: Edge) -> list[Event]:
        check_why(self.why)
        if not state.source:
            raise Refused("There is no such edge.", code="unknown", field="edge")
        if not state.standing:
            return []
        return [events.EdgeRetracted(source=state.source, target=state.target, why=self.why)]


def _check_standing(state: Edge) -> None:
    if not state.source:
        raise Refused("There is no such edge.", code="unknown", field="edge")
    if not state.standing:
        raise Refused("This edge was retracted.", code="retracted", field="edge")


def counted(
    asked: BetweenTwo, state: Edge, observed: str, counts: dict[str, int], facets: dict[str, Any]
) -> list[Event]:
    """The event that says what went along an edge and is not known yet."""
    new = {n: v for n, v in counts.items() if is_new(state.counts, n, v, observed)}
    kept = {n: v for n, v in facets.items() if is_new(state.facets, n, v, observed)}
    if not new and not kept:
        return []
    return [
        events.EdgeCounted(
            source=asked.source, target=asked.target, observed=observed, counts=new, facets=kept
        )
    ]
