from __future__ import annotations

import gzip
import logging

import pytest
from django.test import Client, override_settings

from access.api.bodies import gunzip
from access.api.problems import TooLarge
from eventlog.core import uuid7
from tests.cast import Api, Player, api_with

pytestmark = pytest.mark.urls("tests.access.doors")
LAMP = f"/api/test/lamps/{uuid7()}"


def problem_of(answer) -> dict:
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:dropstitch:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return body


def test_bad_fields_are_named_one_by_one(bo: Player):
    answer = bo.api.post(LAMP, {"points": [{"watts": 3}, {"watts": 0}, {}]})
    body = problem_of(answer)
    assert (body["status"], body["code"]) == (400, "invalid")
    assert [(e["field"], e["code"]) for e in body["errors"]] == [
        ("points.1.watts", "min_value"),
        ("points.2.watts", "required"),
    ]
    assert body["detail"].startswith("points.1.watts: ")


@pytest.mark.parametrize(
    "body", ["{", "[1,", '{"points": NaN}', "[" * 5000, '{"a": "\\ud800"}', "\xff"]
)
def test_a_body_that_is_not_json_is_a_400(bo: Player, body: str):
    answer = bo.api.post(LAMP, body.encode("latin-1"), content_type="application/json")
    assert problem_of(answer)["code"] == "parse_error"


@pytest.mark.parametrize("body", ["[]", "3", "null", '"points"', '{"points": 3}'])
def test_json_of_another_shape_is_a_400(bo: Player, body: str):
    answer = bo.api.post(LAMP, body, content_type="application/json")
    assert problem_of(answer)["code"] == "invalid"


def test_another_media_type_is_a_415(bo: Player):
    answer = bo.api.post(LAMP, "<xml/>", content_type="text/xml")
    assert problem_of(answer)["status"] == 415


def test_an_answer_that_cannot_be_had_is_a_406_problem(bo: Player):
    assert problem_of(bo.api.get(LAMP, headers={"Accept": "image/png"}))["status"] == 406


def test_a_method_that_is_not_offered_is_a_405(bo: Player):
    answer = bo.api.delete("/api/v1/me")
    assert answer.status_code in {403, 405}
    assert problem_of(answer)


def test_nobody_is_a_401_and_the_wrong_one_a_403(stranger: Api, mallory: Player, db: None):
    nobody = stranger.get(LAMP)
    assert problem_of(nobody)["code"] == "not_authenticated"
    assert nobody["WWW-Authenticate"].startswith("Bearer")
    assert problem_of(api_with("log:read").get(LAMP))["code"] == "forbidden"
    assert problem_of(mallory.browser.get(LAMP))["status"] == 403


def test_an_address_that_is_none_of_ours_is_a_404_problem(stranger: Api):
    assert problem_of(stranger.get("/api/v1/nothing"))["code"] == "not_found"
    assert problem_of(stranger.post("/api/v7/incidents"))["code"] == "not_found"


def test_a_fault_of_ours_is_a_500_that_tells_no_secret(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.CRITICAL, "django.request")
    answer = Client(raise_request_exception=False).get("/api/test/broken")
    assert problem_of(answer)["code"] == "fault"
    assert b"secret detail" not in answer.content


def test_an_unknown_host_is_a_400(stranger: Api, caplog: pytest.LogCaptureFixture):
    answer = stranger.get("/api/v1/schema", headers={"Host": "evil.example"})
    assert problem_of(answer)["status"] == 400


def test_a_view_that_declares_nothing_is_closed_to_everybody(root: Player):
    assert problem_of(root.api.get("/api/test/undeclared"))["status"] == 403
    assert problem_of(root.browser.get("/api/test/undeclared"))["status"] == 403


def test_a_gzip_body_is_read(bo: Player):
    body = gzip.compress(b'{"points": [{"watts": 5}]}')
    headers = {"Content-Encoding": "gzip"}
    answer = bo.api.post(LAMP, body, content_type="application/json", headers=headers)
    assert answer.json() == {"points": [{"watts": 5}]}


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"not gzip", 400),
        ("gzip", gzip.compress(b"{}" * 99, mtime=0)[:-9], 400),
        ("br", b"{}", 415),
    ],
)
def test_a_body_in_a_wrong_encoding_is_refused(bo: Player, encoding: str, body: bytes, status: int):
    headers = {"Content-Encoding": encoding}
    answer = bo.api.post(LAMP, body, content_type="application/json", headers=headers)
    assert problem_of(answer)["status"] == status


def test_a_body_over_the_limit_is_a_413(bo: Player):
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        answer = bo.api.post(LAMP, {"points": [{"watts": 5}] * 200})
    assert problem_of(answer)["code"] == "too_large"


def test_a_gzip_bomb_is_stopped_at_the_limit():
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(TooLarge):
        gunzip(bomb, 1_000_000)
    with pytest.raises(TooLarge):
        gunzip(gzip.compress(bytes(600_000)) * 2, 1_000_000)
    assert len(gunzip(gzip.compress(bytes(600_000)) * 2, 1_200_000)) == 1_200_000
