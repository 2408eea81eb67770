from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from access.commands import DeactivatePerson
from access.models import SignInAttempt
from access.people import end_sessions, set_password
from access.sign_in import LOCKED_FOR, PER_ADDRESS, PER_NAME
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context
from tests.cast import PASSWORD, Player

BY = Context.by


def knock(name: str, password: str = PASSWORD, client: Client | None = None, **extra: str):
    form = {"sign_in_name": name, "password": password}
    return (client or Client()).post("/sign-in", form, **extra)


@pytest.mark.parametrize(
    "name", ["ana", "ANA ", "Ａｎａ", "ana@yarnit.example", "ANA@YarnIt.example"]
)
def test_people_sign_in_with_their_name_or_address(ana: Player, name: str):
    answer = knock(name)
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_every_refusal_reads_the_same(ana: Player, bo: Player):
    store.execute(DeactivatePerson(person=str(bo.person.id), at=now()), BY("system:operator"))
    said = {knock("ana", "wrong").content, knock("nobody").content, knock("bo").content}
    cleaned = {text.split(b"csrfmiddlewaretoken")[0] for text in said}
    assert len(cleaned) == 1
    assert knock("ana", "wrong").status_code == 422


def test_a_locked_account_refuses_the_right_password_until_it_has_rested(ana: Player):
    for _ in range(PER_NAME):
        knock("ana", "wrong")
    assert knock("ana").status_code == 422
    with time_machine.travel(now() + LOCKED_FOR + timedelta(seconds=1)):
        assert knock("ana").status_code == 302


def test_success_forgets_the_failures_before_it(ana: Player):
    for _ in range(3):
        for _ in range(PER_NAME - 1):
            knock("ana", "wrong")
        assert knock("ana").status_code == 302


def test_one_address_that_tries_many_names_is_locked_out_and_others_are_not(ana: Player):
    for number in range(PER_ADDRESS):
        knock(f"guess{number}", REMOTE_ADDR="192.0.2.7")
    assert knock("ana", REMOTE_ADDR="192.0.2.7").status_code == 422
    assert knock("ana", REMOTE_ADDR="192.0.2.8").status_code == 302


def test_what_was_typed_as_a_name_is_not_kept(ana: Player):
    knock("hunter2-typed-in-the-wrong-field")
    assert "hunter2" not in str(SignInAttempt.objects.values())


def test_the_session_is_a_new_one_after_signing_in(ana: Player):
    client = Client()
    client.session.save()
    client.cookies["sessionid"] = client.session.session_key or "planted-by-somebody"
    before = client.cookies["sessionid"].value
    knock("ana", client=client)
    assert client.cookies["sessionid"].value != before


def test_ending_sessions_signs_out_everywhere(ana: Player):
    here, there = Client(), Client()
    knock("ana", client=here)
    knock("ana", client=there)
    end_sessions(BY(ana.ref), ana.person)
    assert [c.get("/api/v1/me").status_code for c in (here, there)] == [401, 401]


def test_a_new_password_ends_the_sessions_of_the_old_one(ana: Player):
    client = Client()
    knock("ana", client=client)
    set_password(BY(ana.ref), ana.person, "another long password")
    assert client.get("/api/v1/me").status_code == 401
    assert knock("ana", "another long password").status_code == 302


def test_signing_out_everywhere_is_a_post_of_ones_own(ana: Player):
    here, there = Client(), Client()
    knock("ana", client=here)
    knock("ana", client=there)
    assert here.get("/sign-out-everywhere").status_code == 405
    assert here.post("/sign-out-everywhere")["Location"] == "/sign-in"
    assert there.get("/api/v1/me").status_code == 401


def test_signing_out_ends_only_this_session(ana: Player):
    here, there = Client(), Client()
    knock("ana", client=here)
    knock("ana", client=there)
    here.post("/sign-out")
    assert here.get("/api/v1/me").status_code == 401
    assert there.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/incidents?open=1", "/incidents?open=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_never_leads_elsewhere(ana: Player, wanted: str, given: str):
    form = {"sign_in_name": "ana", "password": PASSWORD, "next": wanted}
    assert Client().post("/sign-in", form)["Location"] == given


def test_a_form_without_its_csrf_token_is_refused(ana: Player):
    client = Client(enforce_csrf_checks=True)
    assert knock("ana", client=client).status_code == 403
