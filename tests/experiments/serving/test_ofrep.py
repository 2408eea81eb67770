"""OpenFeature's protocol, by its own description and by its own client."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, TargetingKeyMissingError, TypeMismatchError
from openfeature.flag_evaluation import Reason

from access.rights import Actor
from experiments.serving.doors import FlagDoors
from experiments.serving.keeper import Keeper
from experiments.serving.wire import Rate
from tests.cast import Machine, machine
from tests.experiments.serving.conftest import STAFF, TRIAL, Flags, until
from tests.processes import Server
from tests.shared import SHARED, needs

OPENAPI = "oracles/experiments/ofrep_openapi_0.3.0.yaml"
EVALUATE = "/ofrep/v1/evaluate/flags"


@pytest.fixture
def served(flags: Flags) -> Flags:
    """Flags of every kind."""
    flags.create("button")
    flags.create("switch", "boolean", True)
    flags.create("count", "integer", 3)
    flags.create("share", "float", 1.0)
    flags.create("look", "object", {"rows": [1, 2]})
    flags.create("off")
    flags.rules("button", STAFF, TRIAL)
    flags.turn("off", False)
    flags.settle()
    return flags


def ask(http: httpx.Client, flag: str, **context: Any) -> Any:
    return http.post(f"{EVALUATE}/{flag}", json={"context": context}).json()


@pytest.mark.usefixtures("served")
def test_reasons_and_variants(http: httpx.Client) -> None:
    assert ask(http, "button", staff=True)["reason"] == "TARGETING_MATCH"
    split = ask(http, "button", targetingKey="u1")
    assert split["reason"] == "SPLIT"
    assert split["value"] in ("a", "b")
    assert split["variant"] in ("0", "1")
    assert split["metadata"]["experiment"] == "exp"
    assert ask(http, "switch") | {"metadata": {}} == {
        "key": "switch",
        "value": True,
        "reason": "STATIC",
        "variant": "default",
        "metadata": {},
    }
    assert ask(http, "off")["reason"] == "DISABLED"
    assert b'"value":1.0' in http.post(f"{EVALUATE}/share", json={}).content


@pytest.mark.usefixtures("served")
def test_the_tag_is_never_another_contexts(http: httpx.Client, flags: Flags) -> None:
    def bulk(tag: str = "", **context: Any) -> httpx.Response:
        headers = {"If-None-Match": tag} if tag else {}
        return http.post(EVALUATE, json={"context": context}, headers=headers)

    first = bulk(targetingKey="u1")
    tag = first.headers["ETag"]
    assert bulk(tag, targetingKey="u1").status_code == 304
    assert bulk(tag, targetingKey="u2").status_code == 200
    assert bulk(tag, targetingKey="u1", staff=True).status_code == 200
    flags.turn("off")
    until(lambda: bulk(tag, targetingKey="u1").status_code == 200)


def schema(name: str) -> dict[str, Any]:
    """A shape of the protocol's description, in two places as its words have it.

    It wants exactly one kind of value to fit, while a whole number fits two and the kind for
    answers without a value fits all: read to the letter, no answer with a value would be valid.
    """
    components = yaml.safe_load((SHARED / OPENAPI).read_text())["components"]
    success = components["schemas"]["evaluationSuccess"]["allOf"]
    success[1] = {"anyOf": success[1]["oneOf"]}
    components["schemas"]["codeDefaultFlag"]["not"] = {"required": ["value"]}
    return {"$ref": f"#/components/schemas/{name}", "components": components}


@needs(OPENAPI)
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("path", "body", "status", "shape"),
    [
        *(
            (f"/{flag}", {"context": {"targetingKey": "u"}}, 200, "serverEvaluationSuccess")
            for flag in ("button", "switch", "count", "share", "look", "off")
        ),
        ("/button", {"context": {}}, 400, "evaluationFailure"),
        ("/button", {"context": []}, 400, "evaluationFailure"),
        ("/button", {"context": {"targetingKey": 3}}, 400, "evaluationFailure"),
        ("/button", [], 400, "evaluationFailure"),
        ("/nothing", {"context": {}}, 404, "flagNotFound"),
        ("", {"context": {"targetingKey": "u"}}, 200, "bulkEvaluationSuccess"),
        ("", {"context": {}}, 200, "bulkEvaluationSuccess"),
        ("", {"context": 1}, 400, "bulkEvaluationFailure"),
    ],
)
def test_every_answer_is_as_the_protocol_describes(
    http: httpx.Client, path: str, body: Any, status: int, shape: str
) -> None:
    said = http.post(EVALUATE + path, json=body)
    assert said.status_code == status
    jsonschema.validate(said.json(), schema(shape))


@pytest.mark.usefixtures("served")
def test_what_is_no_json(http: httpx.Client) -> None:
    said = http.post(f"{EVALUATE}/button", content=b"{")
    assert (said.status_code, said.json()["errorCode"]) == (400, "PARSE_ERROR")
    assert http.post(f"{EVALUATE}/button", content=b" " * 300_000).status_code == 413
    assert http.get(f"{EVALUATE}/button").status_code == 405


def test_who_may_not(server: Server) -> None:
    sensor = machine("measurements:write")
    for secret, status in (("", 401), ("ds_" + "x" * 43, 401), (sensor.secret, 403)):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        said = httpx.post(f"{server.origin}{EVALUATE}/x", json={}, headers=headers, timeout=20)
        assert (said.status_code, said.content) == (status, b"")


async def test_too_much_is_told_to_come_again() -> None:
    doors = FlagDoors(None, Keeper())
    doors._rate = Rate(0.001, burst=1_000)
    asker = Actor("token:t", "shop", frozenset({"flags:evaluate"}))
    assert doors._refusal(asker) is None
    refused = doors._refusal(asker)
    assert refused is not None
    assert refused.status == 429
    assert dict(refused.headers)[b"retry-after"] == b"1"
    other = Actor("token:u", "other", frozenset({"flags:evaluate"}))
    assert doors._refusal(other) is None


@pytest.mark.usefixtures("served")
def test_its_own_client(server: Server, evaluator: Machine) -> None:
    provider = OFREPProvider(
        server.origin, headers_factory=lambda: {"X-API-Key": evaluator.secret}, timeout=20
    )
    somebody = EvaluationContext("u1")
    assert provider.resolve_boolean_details("switch", False).value is True
    assert provider.resolve_integer_details("count", 0).value == 3
    assert provider.resolve_float_details("share", 0.0).value == 1.0
    assert provider.resolve_object_details("look", {}).value == {"rows": [1, 2]}
    assert provider.resolve_string_details("button", "", somebody).reason == Reason.SPLIT
    with pytest.raises(FlagNotFoundError):
        provider.resolve_string_details("nothing", "", somebody)
    with pytest.raises(TargetingKeyMissingError):
        provider.resolve_string_details("button", "")
    with pytest.raises(TypeMismatchError):
        provider.resolve_boolean_details("button", False, somebody)


@pytest.mark.usefixtures("served")
def test_changes_are_told(http: httpx.Client, flags: Flags) -> None:
    (stream,) = http.post(EVALUATE, json={"context": {}}).json()["eventStreams"]
    with http.stream("GET", stream["endpoint"]["requestUri"]) as events:
        flags.turn("off")
        for line in events.iter_lines():
            if line.startswith("data: "):
                assert json.loads(line[6:])["type"] == "refetchEvaluation"
                break
    assert http.get("/ofrep/v1/events?ticket=forged").status_code == 401
