"""Follow-ups over all incidents: lists, filters, pages, and the clock on its rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventlog.clock import now
from incidents import reminding
from incidents.models import FollowUpRow, IncidentRow
from tests.cast import Player

pytestmark = pytest.mark.django_db


def declare(player: Player, title: str) -> str:
    made = player.api.post("incidents", {"title": title})
    return f"incidents/{made.data['stream'].removeprefix('incident:')}"


def add(player: Player, incident: str, title: str, **fields: Any) -> str:
    made = player.api.post(f"{incident}/follow-ups", {"title": title, **fields})
    assert made.status_code == 201, made.data
    return f"{incident}/follow-ups/{made.data['follow_up']}"


def post(player: Player, address: str, **fields: Any) -> Any:
    return player.api.post(address, fields)


def titles(player: Player, query: str = "") -> list[str]:
    answer = player.api.get(f"follow-ups{query}")
    assert answer.status_code == 200, answer.data
    return [item["title"] for item in answer.data["items"]]


@pytest.fixture
def work(ana: Player, bo: Player) -> dict[str, str]:
    """Addresses of four follow-ups of two incidents."""
    search, checkout = declare(ana, "Search finds nothing"), declare(ana, "Checkout fails")
    made = {
        "age": add(ana, search, "Alert on age", priority="P0", owner=bo.ref, area="detection"),
        "trace": add(ana, search, "Trace every request", priority="P2", intent="improvement"),
        "retry": add(ana, checkout, "Retry payments", priority="P1", owner=ana.ref),
        "rename": add(ana, checkout, "Rename the queue", priority="P3"),
    }
    ana.api.post(f"{made['trace']}/place", {"value": "high", "feasibility": "very hard"})
    return made


def test_open_work_of_all_incidents_comes_by_its_due_date(
    work: dict[str, str], ana: Player
) -> None:
    everything = ["Alert on age", "Retry payments", "Trace every request", "Rename the queue"]
    assert titles(ana) == everything
    first = ana.api.get("follow-ups?limit=3").data
    assert [item["title"] for item in first["items"]] == everything[:3]
    rest = ana.api.get(first["next"]).data
    assert [item["title"] for item in rest["items"]] == everything[3:]
    assert rest["next"] is None


def test_filters_and_lists(work: dict[str, str], ana: Player, bo: Player) -> None:
    number = IncidentRow.objects.get(title="Checkout fails").number
    assert post(ana, f"{work['rename']}/drop", reason="It is gone").status_code == 200
    assert post(ana, f"{work['retry']}/done").status_code == 200
    expected = {
        "?owner=nobody": ["Trace every request"],
        f"?owner={bo.ref}": ["Alert on age"],
        "?priority=P2": ["Trace every request"],
        "?intent=fix": ["Alert on age"],
        "?area=detection": ["Alert on age"],
        f"?incident={number}": [],
        "?q=TRACE": ["Trace every request"],
        "?list=done": ["Retry payments"],
        "?list=dropped": ["Rename the queue"],
        "?list=shelf": ["Trace every request"],
        "?list=overdue": [],
    }
    for query, found in expected.items():
        assert titles(ana, query) == found, query
    counts = ana.api.get("follow-ups/counts").data
    assert (counts["open"], counts["done"], counts["dropped"], counts["shelf"]) == (2, 1, 1, 1)
    assert (counts["overdue"], counts["unowned"], counts["review"]) == (0, 1, 0)


@pytest.mark.parametrize(
    "query",
    ["list=lost", "priority=P9", "area=x", "intent=x", "incident=-1", "limit=0", "cursor=x"],
)
def test_a_wrong_filter_is_named(ana: Player, query: str) -> None:
    answer = ana.api.get(f"follow-ups?{query}")
    assert answer.status_code == 400
    assert answer.data["errors"][0]["field"] == query.partition("=")[0]


def test_one_follow_up_through_all_its_doors(work: dict[str, str], ana: Player) -> None:
    address = work["age"]
    one = "follow-ups/" + address.rpartition("/")[2]
    late = (now() + timedelta(days=99)).isoformat()
    assert post(ana, f"{address}/change", due_at=late).data["code"] == "required"
    fields = {"due_at": late, "reason": "Vendor", "done_when": "It rang once."}
    assert post(ana, f"{address}/change", **fields).status_code == 200
    assert post(ana, f"{address}/done").data["code"] == "no_evidence"
    digest = "ab" * 32
    kept = post(ana, f"{address}/evidence", text="It rang", url="https://x.example", sha256=digest)
    shown = ana.api.get(one).data
    assert [(str(e["id"]), e["sha256"]) for e in shown["evidence"]] == [
        (kept.data["evidence"], digest)
    ]
    assert post(ana, f"{address}/done").status_code == 200
    assert post(ana, f"{address}/reopen", reason="Silent again").status_code == 200
    assert ana.api.get(one).data["card"]["state"] == "open"
    assert IncidentRow.objects.get(title="Search finds nothing").follow_ups_done == 0


def test_nothing_changes_where_the_work_belongs_to_another_incident(
    work: dict[str, str], ana: Player
) -> None:
    wrong = work["age"].replace(work["age"].split("/")[1], work["retry"].split("/")[1])
    assert post(ana, f"{wrong}/done").data["code"] == "unknown_follow_up"
    assert post(ana, f"{work['age']}/change", owner="person:nobody").status_code == 400
    assert ana.api.get("follow-ups/01a00000-0000-7000-8000-000000000000").status_code == 404


def test_the_clock_decides_each_reminder_once_however_often_it_ticks(
    work: dict[str, str], ana: Player, bo: Player
) -> None:
    row = FollowUpRow.objects.get(title="Alert on age")
    assert row.due_at is not None
    assert reminding.remind(row.due_at - timedelta(days=2)) == 0
    for at, decided in (
        (row.due_at - timedelta(days=1), 1),
        (row.due_at - timedelta(hours=1), 0),
        (row.due_at + timedelta(seconds=1), 1),
        (row.due_at + timedelta(days=4), 1),  # three ticks late: only the newest step
        (row.due_at + timedelta(days=4, hours=1), 0),
    ):
        assert (reminding.remind(at), reminding.remind(at)) == (decided, 0), at
    row.refresh_from_db()
    assert (row.reminders, row.remind_at) == (3, row.due_at + timedelta(days=5))
    assert titles(ana, "?list=review") == ["Alert on age"]
    told = [
        entry["sentence"]
        for entry in ana.api.get(f"{work['age'].split('/follow')[0]}/timeline").data["items"]
    ]
    assert told[-3:] == [
        "reminded Bo that “Alert on age” is due soon",
        "reminded Bo that “Alert on age” is due; it is to be reviewed",
        "reminded Bo that “Alert on age” is overdue",
    ]
    post(ana, f"{work['age']}/done")
    assert reminding.remind(row.due_at + timedelta(days=400)) == 2  # the two others with a date
    row.refresh_from_db()
    assert (row.remind_at, row.review_at) == (None, None)


def test_pages_list_place_and_end(work: dict[str, str], bo: Player) -> None:
    page = f"/follow-ups/{work['age'].rpartition('/')[2]}"
    mine = bo.browser.get("/follow-ups/?owner=me").content.decode()
    assert "Alert on age" in mine
    assert "Retry payments" not in mine
    bo.browser.post(f"{page}/place", {"value": "high", "feasibility": "easy"})
    board = bo.browser.get("/follow-ups/board").content.decode()
    assert board.index("Alert on age") < board.index("Very hard") < board.index("Trace every")
    shown = bo.browser.get(page).content.decode()
    assert "not confirmed by a function that owns priorities" in shown
    refused = bo.browser.post(f"{page}/drop", {"reason": " "}, follow=True)
    assert b"Reason may not be empty." in refused.content
    bo.browser.post(f"{page}/evidence", {"text": "It rang"})
    fields = {"title": "Alert on model age", "due_on": "2031-01-02", "reason": "Vendor"}
    bo.browser.post(f"{page}/change", fields)
    row = FollowUpRow.objects.get(title="Alert on model age")
    assert f"{row.due_at:%Y-%m-%d %H:%M}" == "2031-01-02 23:59"
    assert (row.evidence, row.owner) == (1, bo.ref)
    bo.browser.post(f"{page}/done", {"note": "It rang"})
    assert FollowUpRow.objects.get(id=row.id).state == "done"


def test_a_page_names_what_is_wrong_with_its_address(ana: Player, olga: Player) -> None:
    for query in ("list=x", "priority=x", "incident=x", "cursor=x"):
        assert ana.browser.get(f"/follow-ups/?{query}").status_code == 400, query
    assert ana.browser.get("/follow-ups/01a00000-0000-7000-8000-000000000000").status_code == 404
    assert b"Nothing is on this list" in olga.browser.get("/follow-ups/").content
