"""Random commands through the store: only refusals escape, and live rows equal rebuilt ones."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest

from eventlog.clock import now
from eventlog.core import Command, Context, Refused
from eventlog.projections import all_projections
from eventlog.rebuild import differences
from incidents import commands, queries
from incidents.acting import carry_out, declare, next_number, say
from incidents.models import IncidentRow
from incidents.state import CAUSES, LIVE_PHASES, OUTCOMES, PRIORITIES, ROLES, STANDINGS, Incident
from tests.incidents.cast import ANA, BEN, CY, MODEL, breach

PEOPLE = (ANA, BEN, CY)


class Crowd:
    """Three people who do anything at all, from a seed."""

    def __init__(self, seed: int):
        self.dice = random.Random(seed)
        self.incident = str(UUID(int=seed))
        self.said: list[str] = []

    def act(self) -> None:
        person = self.dice.choice(PEOPLE)
        if self.dice.random() < 0.2:
            receipt = say(self.incident, person, str(self.dice.random()), "Hello @ic", now())
            self.said.append(receipt.events[-1].payload["message"])
        else:
            carry_out(self.command(person), Context.by(person))

    def command(self, person: str) -> Command[Incident]:
        pick = self.dice.choice
        role, text = pick(ROLES), pick(["", "Because", "x" * 9_000])
        wishes: list[tuple[type[Command[Incident]], dict[str, Any]]] = [
            (commands.TakeRole, {"role": role, "person": person}),
            (
                commands.TakeRole,
                {"role": role, "person": person, "instead_of": pick(PEOPLE), "reason": text},
            ),
            (commands.OfferRole, {"role": role, "to": pick(PEOPLE), "by": person, "summary": text}),
            (commands.AcceptRole, {"role": role, "person": person}),
            (commands.DeclineRole, {"role": role, "person": person}),
            (commands.ReleaseRole, {"role": role, "person": person}),
            (commands.Join, {"person": person, "function": pick(["support", "product"])}),
            (commands.EnterPhase, {"phase": pick(LIVE_PHASES)}),
            (commands.ChangeSeverity, {"severity": pick([1, 2, 3, 4]), "reason": text}),
            (commands.Retitle, {"title": text}),
            (commands.StateImpact, {"text": text, "best": pick([None, 2.5])}),
            (commands.PostUpdate, {"text": text}),
            (commands.AddNote, {"text": text}),
            (commands.RedactMessage, {"message": self._message(), "by": person}),
            (commands.EditMessage, {"message": self._message(), "by": person, "text": text}),
            (commands.PinMessage, {"message": self._message()}),
            (commands.UnpinMessage, {"message": self._message()}),
            (commands.React, {"message": self._message(), **self._sign(person)}),
            (commands.Unreact, {"message": self._message(), **self._sign(person)}),
            (
                commands.AddFollowUp,
                {"follow_up": self._id(), "title": text, "priority": pick(PRIORITIES)},
            ),
            (commands.CompleteFollowUp, {"follow_up": self._id()}),
            (commands.Resolve, {"outcome": pick(OUTCOMES), "verified": pick([True, False])}),
            (commands.Reopen, {"reason": text}),
            (commands.Close, {}),
            (commands.ProposeHypothesis, {"hypothesis": self._id(), "text": text, "by": person}),
            (commands.ChangeHypothesis, {"hypothesis": self._id(), "cause": pick(CAUSES)}),
            (commands.MoveHypothesis, {"hypothesis": self._id(), "place": pick([1, 2, 9])}),
            (
                commands.AddEvidence,
                {"hypothesis": self._id(), "evidence": self._id(), "side": "for", "text": text},
            ),
            (
                commands.WithdrawEvidence,
                {"hypothesis": self._id(), "evidence": self._id(), "reason": text},
            ),
            (
                commands.JudgeHypothesis,
                {"hypothesis": self._id(), "status": pick(STANDINGS), "reason": text},
            ),
        ]
        if self.dice.random() < 0.15:
            return self._of_a_monitor()
        kind, fields = pick(wishes)
        return kind(incident=self.incident, at=now(), **fields)

    def _sign(self, person: str) -> dict[str, str]:
        return {"reaction": self.dice.choice(("eyes", "done")), "person": person}

    def _of_a_monitor(self) -> Command[Incident]:
        name = f"breach:{self.dice.randrange(3)}"
        if self.dice.random() < 0.5:
            return breach(name, self.incident, at=now())
        return commands.RecordRecovery(
            incident=self.incident, at=now(), breach=name, monitor="monitor:ctr", recovered_at=now()
        )

    def _id(self) -> str:
        return str(UUID(int=1000 * int(UUID(self.incident)) + self.dice.randrange(3)))

    def _message(self) -> str:
        return self.dice.choice(self.said) if self.said else self._id()


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_crowd_breaks_nothing(seed: int) -> None:
    crowd, refusals = Crowd(seed), []
    start = commands.Declare(
        incident=crowd.incident,
        at=now(),
        number=next_number(),
        title="Search",
        severity=2,
        declared_by=ANA,
        subjects=[MODEL],
        dedup_key="production|x|page",
    )
    declare(start, Context.by(ANA))
    for _ in range(120):
        try:
            crowd.act()
        except Refused as refusal:
            refusals.append(refusal.code)
    row = IncidentRow.objects.get()
    page = queries.detail(row.id, now())
    assert page is not None
    assert len(refusals) > 10
    assert row.version > 10
    assert row.follow_ups == len(page.follow_ups)
    assert row.follow_ups_done == sum(f.done_at is not None for f in page.follow_ups)
    assert row.participants == len(page.participants)
    assert row.breaches_open == sum(b.recovered_at is None for b in page.breaches)
    assert row.commander == (page.roles[0].person.ref if page.roles[0].person else "")
    assert (row.open_key is None) == (row.status != "open")
    thoughts = queries.hypotheses(row.id)
    assert [one.place for one in thoughts] == list(range(1, len(thoughts) + 1))
    for projection in all_projections().values():
        assert differences(projection) == {}, projection.name
