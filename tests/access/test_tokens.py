from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from access.commands import DeactivatePerson, GrantRole, IssueToken, RevokeToken
from access.events import TokenIssued, TokenRevoked
from access.models import Token, TokenUse
from access.tokens import digest_of, identify, new_secret
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context
from eventlog.testing import given
from tests.cast import Api, Machine, Player, bearer, machine

NOON = now()
ISSUED = TokenIssued(token="t", name="sensor", hint="ds_AAAAA", digest="0", scopes=["log:read"])


def issue(**fields: object) -> IssueToken:
    usual = {"name": "sensor", "scopes": ["log:read"], "digest": "0", "hint": "ds_AAAAA"}
    return IssueToken(token="t", at=NOON, **{**usual, **fields})


def test_a_token_is_issued_once_and_revoked_once():
    given().when(issue()).then(ISSUED)
    given(ISSUED).when(issue()).refused("exists")
    given(ISSUED).when(RevokeToken(token="t", at=NOON)).then(TokenRevoked(token="t"))
    given(ISSUED, TokenRevoked(token="t")).when(RevokeToken(token="t", at=NOON)).then()
    given().when(RevokeToken(token="t", at=NOON)).refused("unknown")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"scopes": []}, "no_scope"),
        ({"scopes": ["log:read", "everything"]}, "unknown_scope"),
        ({"expires_at": NOON}, "already_expired"),
        ({"name": " "}, "bad_name"),
        ({"name": "two\nlines"}, "bad_name"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(wish: dict[str, object], code: str):
    given().when(issue(**wish)).refused(code)


def test_the_secret_is_shown_once_and_stored_nowhere(ana: Player, owner):
    wish = {"name": "pipeline", "scopes": ["measurements:write"]}
    body = ana.api.post("tokens", wish, headers={"Idempotency-Key": "first"}).json()
    secret = body["token"]
    assert secret.startswith("ds_")
    row = Token.objects.get(id=body["stream"].removeprefix("token:"))
    assert row.digest == digest_of(secret)
    assert secret not in str(Token.objects.values())
    assert secret not in str([r.payload for r in store.read_stream(row.ref)])
    again = ana.api.post("tokens", wish, headers={"Idempotency-Key": "first"})
    assert again.status_code == 200
    assert again.json() == {**body, "repeated": True, "token": None}


def test_a_token_works_until_it_is_revoked(ana: Player):
    wish = {"name": "pipeline", "scopes": ["incidents:read"]}
    issued = ana.api.post("tokens", wish)
    client = bearer(issued.json()["token"])
    assert client.get("me").json()["actor"] == issued.json()["stream"]
    assert ana.api.post(issued["Location"] + "/revoke").status_code == 200
    refused = client.get("me")
    assert refused.status_code == 401
    assert refused.json()["code"] == "bad_token"
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_a_token_expires(db: None):
    short = machine("log:read", expires_at=now() + timedelta(hours=1))
    assert short.api.get("me").status_code == 200
    with time_machine.travel(now() + timedelta(hours=2)):
        assert short.api.get("me").status_code == 401


def test_a_token_does_no_more_than_its_owner_may(bo: Player):
    by_bo = machine("incidents:write", "log:read", owner=bo.ref)
    assert identify(by_bo.secret).granted == {"account:use", "incidents:read", "incidents:write"}
    demote = GrantRole(person=str(bo.person.id), role="observer", at=now())
    store.execute(demote, Context.by("system:operator"))
    assert identify(by_bo.secret).granted == {"account:use", "incidents:read"}
    close = DeactivatePerson(person=str(bo.person.id), at=now())
    store.execute(close, Context.by("system:operator"))
    assert identify(by_bo.secret) is None


def test_nobody_hands_out_a_right_that_they_do_not_hold(bo: Player):
    answer = bo.api.post("tokens", {"name": "more", "scopes": ["people:manage"]})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "You do not have the right people:manage yourself."


def test_people_see_their_own_tokens_and_managers_see_all(bo: Player, root: Player, ana: Player):
    mine = bo.api.post("tokens", {"name": "mine", "scopes": ["incidents:read"]}).json()
    assert mine["stream"][6:] in [t["id"] for t in bo.api.get("tokens").json()["items"]]
    assert mine["stream"][6:] in [t["id"] for t in root.api.get("tokens").json()["items"]]
    assert mine["stream"][6:] not in [t["id"] for t in ana.api.get("tokens").json()["items"]]
    assert ana.api.get(mine["location"]).status_code == 404
    assert ana.api.post(mine["location"] + "/revoke").status_code == 404
    assert root.api.post(mine["location"] + "/revoke").status_code == 200


def test_the_last_use_is_noted_to_the_minute(sensor: Machine):
    sensor.api.get("me")
    first = TokenUse.objects.get(token_id=sensor.token.id).last_used_at
    sensor.api.get("me")
    assert TokenUse.objects.get(token_id=sensor.token.id).last_used_at == first
    with time_machine.travel(now() + timedelta(minutes=2)):
        sensor.api.get("me")
        assert TokenUse.objects.get(token_id=sensor.token.id).last_used_at > first


@pytest.mark.parametrize(
    "text", ["", "ds_", "ds_" + "A" * 42, "ds_" + "!" * 43, "é" * 46, "A" * 99]
)
def test_what_cannot_be_a_token_is_refused_without_a_look(stranger: Api, text: str):
    assert digest_of(text) is None


def test_secrets_are_random_and_recognisable():
    secrets = {new_secret().text for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(text) == 46 and text.startswith("ds_") for text in secrets)


def test_a_token_for_nothing_is_refused_as_the_guide_shows(bo: Player):
    answer = bo.api.post("tokens", {"name": "idle", "scopes": []})
    assert answer.json() == {
        "type": "urn:dropstitch:problem:invalid",
        "title": "The request cannot be understood",
        "status": 400,
        "detail": "scopes: This list may not be empty.",
        "code": "invalid",
        "errors": [{"field": "scopes", "code": "empty", "message": "This list may not be empty."}],
    }
