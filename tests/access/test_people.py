from __future__ import annotations

import pytest

from access.commands import AddPerson, DeactivatePerson, GrantRole
from access.events import PersonAdded, PersonDeactivated, RoleGranted
from access.models import Person
from access.people import add_person
from eventlog import store
from eventlog.clock import now
from eventlog.core import Conflict, Context
from eventlog.testing import given
from tests.access.test_sign_in import knock
from tests.cast import Player, player

NOON = now()
BO = PersonAdded(
    person="bo", role="responder", time_zone="UTC", sign_in_name="bo", display_name="Bo"
)


def test_an_account_is_added_once():
    add = AddPerson(person="bo", sign_in_name="bo", display_name="Bo", role="responder", at=NOON)
    given().when(add).then(BO)
    given(BO).when(add).refused("exists")


def test_a_role_is_granted_once_and_says_what_it_was():
    grant = GrantRole(person="bo", role="lead", at=NOON)
    outcome = given(BO).when(grant).then(RoleGranted(person="bo", role="lead", before="responder"))
    assert outcome.state.role == "lead"
    given(BO, RoleGranted(person="bo", role="lead", before="responder")).when(grant).then()
    given(BO).when(GrantRole(person="bo", role="emperor", at=NOON)).refused("unknown_role")


def test_a_closed_account_gets_no_role():
    close = DeactivatePerson(person="bo", at=NOON)
    given(BO).when(close).then(PersonDeactivated(person="bo"))
    given(BO, PersonDeactivated(person="bo")).when(close).then()
    given().when(close).refused("unknown")
    grant = GrantRole(person="bo", role="lead", at=NOON)
    given(BO, PersonDeactivated(person="bo")).when(grant).refused("inactive")


def test_a_sign_in_name_belongs_to_one_account(bo: Player):
    with pytest.raises(Conflict, match="taken") as refusal:
        player("BO", "admin", email="")
    assert refusal.value.code == "name_taken"
    assert Person.objects.count() == 1


def test_names_and_addresses_are_ciphertext_in_the_log(bo: Player, owner):
    (record,) = store.read_stream(bo.ref)
    assert "yarnit" not in record.text
    assert record.event.email == "bo@yarnit.example"
    assert record.event.role == "responder"


def test_a_role_change_is_in_force_with_the_next_request(bo: Player):
    assert bo.browser.get("/api/v1/tokens").status_code == 200
    demote = GrantRole(person=str(bo.person.id), role="observer", at=now())
    store.execute(demote, Context.by("system:operator"))
    assert bo.browser.get("/api/v1/tokens").status_code == 403


def test_a_deactivated_account_is_signed_out(bo: Player):
    assert bo.browser.get("/api/v1/me").status_code == 200
    close = DeactivatePerson(person=str(bo.person.id), at=now())
    store.execute(close, Context.by("system:operator"))
    assert bo.browser.get("/api/v1/me").status_code == 401


def test_an_account_without_a_password_cannot_sign_in(db: None):
    service = add_person(Context.by("system:operator"), "pipeline", role="service")
    assert knock(service.sign_in_name, "").status_code == 422
    assert knock(service.sign_in_name, "anything").status_code == 422
