"""GrowthBook's SDK as our client: what it is served, and that it agrees with us."""

from __future__ import annotations

import json
import random
import signal
from typing import Any

import httpx
import pytest
from growthbook import GrowthBook

from experiments.assignment import sealed
from experiments.serving.keys import decryption_key
from tests.cast import Player
from tests.experiments.serving.conftest import STAFF, TRIAL, Flags, until
from tests.experiments.serving.test_ofrep import EVALUATE
from tests.processes import Server


@pytest.fixture
def key(flags: Flags) -> str:
    """A key of an environment with a flag."""
    flags.create("button")
    flags.rules("button", STAFF, TRIAL)
    key = flags.sdk_key()
    flags.settle()
    return key


def test_the_payload_and_its_tag(key: str, flags: Flags, http: httpx.Client) -> None:
    first = http.get(f"/api/features/{key}")
    rules = first.json()["features"]["button"]["rules"]
    assert [rule["id"] for rule in rules] == ["staff", "test"]
    tag = {"If-None-Match": first.headers["ETag"]}
    assert http.get(f"/api/features/{key}", headers=tag).status_code == 304
    flags.turn("button", False)
    until(lambda: http.get(f"/api/features/{key}", headers=tag).status_code == 200)
    assert http.get(f"/api/features/{key}").json()["features"]["button"]["rules"] == []


def test_a_sealed_payload_is_opened_with_its_key(
    key: str, flags: Flags, http: httpx.Client
) -> None:
    closed = flags.sdk_key(encrypted=True)
    flags.settle()
    said = http.get(f"/api/features/{closed}").json()
    assert said["features"] == {}
    opened = sealed.decrypt(said["encryptedFeatures"], decryption_key(closed))
    assert opened is not None
    assert "button" in json.loads(opened)
    assert sealed.decrypt(said["encryptedFeatures"], decryption_key(key)) is None


def test_a_revoked_key_is_worth_nothing(key: str, bo: Player, http: httpx.Client) -> None:
    assert bo.api.post(f"sdk-keys/{key}/revoke").status_code == 200
    until(lambda: http.get(f"/api/features/{key}").status_code == 404)
    assert http.get("/api/features/sdk-unknown").json()["status"] == 404


def test_a_stream_brings_every_change(key: str, flags: Flags, http: httpx.Client) -> None:
    seen = []
    with http.stream("GET", f"/sub/{key}") as events:
        for line in events.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line[6:])["features"]["button"]["rules"])
                if len(seen) == 2:
                    break
                flags.turn("button", False)
    assert len(seen[0]) == 2
    assert seen[1] == []


def test_a_stream_ends_when_the_process_is_to_stop(
    key: str, server: Server, http: httpx.Client
) -> None:
    with http.stream("GET", f"/sub/{key}") as events:
        lines = events.iter_lines()
        next(lines)
        server.end(signal.SIGTERM)  # waits for the process, which waits for its answers
        assert list(lines)[-1] == ""
    server.start()


def test_evaluated_here_no_rule_leaves(key: str, http: httpx.Client) -> None:
    said = http.post(f"/api/eval/{key}", json={"attributes": {"id": "u1"}})
    button = said.json()["features"]["button"]
    assert button["defaultValue"] in ("a", "b")
    assert "staff" not in said.text
    assert button["rules"][0]["tracks"][0]["result"]["inExperiment"] is True
    forced = {"attributes": {"id": "u1"}, "forcedVariations": {"exp": 1}}
    assert http.post(f"/api/eval/{key}", json=forced).json()["features"]["button"] == {
        "defaultValue": "b"
    }
    assert http.post(f"/api/eval/{key}", json={"attributes": []}).status_code == 400
    assert http.get(f"/api/eval/{key}").status_code == 405


def sdk(payload: dict[str, Any], attributes: dict[str, Any]) -> GrowthBook:
    return GrowthBook(
        attributes=attributes, features=payload["features"], savedGroups=payload["savedGroups"]
    )


def test_the_sdk_fetches_from_us(key: str, server: Server) -> None:
    client = GrowthBook(api_host=server.origin, client_key=key, attributes={"id": "u1"})
    client.load_features()
    result = client.eval_feature("button")
    assert result.value in ("a", "b")
    assert client.eval_feature("nothing").source == "unknownFeature"
    client.set_attributes({"staff": True})
    assert client.get_feature_value("button", "") == "red"
    client.destroy()


def test_all_three_agree(flags: Flags, http: httpx.Client, server: Server) -> None:
    """The SDK in its own process, our answer by OFREP, and our answer by remote evaluation."""
    chance = random.Random(7)
    for number in range(8):
        flags.create(f"flag-{number}", "integer", 0)
        flags.rules(f"flag-{number}", *made_up(chance, number), default=0)
    key = flags.sdk_key()
    flags.settle()
    payload = http.get(f"/api/features/{key}").json()
    for number in range(25):
        attributes = {"id": f"ü{number}", "country": chance.choice("FSN"), "age": number}
        theirs = sdk(payload, attributes)
        remote = http.post(f"/api/eval/{key}", json={"attributes": attributes}).json()["features"]
        bulk = http.post(EVALUATE, json={"context": attributes}).json()["flags"]
        ours = {one["key"]: one["value"] for one in bulk}
        for flag in payload["features"]:
            value = theirs.get_feature_value(flag, None)
            assert (value, value) == (ours[flag], remote[flag]["defaultValue"]), (flag, attributes)


def made_up(chance: random.Random, number: int) -> list[dict[str, Any]]:
    """Rules of every shape: targeted, rolled out, and split with weights and coverage."""
    share = round(chance.random(), 2)
    return [
        {
            "id": "target",
            "force": 1,
            "condition": {"country": {"$in": ["F", "N"]}, "age": {"$gt": number}},
        },
        {"id": "some", "force": 2, "coverage": share / 2, "seed": f"seed {number}"},
        {
            "id": "split",
            "key": f"exp-{number}",
            "variations": [3, 4, 5],
            "weights": [0.2, 0.3, 0.5],
            "coverage": share,
            "seed": f"s{number}",
        },
    ]
