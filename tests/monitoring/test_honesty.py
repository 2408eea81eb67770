"""What people say of monitors afterwards, and what that adds up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from eventlog.store import execute
from incidents import acting
from incidents import commands as incident_commands
from incidents.models import BreachRow as Attached
from monitoring import evaluation, honesty
from monitoring.commands import CreateMonitor, JudgeBreach, RecordMiss, RemoveMonitor, WithdrawMiss
from monitoring.events import BreachJudged, MissRecorded
from monitoring.models import BreachRow, MonitorRow
from monitoring.state import Definition, Monitor, Review
from tests.cast import Api, Player, machine
from tests.incidents.test_follow_breaches import follow
from tests.monitoring.test_api import create, send

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JUDGE: dict[str, Any] = {"breach": "b", "monitor": "monitor:m", "subjects": [], "at": NOON}
MISS: dict[str, Any] = {
    "monitor": "m",
    "miss": "1",
    "at": NOON,
    "since": NOON - timedelta(hours=2),
    "until": NOON - timedelta(hours=1),
    "note": "It fell by half.",
}
EXISTING = Monitor(Definition(name="Errors", subjects=["service:checkout"]), revision=1)


def breached(api: Api) -> str:
    """A monitor with one breach that is over; returns the monitor's path."""
    location = create(api)
    send(api, 1, 20, 1)
    return location


def the_breach() -> BreachRow:
    return BreachRow.objects.get()


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "measurements:read", "monitors:write").api


# The rules


def test_the_last_word_counts_and_the_same_word_is_said_once() -> None:
    (event,) = JudgeBreach(**JUDGE, judgement="false").decide(Review())
    assert isinstance(event, BreachJudged)
    said = event.evolve(Review())
    assert said == Review("false", "")
    assert JudgeBreach(**JUDGE, judgement="false").decide(said) == []
    (event,) = JudgeBreach(**JUDGE, judgement="true", note="After all.").decide(said)
    assert event.evolve(said) == Review("true", "After all.")


def test_only_the_four_judgements_are_taken() -> None:
    with pytest.raises(Refused) as refused:
        JudgeBreach(**JUDGE, judgement="maybe").decide(Review())
    assert refused.value.field == "judgement"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until": NOON - timedelta(hours=3)}, "until"),
        ({"since": datetime(1989, 12, 31, tzinfo=UTC)}, "since"),
        ({"until": NOON + timedelta(seconds=1)}, "until"),
        ({"note": "  "}, "note"),
        ({"about": "an incident"}, "about"),
    ],
)
def test_a_miss_is_an_interval_of_the_past_with_a_note(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        RecordMiss(**{**MISS, **changes}).decide(EXISTING)
    assert refused.value.field == field


def test_a_miss_is_recorded_once_and_can_be_taken_back_once() -> None:
    (event,) = RecordMiss(**MISS).decide(EXISTING)
    assert isinstance(event, MissRecorded)
    state = event.evolve(EXISTING)
    assert RecordMiss(**MISS).decide(state) == []
    withdraw = WithdrawMiss(monitor="m", miss="1", at=NOON, reason="Another one's business.")
    (back,) = withdraw.decide(state)
    with pytest.raises(Refused):
        withdraw.decide(back.evolve(state))


# Through the doors


def test_a_breach_is_judged_and_shows_what_it_was(api: Api, bo: Player) -> None:
    breached(api)
    row = the_breach()
    assert [each["id"] for each in api.get("breaches?status=unjudged").data["items"]] == [
        str(row.id)
    ]
    body = {"judgement": "unactionable", "note": "A planned move."}
    assert bo.api.post(f"breaches/{row.id}/judge", body).status_code == 200
    (shown,) = api.get("breaches").data["items"]
    assert (shown["judgement"], shown["note"]) == ("unactionable", "A planned move.")
    assert shown["judged_by"].startswith("token:")
    assert api.get("breaches?status=unjudged").data["items"] == []


def test_bad_words_are_refused_by_field(api: Api) -> None:
    breached(api)
    path = f"breaches/{the_breach().id}/judge"
    for body in ({}, {"judgement": "maybe"}, {"judgement": ["true"]}):
        answer = api.post(path, body)
        assert answer.status_code == 400
        assert "judgement" in str(answer.data), body
    assert api.post(f"breaches/{uuid7()}/judge", {"judgement": "true"}).status_code == 404
    assert the_breach().judgement == ""


def test_who_only_looks_on_judges_nothing(api: Api, olga: Player, mallory: Player) -> None:
    location = breached(api)
    path = f"/breaches/{the_breach().id}/judge"
    for player in (olga, mallory):
        assert player.browser.post(path, {"judgement": "true"}).status_code == 403
    for door in (f"breaches/{the_breach().id}/judge", f"{location}/misses"):
        assert olga.api.post(door, {}).status_code == 403
    assert mallory.browser.get("/monitors/review").status_code == 403
    assert olga.browser.get("/monitors/review").status_code == 200
    assert the_breach().judgement == ""


def test_precision_and_recall_add_up(api: Api) -> None:
    location = create(api)
    for n in range(5):
        body = [
            {
                "series": "errors",
                "labels": {"service": "checkout"},
                "time": 1e9 + 10 * n + step,
                "value": value,
            }
            for step, value in enumerate((1, 20, 1))
        ]
        assert api.post("measurements", body).status_code == 200
        evaluation.evaluate_due()
    rows = list(BreachRow.objects.order_by("onset"))
    assert len(rows) == 5
    for row, word in zip(rows, ("true", "true_and_good", "false", "unactionable"), strict=False):
        assert api.post(f"breaches/{row.id}/judge", {"judgement": word}).status_code == 200
    miss = {"since": "2001-09-09T00:00:00Z", "until": "2001-09-09T01:00:00Z", "note": "Gone."}
    recent = (now() - timedelta(hours=1)).isoformat()
    assert api.post(f"{location}/misses", miss).status_code == 201
    answer = api.post(f"{location}/misses", {**miss, "since": recent, "until": recent})
    assert answer.status_code == 201
    (record,) = api.get("monitors/records?days=1").data["items"]
    assert (record["opened"], record["unjudged"], record["noise"], record["misses"]) == (5, 1, 2, 1)
    assert (record["precision"]["hits"], record["precision"]["of"]) == (2, 4)
    assert (record["recall"]["hits"], record["recall"]["of"]) == (2, 3)
    # Clopper-Pearson of 2 in 4 at 95 %, from tables of the binomial distribution.
    assert record["precision"]["interval"] == pytest.approx([0.0676, 0.9324], abs=1e-4)
    assert len(api.get(f"{location}/misses").data["items"]) == 2
    newest = api.get(f"{location}/misses").data["items"][0]["id"]
    path = f"{location}/misses/{newest}/withdraw"
    assert api.post(path, {"reason": "No."}).status_code == 200
    assert api.post(path, {"reason": "No."}, headers=api.with_key("x")).status_code == 409
    (record,) = api.get("monitors/records?days=1").data["items"]
    assert record["misses"] == 0
    assert api.get("monitors/records?days=0").status_code == 400


def test_records_are_read_page_by_page(api: Api) -> None:
    for n in range(3):
        create(api, name=f"Errors {n}")
    send(api, 1, 20, 1)
    seen, path = [], "monitors/records?limit=2"
    while path:
        page = api.get(path).data
        seen += [each["name"] for each in page["items"]]
        path = page["next"]
    assert seen == ["Errors 0", "Errors 1", "Errors 2"]


def test_a_judgement_outlives_its_monitor(api: Api, bo: Player) -> None:
    location = breached(api)
    id = location.rpartition("/")[2]
    execute(RemoveMonitor(monitor=id, at=now(), reason="Gone."), Context.by(bo.ref))
    path = f"breaches/{the_breach().id}/judge"
    assert api.post(path, {"judgement": "false"}).status_code == 200
    assert the_breach().judgement == "false"
    assert not MonitorRow.objects.exists()


def test_those_who_were_called_for_nothing_come_first(
    api: Api, ana: Player, bo: Player, olga: Player
) -> None:
    breached(api)
    row = the_breach()
    follow()
    attached = Attached.objects.get()
    assert attached.breach == f"breach:{row.id}"
    take = incident_commands.TakeRole(
        incident=str(attached.incident), at=now(), role="commander", person=bo.ref
    )
    acting.carry_out(take, Context.by(bo.ref))
    assert api.post(f"breaches/{row.id}/judge", {"judgement": "false"}).status_code == 200
    (called,) = honesty.called(now() - timedelta(days=1), now())
    assert (called.person, called.called, called.noise) == (bo.ref, 1, 1)
    assert api.get("monitors/called").data["items"][0]["noise"] == 1
    page = shown(olga, "/monitors/review?list=people")
    assert str(bo.person) in page


# Pages


def shown(player: Player, path: str) -> str:
    response: HttpResponse = player.browser.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_review_is_worked_off_in_the_browser(api: Api, bo: Player) -> None:
    location = breached(api)
    page = shown(bo, "/monitors/review")
    assert 'To judge <span class="count">1</span>' in page
    path = f"/breaches/{the_breach().id}/judge"
    given = {"judgement": "false", "note": "A test.", "back": "/monitors/review?days=30"}
    answer = bo.browser.post(path, given)
    assert (answer.status_code, answer["Location"]) == (302, "/monitors/review?days=30")
    assert "Everything is judged" in shown(bo, "/monitors/review")
    page = shown(bo, "/monitors/review?list=monitors")
    assert "0 of 1, truly 0 % to 97.5 %" in page
    own = location.replace("/api/v1", "")
    page = shown(bo, own)
    assert '<span class="chip chip--bad">false</span>' in page
    assert "A test." in page
    assert bo.browser.post(path, {"judgement": "true", "back": "https://x.org/"})["Location"] == own
    assert the_breach().judgement == "true"


def test_a_miss_is_noted_on_the_monitors_page(api: Api, bo: Player) -> None:
    own = create(api).replace("/api/v1", "")
    day = f"{now() - timedelta(days=1):%Y-%m-%d}"
    given = {"since": f"{day}T10:00", "until": f"{day}T11:00", "note": "Half were lost."}
    for odd in ("soon", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "\u0663"):
        bo.browser.post(f"{own}/misses", {**given, "since": odd})
        assert "A time such as" in shown(bo, own)
    bo.browser.post(f"{own}/misses", given)
    page = shown(bo, own)
    assert "Half were lost." in page
    assert "0 of 1" in page
    miss = honesty.misses(own.rpartition("/")[2]).get()
    bo.browser.post(f"{own}/misses/{miss.id}/withdraw", {"reason": "Not its business."})
    assert "Half were lost." not in shown(bo, own)


def test_an_unknown_monitor_has_no_misses(api: Api, bo: Player) -> None:
    body = {"since": NOON.isoformat(), "until": NOON.isoformat(), "note": "?"}
    assert api.get(f"monitors/{uuid7()}/misses").status_code == 404
    assert api.post(f"monitors/{uuid7()}/misses", body).status_code == 409
    create_one = CreateMonitor(
        monitor=str(uuid7()),
        at=now(),
        name="x",
        kind="threshold",
        series="x",
        parameters={"value": 1},
    )
    execute(create_one, Context.by(bo.ref))
