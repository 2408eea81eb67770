"""Hypotheses: proposed, tested with evidence, judged, and looked into in an order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from eventlog.core import Event
from eventlog.testing import given
from incidents import commands, events
from incidents.acting import understood
from incidents.assembly import assemble
from incidents.models import IncidentRow
from tests.cast import Player
from tests.incidents.cast import ANA, AT, BEN, ID, asked, declared
from tests.incidents.test_assembly import facts

ONE, TWO, THREE = (str(UUID(int=place)) for place in (1, 2, 3))
PIECE = str(UUID(int=9))


def proposed(hypothesis: str = ONE, number: int = 1) -> events.HypothesisProposed:
    return events.HypothesisProposed(
        hypothesis=hypothesis, number=number, text="Key changed type", cause="schema", owner=ANA
    )


def evidence(side: str = "for", name: str = PIECE) -> events.EvidenceAdded:
    return events.EvidenceAdded(
        hypothesis=ONE, number=1, evidence=name, side=side, text="Merged rows are 0"
    )


def judged(status: str, was: str = "proposed") -> events.HypothesisJudged:
    return events.HypothesisJudged(
        hypothesis=ONE, number=1, text="Key changed type", status=status, was=was, reason="Seen"
    )


def judge(status: str, reason: str = "Seen") -> commands.JudgeHypothesis:
    return commands.JudgeHypothesis(**asked(hypothesis=ONE, status=status, reason=reason))


def move(hypothesis: str, place: int) -> commands.MoveHypothesis:
    return commands.MoveHypothesis(**asked(hypothesis=hypothesis, place=place))


def test_whoever_proposes_owns_it_and_it_is_called_by_the_next_number() -> None:
    command = commands.ProposeHypothesis(
        **asked(hypothesis=TWO, text=" No quota ", by=BEN, entities=["run:merge", "run:merge"])
    )
    given(declared(), proposed()).when(command).then(
        events.HypothesisProposed(
            hypothesis=TWO, number=2, text="No quota", owner=BEN, entities=["run:merge"]
        )
    )


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"text": " "}, "required", "text"),
        ({"text": "x" * 201}, "too_long", "text"),
        ({"cause": "magic"}, "unknown_value", "cause"),
        ({"entities": ["no ref"]}, "no_ref", "entities"),
        ({"entities": [f"model:{n}" for n in range(21)]}, "too_many", "entities"),
    ],
)
def test_what_is_no_hypothesis_is_refused(fields: dict[str, Any], code: str, named: str) -> None:
    command = commands.ProposeHypothesis(**asked(hypothesis=ONE, **{"text": "Key"} | fields))
    given(declared()).when(command).refused(code, named)


@pytest.mark.parametrize("status", ["supported", "root cause", "contributing"])
def test_what_is_held_true_rests_on_evidence_for_it(status: str) -> None:
    given(declared(), proposed()).when(judge(status)).refused("no_evidence", "status")
    against = evidence("against")
    given(declared(), proposed(), against).when(judge(status)).refused("no_evidence", "status")
    given(declared(), proposed(), evidence()).when(judge(status)).then(judged(status))


def test_a_verdict_needs_a_reason_and_testing_none() -> None:
    given(declared(), proposed()).when(judge("refuted", " ")).refused("required", "reason")
    given(declared(), proposed()).when(judge("testing", "")).accepted()
    given(declared(), proposed(), judged("refuted")).when(judge("refuted")).then()


def test_the_last_evidence_of_what_is_held_true_stays() -> None:
    history = (declared(), proposed(), evidence(), judged("root cause"))
    withdraw = commands.WithdrawEvidence(
        **asked(hypothesis=ONE, evidence=PIECE, reason="Wrong day")
    )
    given(*history).when(withdraw).refused("last_evidence", "evidence")
    second = evidence(name=TWO)
    assert (
        given(*history, second).when(withdraw).accepted().state.hypotheses[ONE].speaks("for") == 1
    )
    gone = given(*history[:3]).when(withdraw).events[0]
    given(*history[:3], gone).when(withdraw).then()
    given(*history[:3], gone).when(judge("supported")).refused("no_evidence")


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("javascript:alert(1)", ""),  # looks like a ref, and becomes an address under /models/
        ("ftp://x.test", "no_link"),
        ("https://x.test/a b", "no_link"),
        ("no ref", "no_ref"),
        ("https://x.test/panel?id=3", ""),
        ("dataset:clicks@42", ""),
    ],
)
def test_a_link_is_a_web_address_or_a_ref(link: str, code: str) -> None:
    command = commands.AddEvidence(
        **asked(hypothesis=ONE, evidence=PIECE, side="for", text="x", link=link)
    )
    said = given(declared(), proposed()).when(command)
    if code:
        said.refused(code, "link")
    else:
        said.accepted()


@pytest.mark.parametrize(
    ("moved", "place", "order"),
    [(THREE, 1, [THREE, ONE, TWO]), (ONE, 2, [TWO, ONE, THREE]), (ONE, 3, [TWO, THREE, ONE])],
)
def test_hypotheses_are_put_in_order(moved: str, place: int, order: list[str]) -> None:
    history: tuple[Event, ...] = (declared(), proposed(), proposed(TWO, 2), proposed(THREE, 3))
    after = given(*history).when(move(moved, place)).accepted()
    assert list(after.state.hypotheses) == order
    given(*history, *after.events).when(move(moved, place)).then()
    given(*history).when(move(moved, 4)).refused("no_place", "place")


def test_a_closed_incident_and_a_stranger_are_refused() -> None:
    given(declared(), proposed(), events.IncidentClosed()).when(judge("testing")).refused("closed")
    given(declared()).when(judge("testing")).refused("unknown_hypothesis", "hypothesis")


def test_the_retrospective_tells_causes_and_what_is_missing() -> None:
    def causes(*history: Event) -> tuple[list[str], list[str]]:
        part = next(p for p in assemble(facts(declared(), *history)) if p.section == "causes")
        return [line.text for line in part.sentences], part.missing

    said, missing = causes(proposed(), evidence(), judged("root cause"))
    assert (len(said), missing) == (3, [])
    assert said[-1].endswith("called H1 “Key changed type” the root cause: Seen.")
    assert len(causes(proposed(), judged("refuted"))[1]) == 1
    assert len(causes()[1]) == 2


@pytest.mark.django_db
def test_the_doors_take_the_whole_way(ana: Player, bo: Player, olga: Player) -> None:
    incident = ana.api.post("incidents", {"title": "Search"}).data["stream"].partition(":")[2]
    address = f"incidents/{incident}/hypotheses"
    first = ana.api.post(address, {"text": "Key changed type", "cause": "schema"})
    ana.api.post(address, {"text": "No quota", "owner": bo.ref})
    assert first.status_code == 201
    one = f"{address}/{first.data['hypothesis']}"
    piece = bo.api.post(f"{one}/evidence", {"side": "for", "text": "Rows are 0"})
    assert piece.status_code == 201
    said = {"status": "supported", "reason": "Seen"}
    assert bo.api.post(f"{one}/judge", said).status_code == 200
    assert ana.api.post(f"{one}/move", {"place": 2}).status_code == 200
    assert ana.api.post(f"{one}/change", {"cause": "data"}).status_code == 200
    refused = ana.api.post(f"{one}/judge", {"status": "refuted"})
    assert (refused.status_code, refused.data["code"]) == (409, "required")
    assert olga.api.post(f"{one}/judge", said).status_code == 403
    page = olga.api.get(f"{address}?limit=1").data
    assert [item["text"] for item in page["items"]] == ["No quota"]
    second = olga.api.get(page["next"]).data["items"][0]
    assert (second["cause"], second["speaks_for"], second["place"]) == ("data", 1, 2)
    withdrawn = f"{one}/evidence/{piece.data['evidence']}/withdraw"
    assert bo.api.post(withdrawn, {"reason": "Mistake"}).data["code"] == "last_evidence"
    number = IncidentRow.objects.get().number
    shown = ana.browser.get(f"/incidents/{number}/parts").json()["state"]
    assert "Rows are 0" in shown
    assert "Supported" in shown


@pytest.mark.django_db
def test_a_line_of_the_channel_does_the_same(ana: Player, bo: Player) -> None:
    made = ana.api.post("incidents", {"title": "Search"}).data
    incident = made["stream"].partition(":")[2]
    channel = f"incidents/{incident}/messages"
    for text in (
        "/hypothesis No quota @bo",
        "/hypothesis Two partners changed keys",
        "/hypothesis h2 for Rows are 0",
        "/hypothesis H2 root cause It was that",
        "/hypothesis H2 first",
    ):
        answer = ana.api.post(channel, {"text": text})
        assert answer.status_code == 200, answer.data
    rows = ana.api.get(f"incidents/{incident}/hypotheses").data["items"]
    assert [(row["number"], row["status"]) for row in rows] == [(2, "root cause"), (1, "proposed")]
    assert rows[1]["owner"]["ref"] == bo.ref
    for text, code in (
        ("/hypothesis H9 first", "unknown_hypothesis"),
        ("/hypothesis H1 x", "usage"),
    ):
        assert ana.api.post(channel, {"text": text}).data["code"] == code
    again = understood(ID, ANA, "c1", "/hypothesis Key", AT)
    assert again == understood(ID, ANA, "c1", "/hypothesis Key", AT)
