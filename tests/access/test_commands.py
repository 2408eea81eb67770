from __future__ import annotations

import uuid

import pytest
from django.test import Client

from eventlog import store
from eventlog.core import uuid7
from tests.cast import Machine, Player

pytestmark = pytest.mark.urls("tests.access.doors")


@pytest.fixture
def lamp() -> str:
    return f"/api/test/lamps/{uuid7()}"


def test_a_command_answers_with_its_receipt(bo: Player, lamp: str):
    answer = bo.api.post(f"{lamp}/toggle")
    assert answer.status_code == 200
    assert answer["Location"] == lamp
    body = answer.json()
    assert body["stream"] == "lamp:" + lamp.rpartition("/")[2]
    assert (body["version"], body["repeated"], body["location"]) == (1, False, lamp)
    assert [event["type"] for event in body["events"]] == ["lamp.lit"]
    (record,) = store.read_stream(body["stream"])
    assert body["events"][0]["id"] == str(record.event_id)
    assert record.event.by == record.actor == bo.api.get("me").json()["actor"]


def test_the_same_key_gets_the_first_answer_and_changes_nothing(bo: Player, lamp: str):
    key = {"Idempotency-Key": "toggle-1"}
    first = bo.api.post(f"{lamp}/toggle", headers=key)
    again = bo.api.post(f"{lamp}/toggle", headers=key)
    assert again.json() == {**first.json(), "repeated": True}
    assert bo.api.get(lamp).json() == {"lit": True}
    bo.api.post(f"{lamp}/toggle", headers={"Idempotency-Key": "toggle-2"})
    assert bo.api.get(lamp).json() == {"lit": False}


def test_the_same_key_for_another_request_is_a_conflict(bo: Player, lamp: str):
    key = {"Idempotency-Key": "toggle-1"}
    bo.api.post(f"{lamp}/toggle", headers=key)
    answer = bo.api.post(f"/api/test/lamps/{uuid.uuid4()}/toggle", headers=key)
    assert answer.status_code == 409
    assert answer.json()["code"] == "key_reused"


def test_the_same_key_of_somebody_else_is_another_key(bo: Player, ana: Player, lamp: str):
    key = {"Idempotency-Key": "toggle-1"}
    assert not bo.api.post(f"{lamp}/toggle", headers=key).json()["repeated"]
    assert not ana.api.post(f"{lamp}/toggle", headers=key).json()["repeated"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "tab\t"])
def test_a_key_that_is_no_key_is_refused(bo: Player, lamp: str, key: str):
    answer = bo.api.post(f"{lamp}/toggle", headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_idempotency_key"
    assert bo.api.get(lamp).json() == {"lit": False}


def test_a_refusal_is_a_409_with_code_sentence_and_current_value(bo: Player, lamp: str):
    answer = bo.api.post(f"{lamp}/put-out")
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:dropstitch:problem:off",
        "title": "The rules say no",
        "status": 409,
        "detail": "the lamp is off already",
        "code": "off",
        "current": 0,
    }


def test_a_command_for_another_version_is_refused_and_undone(bo: Player, lamp: str):
    tag = bo.api.post(f"{lamp}/toggle")["ETag"]
    assert bo.api.post(f"{lamp}/toggle", headers={"If-Match": tag}).status_code == 200
    stale = bo.api.post(f"{lamp}/toggle", headers={"If-Match": tag})
    assert stale.status_code == 412
    assert stale.json()["code"] == "precondition_failed"
    assert len(store.read_stream("lamp:" + lamp.rpartition("/")[2])) == 2
    assert bo.api.post(f"{lamp}/toggle", headers={"If-Match": "*"}).status_code == 200


def test_what_has_not_changed_is_not_sent_again(bo: Player, lamp: str):
    first = bo.api.get(lamp)
    known = {"If-None-Match": first["ETag"]}
    same = bo.api.get(lamp, headers=known)
    assert (same.status_code, same.content) == (304, b"")
    assert same["ETag"] == first["ETag"]
    bo.api.post(f"{lamp}/toggle")
    assert bo.api.get(lamp, headers=known).json() == {"lit": True}


def test_without_the_right_a_command_is_refused(sensor: Machine, lamp: str):
    answer = sensor.api.post(f"{lamp}/toggle")
    assert answer.status_code == 403
    wanted = "This needs the right to declare, command and work incidents."
    assert answer.json()["detail"] == wanted


def test_a_session_needs_the_csrf_token_to_command(bo: Player, lamp: str):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bo.person)
    assert browser.post(f"{lamp}/toggle").status_code == 403
    token = browser.get("/api/v1/docs").context["csrf_token"]
    headers = {"X-CSRFToken": str(token)}
    answer = browser.post(f"{lamp}/toggle", "{}", "application/json", headers=headers)
    assert answer.status_code == 200
    assert store.read_stream(answer.json()["stream"])[0].actor == bo.ref
