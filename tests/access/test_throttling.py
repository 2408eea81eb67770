from __future__ import annotations

import pytest

from access.api import throttling
from access.api.throttling import REMEMBERED, Buckets
from tests.cast import Api, Machine


def test_a_bucket_gives_its_burst_and_then_its_rate():
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 0.0) == pytest.approx(0.5)
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5) == pytest.approx(0.5)
    assert [buckets.take("a", 100.0) for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]


def test_one_caller_does_not_empty_the_bucket_of_another():
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take("a", 0.0) == 0
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("b", 0.0) == 0


def test_callers_long_gone_are_forgotten():
    buckets = Buckets(rate=1, burst=1)
    for number in range(REMEMBERED + 10):
        buckets.take(str(number), 0.0)
    assert len(buckets._levels) == REMEMBERED


def test_a_runaway_client_is_told_when_to_come_back(
    sensor: Machine, stranger: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttling, "_known", Buckets(rate=0.1, burst=2))
    assert [sensor.api.get("me").status_code for _ in range(3)] == [200, 200, 429]
    answer = sensor.api.get("me")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 10
