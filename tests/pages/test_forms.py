"""Forms without a script: what is filled in becomes one command, and a refusal says what is wrong."""

from __future__ import annotations

import html
from typing import Any

import pytest

from eventlog.clock import now
from eventlog.core import Context, uuid7
from incidents import acting
from incidents.commands import Declare
from incidents.models import FollowUpRow, IncidentRow, MessageRow, UpdateRow
from monitoring.models import MonitorRow
from tests.cast import Player


@pytest.fixture
def path(ana: Player) -> str:
    """Address of an incident that Ana has declared."""
    number = acting.next_number()
    command = Declare(
        incident=str(uuid7()),
        at=now(),
        number=number,
        title="Ranker is slow",
        severity=2,
        declared_by=ana.ref,
    )
    acting.declare(command, Context.by(ana.ref))
    return f"/incidents/{number}"


def post(player: Player, path: str, **fields: str) -> Any:
    return player.browser.post(path, {"key": str(uuid7()), **fields})


def as_json(player: Player, path: str, **fields: str) -> Any:
    return player.browser.post(path, fields, headers={"Accept": "application/json"})


def test_one_field_declares(ana: Player) -> None:
    response = post(ana, "/declare", title="Checkout fails", take_command="yes")
    row = IncidentRow.objects.get()
    assert response["Location"] == f"/incidents/{row.number}"
    assert (row.title, row.severity, row.commander) == ("Checkout fails", 3, ana.ref)


def test_declaring_twice_with_one_form_is_one_incident(ana: Player) -> None:
    first = ana.browser.post("/declare", {"title": "Checkout fails", "key": "k"})
    second = ana.browser.post("/declare", {"title": "Checkout fails", "key": "k"})
    assert first["Location"] == second["Location"]
    assert IncidentRow.objects.count() == 1


def test_declaring_nothing_is_refused_beside_the_field(ana: Player) -> None:
    response = post(ana, "/declare", title="  ")
    assert response.status_code == 409
    assert b"Title may not be empty." in response.content


@pytest.mark.parametrize(
    ("verb", "fields", "field", "value"),
    [
        ("take-role", {"role": "commander"}, "commander", "ana"),
        ("enter-phase", {"phase": "mitigation"}, "phase", "mitigation"),
        ("change-severity", {"severity": "1", "reason": "worse"}, "severity", 1),
        ("retitle", {"title": "Ranker is down"}, "title", "Ranker is down"),
        ("state-impact", {"text": "All", "low": "1,5", "best": "2"}, "impact", "All"),
        ("resolve", {"outcome": "fixed"}, "outcome", "fixed"),
    ],
)
def test_a_form_is_a_command(
    ana: Player, path: str, verb: str, fields: dict[str, str], field: str, value: Any
) -> None:
    response = post(ana, f"{path}/{verb}", **fields)
    assert response["Location"] == path
    assert getattr(IncidentRow.objects.get(), field) == (ana.ref if value == "ana" else value)


def test_an_update_is_kept_with_its_audience(ana: Player, path: str) -> None:
    post(ana, f"{path}/post-update", text="Known: little", audience="partners")
    assert UpdateRow.objects.values_list("text", "audience").get() == ("Known: little", "partners")


def test_a_form_sent_twice_is_one_follow_up(ana: Player, path: str) -> None:
    for _ in range(2):
        ana.browser.post(f"{path}/add-follow-up", {"title": "Alert earlier", "key": "k"})
    follow_up = FollowUpRow.objects.get()
    post(ana, f"{path}/follow-up-done", follow_up=str(follow_up.id))
    follow_up.refresh_from_db()
    assert follow_up.done_at is not None


def test_a_message_with_the_same_key_is_said_once(ana: Player, path: str) -> None:
    for _ in range(2):
        assert as_json(ana, f"{path}/messages", text="Hello", key="k").status_code == 200
    assert MessageRow.objects.count() == 1


def test_a_refusal_names_people_and_not_refs(ana: Player, bo: Player, path: str) -> None:
    post(ana, f"{path}/take-role", role="commander")
    response = as_json(bo, f"{path}/take-role", role="commander")
    assert response.status_code == 409
    assert response.json()["message"] == "Ana is commander already."


def test_a_refusal_without_a_script_is_shown_on_the_page(ana: Player, path: str) -> None:
    response = ana.browser.post(f"{path}/resolve", {"outcome": "lost"}, follow=True)
    assert b"Outcome is one of" in response.content


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("change-severity", {"severity": "worst"}),
        ("state-impact", {"text": "All", "low": "much"}),
        ("state-impact", {"text": "All", "low": "1e999"}),
        ("resolve", {"outcome": "duplicate", "duplicate_of": "#x"}),
    ],
)
def test_what_is_no_number_is_refused(
    ana: Player, path: str, verb: str, fields: dict[str, str]
) -> None:
    assert as_json(ana, f"{path}/{verb}", **fields).json()["code"] == "not_a_number"


def test_an_unknown_verb_is_not_found(ana: Player, path: str) -> None:
    assert post(ana, f"{path}/explode").status_code == 404


def test_an_observer_may_not_act(olga: Player, path: str) -> None:
    assert post(olga, f"{path}/close").status_code == 403
    assert post(olga, f"{path}/messages", text="hi").status_code == 403


MONITOR = {
    "name": "click-through",
    "series": "click_through{page=search}",
    "subjects": "model:search",
    "urgency": "page",
    "severity": "2",
    "parameters.value": "0,585",
    "parameters.op": "below",
    "parameters.needed": "3",
    "parameters.of": "4",
    "parameters.clear_after": "3",
}


def test_the_form_of_a_kind_makes_a_monitor(ana: Player) -> None:
    response = post(ana, "/monitors/new?kind=threshold", **MONITOR)
    row = MonitorRow.objects.get()
    assert response["Location"] == f"/monitors/{row.id}"
    assert row.labels == {"page": "search"}
    assert (row.parameters["value"], row.parameters["needed"], row.severity) == (0.585, 3, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parameters.value": ""}, b"is required"),
        ({"parameters.needed": "two"}, b"must be a whole number"),
        ({"parameters.needed": "9"}, b"must not be more than"),
        ({"series": "two words"}, b"A series is a name"),
        ({"series": "a{b}"}, b"is no label=value"),
        ({"subjects": "search"}, b"is no ref"),
    ],
)
def test_a_bad_definition_is_refused_beside_its_field(
    ana: Player, change: dict[str, str], words: bytes
) -> None:
    response = post(ana, "/monitors/new?kind=threshold", **MONITOR | change)
    assert response.status_code == 409
    assert words in response.content
    assert b'aria-invalid="true"' in response.content
    assert not MonitorRow.objects.exists()


def test_a_monitor_that_learns_again_and_again_offers_one_of_its_trend(
    ana: Player, olga: Player
) -> None:
    given = {**MONITOR, "name": "Click-through"}
    learns = {k: v for k, v in given.items() if not k.startswith("parameters.")}
    made = post(ana, "/monitors/new?kind=robust_deviation", **learns)
    page = ana.browser.get(made["Location"]).content.decode()
    assert "Add a monitor of its trend" in page
    assert "Add a monitor of its trend" not in olga.browser.get(made["Location"]).content.decode()
    href = html.unescape(page.partition('href="/monitors/new?')[2].partition('"')[0])
    form = ana.browser.get(f"/monitors/new?{href}").content.decode()
    assert 'value="click_through{page=search}"' in form
    assert 'value="Click-through, over weeks"' in form
    assert 'value="28"' in form, "what was not asked for has its default"
    post(ana, "/monitors/new?kind=trend", **{**learns, "name": "Over weeks"})
    page = ana.browser.get(made["Location"]).content.decode()
    assert ">Over weeks</a>" in page


def test_pausing_a_monitor_needs_a_reason(ana: Player) -> None:
    post(ana, "/monitors/new?kind=threshold", **MONITOR)
    path = f"/monitors/{MonitorRow.objects.get().id}"
    assert b"not blank" in ana.browser.post(f"{path}/pause", {"reason": " "}, follow=True).content
    post(ana, f"{path}/pause", reason="replacing the sensor")
    assert MonitorRow.objects.get().paused
    post(ana, f"{path}/resume")
    assert not MonitorRow.objects.get().paused
