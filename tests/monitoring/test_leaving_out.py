"""The kinds that learn pass over the time in which something went on outside."""

from __future__ import annotations

import random
from datetime import UTC, timedelta
from typing import Any

import numpy as np
import pytest

from eventlog.followers import catch_up
from eventlog.sealer import seal_once
from monitoring import evaluation
from monitoring.kinds import Point, make
from monitoring.kinds.framed import Framed, Track
from monitoring.kinds.outside import marked, within
from monitoring.models import Evaluation
from tests.cast import Api, machine
from tests.monitoring.kinds.series import NOON, judge

HOUR = timedelta(hours=1)
QUICK: dict[str, dict[str, Any]] = {
    "anomaly": {"window": 48, "probation": 48, "refresh": 12},
    "robust_deviation": {"window": 48, "probation": 100, "refresh": 12, "rarity": 2.0},
}


def hours(values: list[float]) -> list[Point]:
    return [Point(NOON + HOUR * n, value) for n, value in enumerate(values)]


def feast(level: float = 30.0) -> list[Point]:
    """Ten days around 100 by the hour, two of a feast, and ten more."""
    draw = random.Random(3)
    usual = [100 + draw.gauss(0, 1) for _ in range(480)]
    return hours([*usual[:240], *(level + draw.gauss(0, 1) for _ in range(48)), *usual[240:]])


@pytest.mark.parametrize("kind", QUICK)
def test_what_is_left_out_leaves_no_trace(kind: str) -> None:
    made, points = make(kind, QUICK[kind]), feast()
    apart = marked(points, [(points[240].time, points[287].time)])
    state, verdicts = made.evaluate(made.start(), apart, NOON)
    without, others = made.evaluate(made.start(), [*points[:240], *points[288:]], NOON)
    assert state == without
    assert [v for v in verdicts if v.status != "no_data"] == others
    assert [v.value for v in verdicts[240:288]] == [p.value for p in points[240:288]]
    assert {v.status for v in verdicts[240:288]} == {"no_data"}
    assert "breached" in {v.status for v in judge(made, points)}


def test_intervals_may_overlap_and_touch() -> None:
    points = hours([0.0] * 8)
    at = [point.time for point in points]
    found = marked(points, [(at[4], at[5]), (at[1], at[2]), (at[2], at[2]), (at[1], at[1])])
    assert [point.left_out for point in found] == [n in (1, 2, 4, 5) for n in range(8)]
    assert marked(points, []) == points


@pytest.mark.parametrize(("time", "is_within"), [(-1, 0), (4, 0), (5, 1), (6, 1), (8, 0), (10, 0)])
def test_a_time_is_within_if_the_steps_around_it_say_so(time: float, is_within: int) -> None:
    steps = Track((), np.array([0.0, 5.0, 7.0, 10.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    assert within(steps, np.array([time])).tolist() == [bool(is_within)]


def frame(**tracks: list[float]) -> dict[str, list[Track]]:
    times = NOON.timestamp() - 60.0 * np.arange(59, -1, -1)
    return {role: [Track((), times, np.array(values))] for role, values in tracks.items()}


def look(kind: str, shown: dict[str, list[Track]], **values: Any) -> Any:
    made = make(kind, {"leave_out": "holiday", **values})
    assert isinstance(made, Framed)
    return made.look(shown, NOON, {})


def test_residuals_of_a_feast_teach_no_scale() -> None:
    usual = [10 + 0.1 * (n * 37 % 11) for n in range(60)]
    observed = [100.0 if n < 35 else value for n, value in enumerate(usual)]
    shown = frame(own=observed, expected=[10.0] * 60)
    outside = frame(outside=[float(n < 35) for n in range(60)])
    learn = {"learn": 20, "expected": "forecast"}
    apart = look("expected_observed", shown | outside, **learn)
    assert apart.n == 5
    assert apart.hi < 20 < look("expected_observed", shown, **learn).hi


def test_stretches_of_a_feast_are_not_usual() -> None:
    times = NOON.timestamp() - 6.0 * np.arange(599, -1, -1)
    values = np.random.default_rng(5).normal(np.repeat([50.0, 10.0], [400, 200]), 1)
    own = {"own": [Track((), times, values)]}
    outside = frame(outside=[float(n < 40) for n in range(60)])
    asked = {"window": "1m", "stretches": 59, "min_mean": 2}
    found, with_it = (look("stability", each, **asked) for each in (own | outside, own))
    assert (found.exceeds, with_it.exceeds) == (False, True)
    assert with_it.expected == pytest.approx(50, abs=1)


def test_a_stretch_of_a_feast_is_no_part_of_a_trend() -> None:
    shown = frame(own=[100.0] * 60)
    assert "Learning" in look("trend", shown, every="1h").sentence
    found = look("trend", shown | frame(outside=[0.0] * 30 + [1.0] * 30), every="1h")
    assert (found.exceeds, found.memory) == (None, None)
    assert "left out" in found.sentence


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "measurements:read", "monitors:write").api


def monitor(api: Api, points: list[Point]) -> str:
    body = [{"series": "n", "time": str(p.time.isoformat()), "value": p.value} for p in points]
    assert api.post("measurements", body).status_code == 200
    values = QUICK["robust_deviation"] | {"leave_out": "weather, holiday"}
    told = {"name": "N", "kind": "robust_deviation", "parameters": values, "series": "n"}
    response = api.post("monitors", told)
    assert response.status_code == 201, response.data
    return str(response.data["stream"].partition(":")[2])


def state() -> dict[str, Any]:
    evaluation.evaluate_due()
    return dict(Evaluation.objects.get().state)


def test_what_is_noted_afterwards_is_unlearnt_and_what_is_withdrawn_is_learnt(api: Api) -> None:
    points = feast()
    monitor(api, points)
    learnt = state()
    start, end = (points[n].time.astimezone(UTC) for n in (240, 287))
    feast_day = {"title": "Feast", "category": "holiday", "since": start, "until": end}
    path = api.post("happenings", feast_day).data["location"].removeprefix("/api/v1/")
    seal_once()
    catch_up(["monitoring.learn_again"])
    made = make("robust_deviation", QUICK["robust_deviation"])
    without, _ = made.evaluate(made.start(), [*points[:240], *points[288:]], NOON)
    assert state() == without != learnt
    assert api.post(f"{path}/withdraw", {"reason": "It was not"}).status_code == 200
    seal_once()
    catch_up(["monitoring.learn_again"])
    assert state() == learnt
