"""Incidents through the REST doors, as a program or a script sees them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest

from incidents.models import IncidentRow
from tests.cast import Api, Machine, Player
from tests.incidents.cast import MODEL

pytestmark = pytest.mark.django_db


def declare(api: Api, title: str = "Search finds nothing", **fields: Any) -> Any:
    return api.post("incidents", {"title": title, **fields})


@pytest.fixture
def incident(ana: Player) -> str:
    """Address of an incident that Ana declared."""
    return f"incidents/{declare(ana.api).data['stream'].removeprefix('incident:')}"


def test_one_field_declares(ana: Player) -> None:
    answer = declare(ana.api)
    assert answer.status_code == 201
    assert answer.data["number"] == IncidentRow.objects.get().number
    shown = ana.api.get(answer["Location"]).data["card"]
    assert (shown["title"], shown["severity"], shown["phase"]) == (
        "Search finds nothing",
        3,
        "detection",
    )


def test_the_same_key_declares_once(ana: Player) -> None:
    key = ana.api.with_key("form-7")
    first = ana.api.post("incidents", {"title": "Search"}, headers=key)
    again = ana.api.post("incidents", {"title": "Search"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.data["repeated"]
    assert again.data["number"] == first.data["number"]
    other = ana.api.post("incidents", {"title": "Other"}, headers=key)
    assert (other.status_code, other.data["code"]) == (409, "key_reused")


def test_who_declares_may_take_command_at_once(ana: Player) -> None:
    declare(ana.api, take_command=True)
    assert IncidentRow.objects.get().commander.startswith("token:")


def test_the_same_subject_is_offered_the_open_incident_and_may_insist(ana: Player) -> None:
    number = declare(ana.api, subjects=[MODEL]).data["number"]
    refused = declare(ana.api, "Ranking is odd", subjects=[MODEL])
    assert (refused.status_code, refused.data["code"]) == (409, "same_cause")
    assert refused.data["current"] == number
    assert declare(ana.api, subjects=[MODEL], separate=True).status_code == 201


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"severity": 0}, "severity"),
        ({"severity": "worst"}, "severity"),
        ({"kind": "joke"}, "kind"),
        ({"subjects": ["no ref"]}, "subjects.0"),
        ({"subjects": "model:x"}, "subjects"),
        ({"onset": {"best": "soon", "basis": "x"}}, "onset.best"),
        ({"onset": {"basis": "x"}}, "onset.best"),
    ],
)
def test_bad_input_is_named(ana: Player, fields: dict[str, Any], named: str) -> None:
    answer = ana.api.post("incidents", {"title": "Search", **fields})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.data["errors"]] == [named]


def test_an_onset_out_of_order_is_refused_by_its_rule(ana: Player) -> None:
    onset = {
        "earliest": "2026-03-02T00:00:00Z",
        "best": "2026-03-01T00:00:00Z",
        "basis": "Ana",
    }
    answer = declare(ana.api, onset=onset)
    assert (answer.status_code, answer.data["code"]) == (409, "not_in_order")


def test_observers_read_and_strangers_do_not(
    incident: str, olga: Player, sensor: Machine, stranger: Api
) -> None:
    reading = ["incidents", incident, f"{incident}/messages", f"{incident}/timeline"]
    reading += [f"{incident}/export", "incidents/counts", "incidents/similar?title=x"]
    for address in reading:
        assert olga.api.get(address).status_code == 200, address
        assert sensor.api.get(address).status_code == 403, address
        assert stranger.get(address).status_code == 401, address
    assert olga.api.post(f"{incident}/messages", {"text": "hi"}).status_code == 403
    assert declare(olga.api).status_code == 403


def test_an_unknown_incident_is_not_found(ana: Player) -> None:
    address = f"incidents/{uuid4()}"
    for part in ("", "/messages", "/timeline", "/export"):
        assert ana.api.get(f"{address}{part}").status_code == 404
    for part in ("messages", "notes"):
        assert ana.api.post(f"{address}/{part}", {"text": "hi"}).status_code == 404
    assert ana.api.post(f"{address}/close").status_code == 404


def test_the_loser_of_command_learns_the_holder(incident: str, ana: Player, bo: Player) -> None:
    assert ana.api.post(f"{incident}/roles/take", {"role": "commander"}).status_code == 200
    lost = bo.api.post(f"{incident}/roles/take", {"role": "commander"})
    holder = IncidentRow.objects.get().commander
    assert (lost.status_code, lost.data["code"]) == (409, "role_held")
    assert lost.data["current"] == holder
    assert lost.data["detail"] == "monitor is commander already."
    over = {"role": "commander", "instead_of": holder, "reason": "Ana is offline"}
    assert bo.api.post(f"{incident}/roles/take", over).status_code == 200


def test_a_hand_over_is_offered_and_accepted(incident: str, ana: Player, bo: Player) -> None:
    bo_token = bo.api.get("me").data["actor"]
    ana.api.post(f"{incident}/roles/take", {"role": "commander"})
    offer = {"role": "commander", "to": bo_token, "summary": "Rolled back, watching"}
    assert ana.api.post(f"{incident}/roles/offer", offer).status_code == 200
    assert bo.api.post(f"{incident}/roles/accept", {"role": "commander"}).status_code == 200
    assert IncidentRow.objects.get().commander == bo_token


def test_a_role_is_offered_to_somebody_who_exists(incident: str, ana: Player) -> None:
    for to in ("person:ben", f"person:{uuid4()}", "monitor:1"):
        answer = ana.api.post(f"{incident}/roles/offer", {"role": "planning", "to": to})
        assert answer.status_code == 400
        assert answer.data["errors"][0]["field"] == "to"


def test_every_step_of_an_incident_has_its_door(incident: str, ana: Player) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("join", {"function": "data engineer"}),
        ("roles/take", {"role": "planning"}),
        ("roles/release", {"role": "planning"}),
        ("phase", {"phase": "mitigation"}),
        ("severity", {"severity": 1, "reason": "Checkout"}),
        ("title", {"title": "Stale ranking"}),
        ("impact", {"text": "Fewer clicks", "unit": "points", "best": -8, "low": -9}),
        ("updates", {"text": "We know why", "audience": "partners"}),
        ("notes", {"text": "Vendor called"}),
        ("resolve", {"outcome": "rolled_back", "verified": True}),
        ("close", {"exception": "A test."}),
        ("reopen", {"reason": "It is back"}),
    ]
    for address, body in steps:
        answer = ana.api.post(f"{incident}/{address}", body)
        assert answer.status_code == 200, (address, answer.data)
        assert len(answer.data["events"]) == 1, address
    card = ana.api.get(incident).data["card"]
    assert (card["title"], card["severity"], card["phase"]) == (
        "Stale ranking",
        1,
        "troubleshooting",
    )


def test_a_duplicate_names_an_incident_that_exists(incident: str, ana: Player) -> None:
    body = {"outcome": "duplicate", "duplicate_of": 9_999}
    answer = ana.api.post(f"{incident}/resolve", body)
    assert (answer.status_code, answer.data["errors"][0]["field"]) == (400, "duplicate_of")


def test_a_message_is_posted_once_by_client_id(incident: str, ana: Player) -> None:
    body = {"text": "**Rolled back**", "client_id": "c-1"}
    first, again = (ana.api.post(f"{incident}/messages", body).data for _ in range(2))
    assert again["repeated"]
    assert first["message"] == again["message"]
    items = ana.api.get(f"{incident}/messages").data["items"]
    assert [item["html"] for item in items] == ["<p><strong>Rolled back</strong></p>"]


def test_messages_come_page_by_page(incident: str, ana: Player) -> None:
    for count in range(5):
        ana.api.post(f"{incident}/messages", {"text": f"m{count}"})
    newest = ana.api.get(f"{incident}/messages?limit=2").data
    older = ana.api.get(newest["next"]).data
    oldest = ana.api.get(older["next"]).data
    pages = [[item["text"] for item in page["items"]] for page in (newest, older, oldest)]
    assert pages == [["m3", "m4"], ["m1", "m2"], ["m0"]]
    assert oldest["next"] is None
    upwards = ana.api.get(f"{incident}/messages?after=0&limit=3").data
    assert [item["text"] for item in upwards["items"]] == ["m0", "m1", "m2"]
    assert "m3" in str(ana.api.get(upwards["next"]).data)


def test_a_message_is_removed_for_good(incident: str, ana: Player, bo: Player) -> None:
    message = bo.api.post(f"{incident}/messages", {"text": "hunter2"}).data["message"]
    redact = f"{incident}/messages/{message}/redact"
    assert ana.api.post(redact, {"reason": "A password"}).status_code == 200
    for part in ("messages", "timeline", "export?format=json", "export?format=markdown"):
        assert b"hunter2" not in ana.api.get(f"{incident}/{part}").content


def test_a_message_is_edited_answered_and_pinned(incident: str, ana: Player, bo: Player) -> None:
    message = bo.api.post(f"{incident}/messages", {"text": "The jion"}).data["message"]
    path = f"{incident}/messages/{message}"
    assert bo.api.post(f"{path}/edit", {"text": "The join @ana"}).status_code == 200
    assert ana.api.post(f"{path}/edit", {"text": "Mine"}).data["code"] == "not_author"
    for who in (ana, bo):
        assert who.api.post(f"{path}/react", {"reaction": "eyes"}).status_code == 200
    assert bo.api.post(f"{path}/unreact", {"reaction": "eyes"}).status_code == 200
    assert ana.api.post(f"{path}/pin").status_code == 200
    wrong = ana.api.post(f"{path}/react", {"reaction": "poop"})
    assert wrong.status_code == 400
    assert "reaction" in str(wrong.data)
    reply = ana.api.post(f"{incident}/messages", {"text": "I see", "reply_to": message})
    assert reply.status_code == 200

    first, second = ana.api.get(f"{incident}/messages").data["items"]
    assert (first["text"], first["edits"]) == ("The join @ana", 1)
    assert first["mentions"] == [ana.ref]
    (eyes,) = first["reactions"]
    assert (eyes["sign"], eyes["people"]) == ("👀", [second["author"]])
    assert first["pinned_by"] == second["author"]
    assert str(second["reply_to"]["message"]) == message
    assert second["reply_to"]["author"] == first["author"]
    said = [each["text"] for each in ana.api.get(f"{path}/history").data]
    assert said == ["The jion", "The join @ana"]
    elsewhere = f"incidents/{uuid4()}/messages/{message}/history"
    assert ana.api.get(elsewhere).status_code == 404


def test_what_a_message_said_before_an_edit_is_removed_with_it(incident: str, ana: Player) -> None:
    message = ana.api.post(f"{incident}/messages", {"text": "hunter2"}).data["message"]
    path = f"{incident}/messages/{message}"
    ana.api.post(f"{path}/pin")
    assert ana.api.post(f"{path}/edit", {"text": "hunter3"}).status_code == 200
    assert ana.api.post(f"{path}/redact").status_code == 200
    page = ana.browser.get(f"/messages/{message}").content
    parts = ("messages", "timeline", "export?format=json", f"messages/{message}/history")
    for content in (page, *(ana.api.get(f"{incident}/{part}").content for part in parts)):
        assert b"hunter" not in content
    assert ana.api.get(f"{incident}/messages").data["items"][0]["pinned_at"] is None


def test_a_responder_does_not_remove_what_others_wrote(
    incident: str, ana: Player, bo: Player
) -> None:
    message = ana.api.post(f"{incident}/messages", {"text": "mine"}).data["message"]
    answer = bo.api.post(f"{incident}/messages/{message}/redact")
    assert (answer.status_code, answer.data["code"]) == (409, "not_author")


def test_a_slash_command_is_carried_out_and_not_posted(incident: str, ana: Player) -> None:
    answer = ana.api.post(f"{incident}/messages", {"text": "/sev 1 checkout is affected"})
    assert [event["type"] for event in answer.data["events"]] == ["incident.severity_changed"]
    assert answer.data["message"] is None
    unknown = ana.api.post(f"{incident}/messages", {"text": "/severty 1"})
    assert (unknown.status_code, unknown.data["code"]) == (409, "unknown_command")
    assert ana.api.get(f"{incident}/messages").data["items"] == []


def test_follow_ups_are_added_and_done(incident: str, ana: Player) -> None:
    me = ana.api.get("me").data["person"]
    body = {"title": "Alert on age", "priority": "P0", "owner": me}
    added = ana.api.post(f"{incident}/follow-ups", body)
    assert added.status_code == 201
    done = ana.api.post(f"{incident}/follow-ups/{added.data['follow_up']}/done")
    assert done.status_code == 200
    shown = ana.api.get(incident).data["follow_ups"][0]
    assert shown["owner"]["name"] == "Ana"
    assert shown["done_at"] is not None


def test_a_command_can_insist_on_the_version_it_saw(incident: str, ana: Player) -> None:
    seen = ana.api.get(incident)["ETag"]
    body = {"phase": "mitigation"}
    assert ana.api.post(f"{incident}/phase", body, headers={"If-Match": seen}).status_code == 200
    body = {"phase": "resolution"}
    stale = ana.api.post(f"{incident}/phase", body, headers={"If-Match": seen})
    assert stale.status_code == 412
    fresh = ana.api.get(incident, headers={"If-None-Match": ana.api.get(incident)["ETag"]})
    assert fresh.status_code == 304


def test_lists_are_filtered_and_paged(ana: Player) -> None:
    numbers = [declare(ana.api, f"Search {n}", severity=n).data["number"] for n in (1, 2, 3)]
    page = ana.api.get("incidents?limit=2").data
    assert [item["number"] for item in page["items"]] == numbers[:0:-1]
    rest = ana.api.get(page["next"]).data
    assert ([item["number"] for item in rest["items"]], rest["next"]) == (numbers[:1], None)
    some = ana.api.get("incidents?severity=1,3&status=open").data["items"]
    assert [item["severity"] for item in some] == [3, 1]
    worst = ana.api.get("incidents?list=active").data["items"]
    assert [item["severity"] for item in worst] == [1, 2, 3]
    assert ana.api.get(f"incidents?number={numbers[1]}").data["items"][0]["title"] == "Search 2"
    assert ana.api.get("incidents/counts").data["worst"] == 1


@pytest.mark.parametrize(
    "asked",
    [
        "severity=9",
        "status=broken",
        "number=x",
        "list=all",
        "limit=0",
        "cursor=abc",
        "number=-1",
        "number=99999999999",
    ],
)
def test_a_bad_filter_is_named(ana: Player, asked: str) -> None:
    answer = ana.api.get(f"incidents?{asked}")
    assert answer.status_code == 400
    assert answer.data["errors"][0]["field"] == asked.partition("=")[0]


def test_what_may_be_the_same_can_be_asked(ana: Player) -> None:
    declare(ana.api, "Search results are empty")
    found = ana.api.get("incidents/similar?title=empty search results").data
    assert found[0]["why"] == "similar title"


def test_the_timeline_goes_on_where_it_stopped(incident: str, ana: Player) -> None:
    ana.api.post(f"{incident}/phase", {"phase": "mitigation"})
    first = ana.api.get(f"{incident}/timeline?limit=1").data
    second = ana.api.get(first["next"]).data
    assert second["items"][0]["sentence"] == "moved on from detection to mitigation"
    assert second["next"] is None


def test_an_export_is_complete_and_the_same_each_time(incident: str, ana: Player) -> None:
    ana.api.post(f"{incident}/messages", {"text": "Rolled back\n\nand watching"})
    ana.api.post(f"{incident}/resolve", {"outcome": "fixed"})
    markdown, again = (ana.api.get(f"{incident}/export?format=markdown") for _ in range(2))
    assert markdown.content == again.content
    document = orjson.loads(ana.api.get(f"{incident}/export?format=json").content)
    assert [event["version"] for event in document["events"]] == [1, 2, 3, 4]
    for event in document["events"]:
        assert event["event_id"] in markdown.content.decode()
    assert document["messages"][0]["text"] == "Rolled back\n\nand watching"
    assert "> and watching" in markdown.content.decode()
    said = next(e for e in document["events"] if e["type"] == "incident.message_posted")
    assert set(said["payload"]["text"]) == {"$pii", "ct"}
    assert ana.api.get(f"{incident}/export?format=pdf").status_code == 400
