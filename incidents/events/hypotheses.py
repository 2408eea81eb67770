"""What people think caused it, what speaks for and against it, and what became of the thought."""

from __future__ import annotations

from dataclasses import field, replace

from eventlog.core import Event
from incidents.state import Evidence, Hypothesis, Incident, with_item


class HypothesisProposed(Event):
    """`cause` is the class of thing that changed; `number` is how people call it, as in H2."""

    type = "incident.hypothesis_proposed"
    refs = ("owner", "entities")
    hypothesis: str
    number: int
    text: str
    cause: str = ""
    owner: str = ""
    entities: list[str] = field(default_factory=list)

    def evolve(self, state: Incident) -> Incident:
        thought = Hypothesis(self.number, self.text, self.cause, self.owner, tuple(self.entities))
        return replace(state, hypotheses=with_item(state.hypotheses, self.hypothesis, thought))


class HypothesisChanged(Event):
    """Said more precisely: all four values as they are from now on."""

    type = "incident.hypothesis_changed"
    refs = ("owner", "entities")
    hypothesis: str
    number: int
    text: str
    cause: str = ""
    owner: str = ""
    entities: list[str] = field(default_factory=list)

    def evolve(self, state: Incident) -> Incident:
        said = {"text": self.text, "cause": self.cause, "owner": self.owner}
        return _with(state, self.hypothesis, **said, entities=tuple(self.entities))


class HypothesisJudged(Event):
    type = "incident.hypothesis_judged"
    hypothesis: str
    number: int
    text: str
    status: str
    was: str
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        return _with(state, self.hypothesis, status=self.status)


class EvidenceAdded(Event):
    """Something that speaks `for` or `against` a hypothesis; `link` leads to it."""

    type = "incident.evidence_added"
    hypothesis: str
    number: int
    evidence: str
    side: str
    text: str
    link: str = ""

    def evolve(self, state: Incident) -> Incident:
        added = Evidence(self.side, self.text)
        known = state.hypotheses[self.hypothesis].evidence
        return _with(state, self.hypothesis, evidence=with_item(known, self.evidence, added))


class EvidenceWithdrawn(Event):
    """It was a mistake. What it said stays in the log and is shown crossed out."""

    type = "incident.evidence_withdrawn"
    hypothesis: str
    number: int
    evidence: str
    text: str
    reason: str

    def evolve(self, state: Incident) -> Incident:
        known = state.hypotheses[self.hypothesis].evidence
        gone = replace(known[self.evidence], withdrawn=True)
        return _with(state, self.hypothesis, evidence=with_item(known, self.evidence, gone))


class HypothesesOrdered(Event):
    """The hypotheses in the order in which they are to be looked into; `moved` changed places."""

    type = "incident.hypotheses_ordered"
    order: list[str]
    moved: str
    number: int
    place: int

    def evolve(self, state: Incident) -> Incident:
        known = state.hypotheses
        return replace(state, hypotheses={name: known[name] for name in self.order})


def _with(state: Incident, hypothesis: str, **changes: object) -> Incident:
    changed = replace(state.hypotheses[hypothesis], **changes)  # type: ignore[arg-type]
    return replace(state, hypotheses=with_item(state.hypotheses, hypothesis, changed))
