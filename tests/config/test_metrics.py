from __future__ import annotations

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from tests.cast import Machine, Player, api_with, bearer

pytestmark = pytest.mark.django_db
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def count(text: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "dropstitch_request_seconds_count"
        and labels.items() <= sample.labels.items()
    )


def exposed() -> str:
    return Client().get("/metrics").content.decode()


def test_requests_are_counted_by_the_name_of_their_route():
    labels = {"route": "api-token", "method": "GET", "status": "401"}
    before = count(exposed(), **labels)
    Client().get("/api/v1/tokens/00000000-0000-0000-0000-000000000001")
    Client().get("/api/v1/tokens/00000000-0000-0000-0000-000000000002")
    text = exposed()
    assert count(text, **labels) == before + 2
    assert "00000000-0000" not in text


@pytest.mark.django_db
def test_addresses_and_methods_that_are_not_ours_make_no_new_series():
    labels = {"route": "unknown", "method": "OTHER"}
    before = count(exposed(), **labels)
    Client().generic("BREW", "/coffee/1")
    Client().generic("STEEP", "/tea/2")
    text = exposed()
    assert count(text, **labels) == before + 2
    assert "coffee" not in text
    assert "BREW" not in text


def test_strangers_elsewhere_see_nothing(sensor: Machine, olga: Player):
    assert Client().get("/metrics", **ELSEWHERE).status_code == 403
    assert sensor.api.get("/metrics", **ELSEWHERE).status_code == 403
    assert olga.browser.get("/metrics", **ELSEWHERE).status_code == 403
    assert bearer("ds_" + "A" * 43).get("/metrics", **ELSEWHERE).status_code == 403


def test_who_may_read_metrics_sees_them_from_anywhere(ana: Player, db: None):
    assert ana.browser.get("/metrics", **ELSEWHERE).status_code == 200
    assert api_with("metrics:read").get("/metrics", **ELSEWHERE).status_code == 200


def test_a_proxy_on_this_machine_makes_nobody_local():
    answer = Client().get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 403
