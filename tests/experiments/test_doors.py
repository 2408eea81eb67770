"""The REST doors of flags: what is served follows, and who may not is refused."""

from __future__ import annotations

from typing import Any

import pytest

from experiments import queries
from experiments.assignment.compiled import Configuration
from experiments.assignment.subjects import Subject
from tests.cast import Player, machine

FLAG = {"flag": "button", "kind": "string", "default": "blue", "owner": "team:shop"}
RULE = {"id": "staff", "condition": {"staff": True}, "force": "red"}
PRODUCTION = {"environment": "production"}


@pytest.fixture
def flag(bo: Player) -> str:
    assert bo.api.post("flags", FLAG).status_code == 201
    return "flags/button"


def value(**attributes: Any) -> Any:
    payload = queries.payload("production")
    return Configuration(payload).evaluate("button", Subject(attributes)).value


def test_from_off_to_on_and_back(flag: str, bo: Player, olga: Player) -> None:
    change = {**PRODUCTION, "default": "green", "rules": [RULE]}
    assert bo.api.post(f"{flag}/rules", change).status_code == 200
    assert value(staff=True) == "green"
    assert bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True}).status_code == 200
    assert value(staff=True) == "red"
    assert bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": False}).status_code == 200
    assert value(staff=True) == "green"
    assert bo.api.post(f"{flag}/roll-back", {**PRODUCTION, "revision": 1}).status_code == 200
    assert value(staff=True) == "blue"
    seen = olga.api.get(flag).json()
    assert seen["environments"][0]["revision"] == 3
    assert seen["environments"][0]["enabled"] is False


def test_the_revision_grows_with_every_change(flag: str, bo: Player) -> None:
    before = queries.revision("production")
    bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True})
    members = {"attribute": "id", "values": ["u1", "u2"]}
    assert bo.api.post("flag-groups/beta", members).status_code == 200
    assert queries.revision("production") == before + 2
    assert queries.revision("staging") == 1


def test_a_rule_in_a_layer_reaches_only_its_segments(flag: str, bo: Player) -> None:
    assert bo.api.post("layers", {"layer": "checkout", "size": 100}).status_code == 201
    trial = {"id": "t", "key": "exp", "variations": ["a", "b"], "layer": "checkout"}
    bo.api.post(f"{flag}/rules", {**PRODUCTION, "default": "blue", "rules": [trial]})
    bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True})
    people = [{"id": f"u{n}"} for n in range(400)]
    assert {value(**one) for one in people} == {"blue"}
    allocate = {"experiment": "exp", "segments": 30}
    assert bo.api.post("layers/checkout/allocate", allocate).status_code == 200
    inside = [one for one in people if value(**one) != "blue"]
    assert 80 < len(inside) < 160
    bo.api.post("layers", {"layer": "nobody", "size": 2, "is_holdout": True})
    bo.api.post("layers/nobody/allocate", {"experiment": "holdout", "segments": 1})
    still = [one for one in people if value(**one) != "blue"]
    assert 0 < len(still) < len(inside)
    assert all(one in inside for one in still)


def test_two_must_agree(flag: str, bo: Player, ana: Player) -> None:
    described = {"owner": "team:shop", "needs_approval": True}
    assert bo.api.post(f"{flag}/describe", described).status_code == 200
    change = {**PRODUCTION, "default": "green", "rules": []}
    bo.api.post(f"{flag}/rules", change)
    assert value() == "blue"
    (proposal,) = bo.api.get(flag).json()["proposals"]
    approve = f"{flag}/proposals/{proposal['id']}/approve"
    refused = bo.api.post(approve)
    assert refused.status_code == 409
    assert refused.json()["code"] == "own_proposal"
    assert ana.api.post(approve).status_code == 200
    assert value() == "green"


def test_a_held_flag_is_left_alone_and_can_still_be_turned_off(
    flag: str, bo: Player, ana: Player
) -> None:
    bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True})
    hold = {"entity": "flag:button", "reason": "incident:7", "sentence": "Sales are falling."}
    location = ana.api.post("holds", hold).json()["location"]
    change = {**PRODUCTION, "default": "green", "rules": []}
    refused = bo.api.post(f"{flag}/rules", change)
    assert refused.status_code == 409
    assert refused.json()["code"] == "held"
    assert "incident:7" in refused.json()["detail"]
    assert value() == "blue"
    assert bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": False}).status_code == 200
    assert bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True}).status_code == 409
    assert ana.api.post(f"{location}/lift", {"why": "over"}).status_code == 200
    assert bo.api.post(f"{flag}/rules", change).status_code == 200


def test_a_freeze_of_the_environment_holds_all_its_flags(
    flag: str, bo: Player, ana: Player
) -> None:
    freeze = {
        "entity": "environment:production",
        "reason": "calendar:sale",
        "sentence": "The big sale.",
    }
    assert ana.api.post("holds", freeze).status_code == 201
    assert bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True}).status_code == 409


def test_the_simulator_says_why(flag: str, bo: Player, olga: Player) -> None:
    bo.api.post(f"{flag}/turn", {**PRODUCTION, "enabled": True})
    asked = {**PRODUCTION, "attributes": {"id": "u1"}, "default": "blue", "rules": [RULE]}
    said = olga.api.post(f"{flag}/simulate", asked).json()
    assert said["value"] == "blue"
    assert said["steps"] == [{"index": 0, "rule": "staff", "reason": "the condition does not hold"}]
    wrong = {**asked, "rules": [{"id": "x", "force": 3}]}
    assert olga.api.post(f"{flag}/simulate", wrong).status_code == 409


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("flags", FLAG | {"flag": "other"}),
        ("flags/button/turn", {**PRODUCTION, "enabled": True}),
        ("flag-groups/beta", {"attribute": "id", "values": []}),
        ("layers", {"layer": "checkout"}),
        ("sdk-keys", {"environment": "production", "name": "web"}),
    ],
)
def test_who_may_not(
    flag: str, olga: Player, mallory: Player, address: str, body: dict[str, Any]
) -> None:
    assert olga.api.post(address, body).status_code == 403
    assert mallory.api.post(address, body).status_code in (401, 403)
    assert mallory.api.get("flags").status_code in (401, 403)


def test_what_is_not_there_is_not_found(bo: Player) -> None:
    assert bo.api.get("flags/nothing").status_code == 404
    assert bo.api.post("flags/nothing/turn", {**PRODUCTION, "enabled": True}).status_code == 404
    assert bo.api.post("layers/nothing/release", {"experiment": "x"}).status_code == 404


def test_what_was_done_stays_said_though_it_could_not_be_done_again(
    flag: str, bo: Player, ana: Player
) -> None:
    first, second = ({"Idempotency-Key": f"change-{n}"} for n in (1, 2))
    change = {**PRODUCTION, "default": "red", "rules": []}
    done = bo.api.post(f"{flag}/rules", change, headers=first)
    members = {"attribute": "id", "values": ["u1"]}
    bo.api.post("flag-groups/beta", members)
    removed = bo.api.post("flag-groups/beta/remove", headers=second)
    bo.api.post("flag-groups/beta", members)
    rule = {"id": "beta", "condition": {"id": {"$inGroup": "beta"}}, "force": "red"}
    bo.api.post(f"{flag}/rules", {**change, "rules": [rule]})
    hold = {"entity": "environment:production", "reason": "calendar:sale", "sentence": "The sale."}
    assert ana.api.post("holds", hold).status_code == 201
    assert bo.api.post(f"{flag}/rules", change).status_code == 409
    assert bo.api.post("flag-groups/beta/remove").status_code == 409
    for address, body, key, before in (
        (f"{flag}/rules", change, first, done),
        ("flag-groups/beta/remove", {}, second, removed),
    ):
        again = bo.api.post(address, body, headers=key)
        assert (before.status_code, again.status_code) == (200, 200)
        assert again.json()["version"] == before.json()["version"]


@pytest.mark.parametrize(
    "condition",
    [
        {"id": {"$inGroup": "beta"}},
        {"$not": {"$or": [{"id": {"$notInGroup": "beta"}}]}},
        {"$savedGroup": {"id": "beta"}},
    ],
)
def test_a_rule_means_a_segment_that_exists_and_stays(
    flag: str, bo: Player, condition: dict[str, Any]
) -> None:
    rule = {"id": "beta", "condition": condition, "force": "red"}
    change = {**PRODUCTION, "default": "blue", "rules": [rule]}
    refused = bo.api.post(f"{flag}/rules", change)
    assert (refused.status_code, refused.json()["code"]) == (409, "unknown_group")
    outer = bo.api.post("flag-groups/outer", {"condition": condition})
    assert (outer.status_code, outer.json()["code"]) == (409, "unknown_group")
    members = {"attribute": "id", "values": ["u1"]}
    assert bo.api.post("flag-groups/beta", members).status_code == 200
    assert bo.api.post("flag-groups/outer", {"condition": condition}).status_code == 200
    assert bo.api.post("flag-groups/beta/remove").json()["code"] == "in_use"
    assert bo.api.post("flag-groups/outer/remove").status_code == 200
    assert bo.api.post(f"{flag}/rules", change).status_code == 200
    assert bo.api.post("flag-groups/beta/remove").json()["code"] == "in_use"
    assert bo.api.post(f"{flag}/roll-back", {**PRODUCTION, "revision": 1}).status_code == 200
    assert bo.api.post("flag-groups/beta/remove").status_code == 200
    back = bo.api.post(f"{flag}/roll-back", {**PRODUCTION, "revision": 2})
    assert (back.status_code, back.json()["code"]) == (409, "unknown_group")


def exposure(unit: str, variation: str, minute: int, **more: Any) -> dict[str, Any]:
    time = f"2026-11-03T16:{minute:02d}:00Z"
    return {"experiment": "exp", "unit": unit, "variation": variation, "time": time, **more}


@pytest.fixture
def sender(db: None) -> Any:
    return machine("exposures:write").api


def test_the_first_exposure_counts_in_whatever_order_they_come(sender: Any, olga: Player) -> None:
    said = [exposure("u1", "a", 5), exposure("u2", "b", 1), exposure("u1", "a", 9)]
    assert sender.post("exposures", said).json()["accepted"] == 2
    again = sender.post("exposures", said).json()
    assert (again["accepted"], again["known"]) == (0, 3)
    sender.post("exposures", [exposure("u1", "b", 2)])
    counts = olga.api.get("exposures/exp/counts").json()["items"]
    assert counts == [{"phase": "0", "variation": "b", "units": 2, "several": 1}]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time": "2026-11-03T16:00:00"}, "time"),
        ({"time": "2999-01-01T00:00:00Z"}, "time"),
        ({"unit": ""}, "unit"),
        ({"unit": 3}, "unit"),
        ({"probability": 0}, "probability"),
        ({"attributes": []}, "attributes"),
        ({"group": "x"}, "group"),
        ({"experiment": "a/b"}, "experiment"),
    ],
)
def test_a_bad_exposure_is_named_and_the_good_ones_kept(
    sender: Any, wrong: dict[str, Any], field: str
) -> None:
    said = sender.post("exposures", [exposure("u1", "a", 1), exposure("u2", "a", 1) | wrong])
    assert said.status_code == 200
    assert said.json()["accepted"] == 1
    (error,) = said.json()["errors"]
    assert (error["index"], error["field"]) == (1, field)
