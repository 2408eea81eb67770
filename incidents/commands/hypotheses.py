"""What is thought to have caused it: proposed, tested with evidence, judged, put in order."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from eventlog.core import Event, Refused
from incidents.commands.base import (
    IncidentCommand,
    distinct,
    link_of,
    not_closed,
    one_of,
    refs_of,
    text_of,
)
from incidents.events import (
    EvidenceAdded,
    EvidenceWithdrawn,
    HypothesesOrdered,
    HypothesisChanged,
    HypothesisJudged,
    HypothesisProposed,
)
from incidents.policy import EVIDENCE_LIMIT, HYPOTHESIS_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from incidents.state import CAUSES, SIDES, STANDINGS, Hypothesis, Incident

# What is held to be true rests on something that speaks for it.
HELD_TRUE = ("supported", "root cause", "contributing")
OPEN = ("proposed", "testing")


class ProposeHypothesis(IncidentCommand):
    """Whoever proposes a hypothesis owns it, unless somebody else is named."""

    hypothesis: str
    text: str
    by: str = ""
    cause: str = ""
    owner: str = ""
    entities: list[str] = field(default_factory=list)

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if self.hypothesis in state.hypotheses:
            return []
        if len(state.hypotheses) >= HYPOTHESIS_LIMIT:
            raise Refused(
                f"An incident has at most {HYPOTHESIS_LIMIT} hypotheses.", "too_many", "text"
            )
        said = _checked(self.text, self.cause, self.owner or self.by, self.entities)
        number = 1 + len(state.hypotheses)
        return [HypothesisProposed(hypothesis=self.hypothesis, number=number, **said)]


class OnHypothesis(IncidentCommand):
    """A command about one hypothesis of an incident."""

    hypothesis: str

    def found(self, state: Incident) -> Hypothesis:
        """The hypothesis it is about. Raises `Refused`."""
        not_closed(state)
        known = state.hypotheses.get(self.hypothesis)
        if known is None:
            raise Refused("There is no such hypothesis here.", "unknown_hypothesis", "hypothesis")
        return known


class ChangeHypothesis(OnHypothesis):
    """Says it more precisely; what is None stays."""

    text: str | None = None
    cause: str | None = None
    owner: str | None = None
    entities: list[str] | None = None

    def decide(self, state: Incident) -> list[Event]:
        known = self.found(state)
        said = _checked(
            known.text if self.text is None else self.text,
            known.cause if self.cause is None else self.cause,
            known.owner if self.owner is None else self.owner,
            list(known.entities) if self.entities is None else self.entities,
        )
        if said == _said(known):
            return []
        return [HypothesisChanged(hypothesis=self.hypothesis, number=known.number, **said)]


class JudgeHypothesis(OnHypothesis):
    """Says where a hypothesis stands. A verdict needs a reason, a true one evidence for it."""

    status: str
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        known = self.found(state)
        status = one_of(self.status, STANDINGS, "status")
        if status == known.status:
            return []
        if status in HELD_TRUE and not known.speaks("for"):
            raise Refused(
                f"Nothing speaks for H{known.number} yet: add the evidence first.",
                "no_evidence",
                "status",
                known.status,
            )
        judged = HypothesisJudged(
            hypothesis=self.hypothesis,
            number=known.number,
            text=known.text,
            status=status,
            was=known.status,
            reason=text_of(self.reason, "reason", TEXT_LIMIT, empty=status in OPEN),
        )
        return [judged]


class AddEvidence(OnHypothesis):
    evidence: str
    side: str
    text: str
    link: str = ""

    def decide(self, state: Incident) -> list[Event]:
        known = self.found(state)
        if self.evidence in known.evidence:
            return []
        if len(known.evidence) >= EVIDENCE_LIMIT:
            raise Refused(
                f"A hypothesis has at most {EVIDENCE_LIMIT} pieces of evidence.",
                "too_many",
                "text",
            )
        added = EvidenceAdded(
            hypothesis=self.hypothesis,
            number=known.number,
            evidence=self.evidence,
            side=one_of(self.side, SIDES, "side"),
            text=text_of(self.text, "text", TEXT_LIMIT),
            link=link_of(self.link, "link"),
        )
        return [added]


class WithdrawEvidence(OnHypothesis):
    """Takes back what was a mistake. What is held true keeps something that speaks for it."""

    evidence: str
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        known = self.found(state)
        wanted = known.evidence.get(self.evidence)
        if wanted is None:
            raise Refused("There is no such evidence here.", "unknown_evidence", "evidence")
        if wanted.withdrawn:
            return []
        if known.status in HELD_TRUE and wanted.side == "for" and known.speaks("for") == 1:
            raise Refused(
                f"H{known.number} is called {known.status} and rests on this alone;"
                " judge it anew first.",
                "last_evidence",
                "evidence",
                known.status,
            )
        withdrawn = EvidenceWithdrawn(
            hypothesis=self.hypothesis,
            number=known.number,
            evidence=self.evidence,
            text=wanted.text,
            reason=text_of(self.reason, "reason", TEXT_LIMIT),
        )
        return [withdrawn]


class MoveHypothesis(OnHypothesis):
    """Puts a hypothesis at a place, counted from 1; the others keep their order."""

    place: int

    def decide(self, state: Incident) -> list[Event]:
        known = self.found(state)
        if not 1 <= self.place <= len(state.hypotheses):
            raise Refused(
                f"A place is from 1 to {len(state.hypotheses)}.", "no_place", "place", self.place
            )
        order = [name for name in state.hypotheses if name != self.hypothesis]
        order.insert(self.place - 1, self.hypothesis)
        if order == list(state.hypotheses):
            return []
        moved = {"moved": self.hypothesis, "number": known.number, "place": self.place}
        return [HypothesesOrdered(order=order, **moved)]  # type: ignore[arg-type]


def _checked(text: str, cause: str, owner: str, entities: list[str]) -> dict[str, Any]:
    return {
        "text": text_of(text, "text", TITLE_LIMIT),
        "cause": one_of(cause, ("", *CAUSES), "cause"),
        "owner": text_of(owner, "owner", TITLE_LIMIT, empty=True),
        "entities": refs_of(distinct(entities), "entities"),
    }


def _said(known: Hypothesis) -> dict[str, Any]:
    return {
        "text": known.text,
        "cause": known.cause,
        "owner": known.owner,
        "entities": list(known.entities),
    }
