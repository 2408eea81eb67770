"""When a change began: the interval holds it as often as it says, and is no wider than it must be."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kinds import Point
from monitoring.onset import Onset, beginning, distribution, onset, shortest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT = 240


def series(seed: int, shape: str) -> tuple[np.ndarray, int]:
    """A change of one to four deviations under noise of any memory up to 0.8, and where it begins."""
    draw = np.random.default_rng(seed)
    memory, size = draw.uniform(0, 0.8), draw.uniform(1, 4)
    begins = int(draw.integers(60, COUNT - 20))
    noise = np.zeros(COUNT)
    noise[0] = draw.standard_normal()
    for n in range(1, COUNT):
        noise[n] = memory * noise[n - 1] + math.sqrt(1 - memory**2) * draw.standard_normal()
    since = np.arange(COUNT) - begins + 1.0
    rises = {"step": 1.0, "ramp": float(draw.integers(5, 60)), "growing": (COUNT - begins) / 2}
    course = np.clip(since / rises[shape], 0, None)
    if shape != "growing":
        course = np.minimum(course, 1)
    return 50 + 10 * (size * course + noise), begins


def measured(kinds: list[str], first: int = 0) -> tuple[float, float, int]:
    """Share of 200 intervals that hold, their median width, and the best constant width as often.

    That one is placed as well as can be around the same estimates, knowing the answers.
    """
    errors, widths, held = [], [], 0
    for seed in range(first, first + 200):
        values, begins = series(seed, kinds[seed % len(kinds)])
        found = beginning(values)
        assert found is not None
        errors.append(found.best - begins)
        widths.append(found.latest - found.earliest + 1)
        held += found.earliest <= begins <= found.latest
    errors.sort()
    constant = min(errors[n + held - 1] - errors[n] + 1 for n in range(201 - held))
    return held / 200, float(np.median(widths)), constant


@pytest.mark.parametrize("first", [0, 1000])
def test_the_intervals_hold_as_often_as_they_say_and_are_narrow(first: int) -> None:
    share, width, constant = measured(["step", "ramp", "growing"], first)
    assert 0.85 <= share <= 0.97
    assert width <= 2 * constant


@pytest.mark.parametrize("shape", ["step", "ramp", "growing"])
def test_each_shape_alone_holds_too(shape: str) -> None:
    share, width, constant = measured([shape])
    assert 0.85 <= share <= 0.97
    assert width <= 2 * constant


def test_a_jump_that_nobody_can_miss_is_placed_to_the_point() -> None:
    draw = np.random.default_rng(1)
    values = draw.standard_normal(200)
    values[150:] += 30
    found = beginning(values)
    assert found is not None
    assert (found.earliest, found.best, found.latest) == (150, 150, 150)
    assert found.probability > 0.99


def test_an_outlier_at_the_very_end_is_the_onset() -> None:
    values = np.random.default_rng(2).standard_normal(200)
    values[199] += 20
    found = beginning(values)
    assert found is not None
    assert found.best == found.latest == 199


def test_noise_without_a_change_gets_a_wide_interval() -> None:
    widths = []
    for seed in range(20):
        found = beginning(np.random.default_rng(seed).standard_normal(COUNT))
        assert found is not None
        widths.append(found.latest - found.earliest)
    assert np.median(widths) > COUNT / 3


def test_unit_and_zero_do_not_matter() -> None:
    values, _ = series(5, "step")
    one, other = beginning(values), beginning(values * 1024 - 2048)
    assert one is not None
    assert other is not None
    assert (one.best, one.earliest, one.latest) == (other.best, other.earliest, other.latest)
    assert one.probability == pytest.approx(other.probability)


def test_neither_few_points_nor_a_constant_have_an_onset() -> None:
    assert beginning([1.0, 2.0] * 5) is None
    assert beginning([3.0] * 50) is None
    assert beginning([0.0] * 50) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=60))
def test_the_chances_are_a_distribution(values: list[float]) -> None:
    chances = distribution(np.array(values))
    if chances is not None:
        assert chances[0] == 0
        assert np.all(chances >= 0)
        assert chances.sum() == pytest.approx(1)


def test_the_shortest_run_is_rounded_to_the_nearest_mass() -> None:
    assert shortest(np.array([0.0, 0.05, 0.9, 0.05]), 0.9) == (2, 2)
    # 0.88 is nearer to 0.9 than 1.0 is
    assert shortest(np.array([0.0, 0.88, 0.12, 0.0]), 0.9) == (1, 1)
    assert shortest(np.array([0.0, 0.7, 0.25, 0.05]), 0.9) == (1, 2)
    assert shortest(np.array([0.25] * 4), 0.9) == (0, 3)


def five_minutes(values: list[float]) -> list[Point]:
    return [Point(NOON + timedelta(minutes=5 * n), value) for n, value in enumerate(values)]


def test_the_interval_is_told_in_time_and_begins_with_the_last_point_as_before() -> None:
    values = [0.1 * (n * 37 % 11) for n in range(100)] + [50.0 + n % 3 for n in range(5)]
    at = [NOON + timedelta(minutes=5 * n) for n in (100, 99, 100)]
    assert onset(five_minutes(values)) == Onset(*at)


def test_a_days_pattern_is_no_change() -> None:
    draw = np.random.default_rng(4)
    values = [(80.0 if n % 288 >= 144 else 20.0) + draw.standard_normal() for n in range(4 * 288)]
    fault = 4 * 288 - 30
    values[fault:] = [value + 12 for value in values[fault:]]
    found = onset(five_minutes(values))
    assert found is not None
    assert found.best == NOON + timedelta(minutes=5 * fault)
    # The morning's rise is the largest change of the last day alone.
    without = onset(five_minutes(values)[-200:])
    assert without is not None
    assert without.best == NOON + timedelta(minutes=5 * (3 * 288 + 144))


def test_what_is_no_number_is_passed_over() -> None:
    read = five_minutes([0.1 * (n * 37 % 11) for n in range(100)] + [50.0])
    for value in (math.nan, math.inf, -1e300):
        hole = Point(read[40].time + timedelta(minutes=1), value)
        assert onset([*read[:41], hole, *read[41:]]) == onset(read)
