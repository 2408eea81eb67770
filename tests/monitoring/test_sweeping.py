"""Many monitors evaluated together say just what each says when it is evaluated by itself."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventlog.store import read_stream
from monitoring import evaluation, sweeping
from monitoring.kinds.threshold import Threshold
from monitoring.models import Band, Evaluation
from tests.cast import Api, machine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
KINDS: dict[str, dict[str, Any]] = {
    "threshold": {"value": 3, "needed": 1, "of": 1, "clear_after": 2},
    "absence": {"silence": 300},
    "robust_deviation": {},
    "anomaly": {},
}


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "monitors:write").api


def monitor(api: Api, name: str, kind: str, series: str, **more: Any) -> str:
    body = {"name": name, "kind": kind, "parameters": KINDS[kind], "series": series}
    response = api.post("monitors", body | more)
    assert response.status_code == 201, response.data
    return str(response.data["stream"].partition(":")[2])


def send(api: Api, points: list[tuple[str, float, float]]) -> None:
    body = [
        {"series": series, "time": (NOON + timedelta(minutes=minute)).isoformat(), "value": value}
        for series, minute, value in points
    ]
    response = api.post("measurements", body)
    assert response.status_code == 200, response.data


def values(seed: int, count: int) -> list[float]:
    """Noise with a leap now and then."""
    made = random.Random(seed)
    return [made.gauss(0, 1) + (8 if n % 97 > 90 else 0) for n in range(count)]


def told(monitor: str) -> dict[str, Any]:
    """All that an evaluation leaves behind, but for when and for whom."""
    row = Evaluation.objects.get(monitor=monitor)
    noted = ("state", "cursor", "seen", "status", "status_since", "breached", "verdict", "cadence")
    return {
        **{name: getattr(row, name) for name in noted},
        "checkpoints": row.checkpoints,
        "bands": list(
            Band.objects.filter(monitor=monitor).order_by("time").values("time", "lo", "hi")
        ),
        "events": [
            (record.type, record.occurred_at)
            for record in read_stream(f"monitor:{monitor}")
            if "breach" in record.type
        ],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_together_they_say_what_each_says_by_itself(
    api: Api, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, alone = monitor(api, "a", kind, "shared"), monitor(api, "b", kind, "shared")
    points = [("shared", float(n), v) for n, v in enumerate(values(7, 700))]
    swept = 0
    for number, start in enumerate(range(0, len(points), 25)):
        part = points[start : start + 25]
        # Now and then one comes late.
        send(api, part if number % 5 else [*part[:12], *part[13:]])
        if number % 5 == 1:
            send(api, [points[start - 13]])
        Evaluation.objects.filter(monitor=together).update(due_at=NOON)
        Evaluation.objects.filter(monitor=alone).update(due_at=FAR)
        swept += len(sweeping.sweep().rows)
        evaluation.evaluate_due()
        Evaluation.objects.filter(monitor=alone).update(due_at=NOON)
        Evaluation.objects.filter(monitor=together).update(due_at=FAR)
        assert evaluation.evaluate(UUID(alone))
    one, other = told(together), told(alone)
    for each in (one, other):
        # What a clock says depends on when it was asked.
        if kind == "absence":
            each["verdict"] = each["verdict"]["status"]
    assert one == other
    assert one["seen"] == len(points)
    assert swept > 0


def test_a_sweep_needs_as_many_statements_for_a_hundred_monitors_as_for_two(api: Api) -> None:
    def statements(names: list[str]) -> int:
        for name in names:
            monitor(api, name, "threshold", name)
        evaluation.evaluate_due()
        send(api, [(name, minute, 1.0) for name in names for minute in range(3)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(sweeping.sweep().rows) == len(names)
        return len(queries)

    assert statements(["a", "b"]) == statements([f"n{n}" for n in range(100)])


def test_an_error_in_one_leaves_the_others_alone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = monitor(api, "good", "threshold", "good"), monitor(api, "bad", "threshold", "bad")
    evaluation.evaluate_due()
    send(api, [("good", 0, 1.0), ("bad", 0, 1.0)])
    usual = Threshold.evaluate

    def break_at_ones_of_bad(self: Threshold, state: Any, points: Any, now: Any) -> Any:
        if self.value == 4:
            raise ArithmeticError("cannot")
        return usual(self, state, points, now)

    monkeypatch.setattr(Threshold, "evaluate", break_at_ones_of_bad)
    body = {"name": "bad", "kind": "threshold", "series": "bad", "parameters": {"value": 4}}
    assert api.post(f"monitors/{bad}/revise", body).status_code == 200
    evaluation.evaluate_due()
    assert Evaluation.objects.get(monitor=good).seen == 1
    failed = Evaluation.objects.get(monitor=bad)
    assert (failed.status, failed.failures, failed.error) == ("error", 1, "ArithmeticError: cannot")


def test_monitors_that_page_are_taken_first(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        monitor(api, name, "threshold", name)
    page = monitor(api, "page", "threshold", "page", urgency="page", severity=2)
    evaluation.evaluate_due()
    Evaluation.objects.update(due_at=NOON)
    Evaluation.objects.filter(monitor=page).update(due_at=NOON + timedelta(minutes=1))
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)
    assert [str(row.monitor) for row in sweeping.sweep().rows] == [page]
