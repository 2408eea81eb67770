"""Which classes of signals services have indicators of, and whose two views disagree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventlog.clock import now
from monitoring import coverage
from monitoring.signal_classes import Signal, signal_of
from tests.cast import Player


@pytest.mark.parametrize(
    ("kind", "series", "signal"),
    [
        ("threshold", "http_request_duration_seconds", Signal.LATENCY),
        ("burn_rate", "answers_within_150_ms", Signal.LATENCY),
        ("threshold", "requests_failed_total", Signal.ERRORS),
        ("anomaly", "requests_total", Signal.TRAFFIC),
        ("threshold", "cpu_share", Signal.SATURATION),
        ("threshold", "queue_length", Signal.SATURATION),
        ("anomaly", "click_through", Signal.MODEL_QUALITY),
        ("period_over_period", "revenue", Signal.BUSINESS),
        ("distribution_drift", "requests_total", Signal.MODEL_HEALTH),
        ("calibration", "predictions", Signal.MODEL_QUALITY),
        ("threshold", "temperature", None),
        ("threshold", "customs", None),
    ],
)
def test_kind_and_words_say_the_class(kind: str, series: str, signal: Signal | None) -> None:
    assert signal_of("", kind, series) == signal


def test_what_a_person_said_counts_before_all_else_and_the_series_before_the_name() -> None:
    assert signal_of("business", "calibration", "requests") == Signal.BUSINESS
    assert signal_of("", "threshold", "latency", "errors of checkout") == Signal.LATENCY
    assert signal_of("", "threshold", "x", "errors of checkout") == Signal.ERRORS


def watch(root: Player, series: str, *subjects: str, **more: Any) -> str:
    body = {"name": f"of {series}", "kind": "threshold", "series": series} | more
    made = root.api.post("monitors", body | {"parameters": {"value": 1}, "subjects": subjects})
    assert made.status_code == 201, made.data
    return str(made.data["stream"])


def test_a_service_lists_what_it_lacks(root: Player, olga: Player) -> None:
    latency = watch(root, "latency", "service:shop")
    watch(root, "errors", "service:shop", "model:ranker")
    watch(root, "temperature", "service:shop", signal="saturation")
    watch(root, "temperature", "service:fridge")
    root.api.post("entities", {"kind": "service", "name": "unwatched"})
    items = {each["ref"]: each for each in root.api.get("monitors/coverage").data["items"]}
    assert items["service:shop"]["missing"] == [
        *("traffic", "business", "model_health", "model_quality"),
    ]
    assert items["service:shop"]["indicators"]["latency"] == [
        {"ref": latency, "name": "of latency"}
    ]
    assert len(items["model:ranker"]["missing"]) == 6
    assert [each["name"] for each in items["service:fridge"]["unknown"]] == ["of temperature"]
    assert items["service:unwatched"]["missing"] == [
        *("latency", "traffic", "errors", "saturation", "business"),
    ]
    assert next(iter(items)) == "model:ranker", "what lacks most"
    assert len(root.api.get("monitors/coverage?search=FRIDGE").data["items"]) == 1
    page = olga.browser.get("/monitors/coverage").content.decode()
    assert "0 of 4 have an indicator of each class" in page


def test_an_objective_indicates_what_its_good_events_are(root: Player) -> None:
    source = {"good": {"series": "answers_within_150_ms"}, "total": {"series": "answers_total"}}
    settings = {"target": "0.999", "window": {"duration": "28d"}, "indicator": {"source": source}}
    body = {"key": "fast", "name": "Fast", "owner": "team:a", "subjects": ["service:shop"]}
    assert root.api.post("slos", body | {"settings": settings}).status_code == 201
    (covered,) = coverage.coverage("shop")
    assert [each.ref for each in covered.indicators[Signal.LATENCY] if "slo:" in each.ref] == [
        "slo:fast"
    ]


def test_a_class_that_there_is_not_is_refused(root: Player) -> None:
    body = {"name": "x", "kind": "threshold", "series": "x", "parameters": {"value": 1}}
    answer = root.api.post("monitors", body | {"signal": "vibes"})
    assert answer.status_code == 400
    assert "signal" in str(answer.data)


def test_two_views_of_one_thing_are_compared(root: Player) -> None:
    at = (now() - timedelta(minutes=1)).isoformat()
    points = [
        {"series": name, "labels": {"view": view, "country": "CH"}, "time": at, "value": value}
        for name, view, value in (
            *(("availability", "client", 0.80), ("availability", "server", 0.99)),
            *(("latency", "client", 1.05), ("latency", "server", 1.0)),
            ("alone", "client", 5.0),
        )
    ]
    assert root.api.post("measurements", points).status_code == 200
    (found,) = root.api.get("monitors/disagreements").data["items"]
    assert (found["name"], found["labels"]) == ("availability", {"country": "CH"})
    assert found["gap"] == pytest.approx(0.19 / 0.99)
    assert len(root.api.get("monitors/disagreements?tolerance=0").data["items"]) == 2
    for wrong in ("-1", "1", "nan", "much"):
        assert root.api.get(f"monitors/disagreements?tolerance={wrong}").status_code == 400
    assert "19.19 %" in root.browser.get("/monitors/coverage").content.decode()
