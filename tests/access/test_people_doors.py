from __future__ import annotations

import pytest
from django.test import Client

from access.models import Person
from tests.access.test_sign_in import knock
from tests.cast import PASSWORD, Player

CLEO = {"sign_in_name": "Cleo", "display_name": "Cleo Knit", "email": "cleo@yarnit.example"}


def test_an_administrator_adds_somebody_who_can_sign_in_at_once(root: Player):
    answer = root.api.post(
        "people", {**CLEO, "role": "responder"}, headers={"Idempotency-Key": "c"}
    )
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert knock("cleo", body["password"]).status_code == 302
    person = root.api.get(answer["Location"]).json()
    assert (person["display_name"], person["role"]) == ("Cleo Knit", "responder")
    again = root.api.post("people", {**CLEO, "role": "responder"}, headers={"Idempotency-Key": "c"})
    assert again.json() == {**body, "repeated": True, "password": None}
    assert Person.objects.filter(sign_in_name="cleo").count() == 1


def test_somebody_without_a_role_may_do_nothing_yet(root: Player):
    person = root.api.post("people", CLEO).json()["location"]
    assert root.api.get(person).json()["role"] == "outsider"


def test_a_name_that_is_taken_is_a_conflict_with_a_sentence(root: Player, bo: Player):
    answer = root.api.post("people", {**CLEO, "sign_in_name": "BO"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "name_taken"


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("sign_in_name", "ana@yarnit.example", 409),
        ("sign_in_name", "two words", 409),
        ("display_name", "", 400),
        ("email", "nowhere", 400),
        ("time_zone", "Mars/Olympus", 400),
        ("role", "emperor", 400),
    ],
)
def test_somebody_who_cannot_be_is_refused_by_field(
    root: Player, field: str, value: str, status: int
):
    answer = root.api.post("people", {**CLEO, field: value})
    assert answer.status_code == status
    body = answer.json()
    assert (body.get("field") or body["errors"][0]["field"]) == field
    assert not Person.objects.filter(display_name="Cleo Knit").exists()


def test_addresses_are_for_those_who_manage_people(root: Player, olga: Player, bo: Player):
    def addresses(player: Player) -> set[str | None]:
        return {one["email"] for one in player.api.get("people").json()["items"]}

    assert "bo@yarnit.example" in addresses(root)
    assert addresses(olga) == {None, "olga@yarnit.example"}


def test_roles_are_granted_and_accounts_closed(root: Player, bo: Player):
    path = f"people/{bo.person.id}"
    assert root.api.post(f"{path}/role", {"role": "lead"}).json()["events"]
    assert root.api.post(f"{path}/role", {"role": "lead"}).json()["events"] == []
    assert bo.actor.role == "lead"
    assert bo.api.post(f"{path}/role", {"role": "admin"}).status_code == 403
    assert root.api.post(f"{path}/deactivate").status_code == 200
    assert knock("bo").status_code == 422
    assert root.api.post(f"{path}/role", {"role": "observer"}).json()["code"] == "inactive"
    nobody = "people/00000000-0000-0000-0000-000000000001"
    assert root.api.post(f"{nobody}/role", {"role": "lead"}).status_code == 404


def test_a_changed_password_keeps_this_session_and_ends_the_others(bo: Player):
    here, there = Client(), Client()
    knock("bo", client=here)
    knock("bo", client=there)
    wish = {"current": PASSWORD, "new": "yarn under tension"}
    answer = here.post("/api/v1/me/password", wish, "application/json")
    assert answer.status_code == 204
    assert here.get("/api/v1/me").status_code == 200
    assert there.get("/api/v1/me").status_code == 401
    assert knock("bo").status_code == 422
    assert knock("bo", "yarn under tension").status_code == 302


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"current": "wrong", "new": "yarn under tension"}, "current"),
        ({"current": PASSWORD, "new": "short"}, "new"),
        ({"current": PASSWORD, "new": "password1234"}, "new"),
    ],
)
def test_a_password_that_will_not_do_is_refused(bo: Player, wish: dict[str, str], field: str):
    answer = bo.browser.post("/api/v1/me/password", wish, "application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert knock("bo").status_code == 302


def test_a_token_does_not_change_its_owners_password(bo: Player):
    wish = {"current": PASSWORD, "new": "yarn under tension"}
    assert bo.api.post("me/password", wish).status_code == 403
