from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from tests.cast import Api


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_description_is_valid_and_complete(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "api.yml"))


def test_the_description_is_served(stranger: Api):
    answer = stranger.get("schema")
    assert yaml.safe_load(answer.content)["info"]["title"] == "Dropstitch"
    assert stranger.get("schema?format=json").json()["openapi"].startswith("3.")


def test_every_operation_describes_its_problems(schema: dict[str, Any]):
    for path, method, operation in operations(schema):
        responses = operation["responses"]
        assert {"400", "401", "403", "429"} <= set(responses), f"{method} {path}"
        assert ("404" in responses) == ("{" in path), f"{method} {path}"
        for status, response in responses.items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]


def test_every_operation_names_the_right_it_needs(schema: dict[str, Any]):
    for path, method, operation in operations(schema):
        assert "Needs the right `" in operation["description"], f"{method} {path}"


def test_every_operation_takes_a_token_or_a_session(schema: dict[str, Any]):
    assert set(schema["components"]["securitySchemes"]) == {"token", "session"}
    for path, method, operation in operations(schema):
        assert {"token": []} in operation["security"], f"{method} {path}"


def test_commands_take_an_idempotency_key(schema: dict[str, Any]):
    issue = schema["paths"]["/api/v1/tokens"]["post"]
    assert {"Idempotency-Key", "If-Match"} <= {p["name"] for p in issue["parameters"]}
    assert "201" in issue["responses"]


def test_lists_are_paged(schema: dict[str, Any]):
    listing = schema["paths"]["/api/v1/tokens"]["get"]
    assert {"cursor", "limit"} <= {parameter["name"] for parameter in listing["parameters"]}
