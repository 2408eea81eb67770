"""Gaps between groups."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from monitoring.kinds import BadParameter, make
from monitoring.kinds.fairness_gap import MEASURES, ratio_of_rates
from monitoring.kinds.framed import Finding, Frame
from monitoring.kinds.intervals import newcombe
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON


def between(parts: dict[str, float], totals: dict[str, float], **values: Any) -> Finding:
    """What is found for groups with these counts."""
    kind = framed("fairness_gap", total="t", **values)
    return look(kind, own=counts(**parts), total=counts(**totals))


@pytest.mark.parametrize(
    ("first", "second"), [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((10, 10), (0, 20))]
)
def test_the_interval_is_that_of_newcombe(first: Any, second: Any) -> None:
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert newcombe(first, second, 0.95) == pytest.approx(expected, abs=1e-9)


def test_the_example_of_the_paper() -> None:
    lo, hi = newcombe((56, 70), (48, 80), 0.95)
    assert (round(lo, 4), round(hi, 4)) == (0.0524, 0.3339)  # Newcombe, 1998, table II, (a), 10


def test_the_bounds_of_a_ratio_are_where_such_counts_become_too_rare() -> None:
    lo, hi = ratio_of_rates((30, 10.0), (20, 12.0), 0.95)
    assert stats.binom.sf(29, 50, lo * 10 / (lo * 10 + 12)) == pytest.approx(0.025)
    assert stats.binom.cdf(30, 50, hi * 10 / (hi * 10 + 12)) == pytest.approx(0.025)


def test_a_gap_must_be_larger_than_tolerated_beyond_chance() -> None:
    limit = next(k for k in range(500, 1001) if newcombe((k, 1000), (500, 1000), 0.999).lo > 0.1)
    totals = {"a": 1000.0, "b": 1000.0}
    assert between({"a": limit - 1, "b": 500}, totals).exceeds is False
    found = between({"a": limit, "b": 500}, totals)
    assert (found.exceeds, found.n) == (True, 2)
    assert found.sentence.startswith(
        f"Of 2 groups a and b are furthest apart: {limit / 10:g} % are selected beside 50 %"
    )
    assert between({"b": limit, "a": 500}, totals).exceeds is True


def test_the_same_everywhere_is_no_gap() -> None:
    found = between({"a": 300, "b": 600, "c": 900}, {"a": 1000, "b": 2000, "c": 3000})
    assert (found.exceeds, found.value, found.score) == (False, 0, 0)


def test_small_groups_are_not_judged_and_said() -> None:
    found = between({"a": 50, "b": 50, "c": 0}, {"a": 100, "b": 100, "c": 99})
    assert (found.exceeds, found.n) == (False, 2)
    assert found.sentence.endswith(" Too small to be judged: 1.")
    assert between({"a": 50, "b": 1}, {"a": 100, "b": 99}).exceeds is None


def test_a_group_of_which_nobody_is_selected_is_found() -> None:
    assert between({"a": 500}, {"a": 1000, "b": 1000}).exceeds is True


def test_calibration_is_compared_as_a_ratio() -> None:
    expected = {"a": 1000.0, "b": 500.0}
    same = between({"a": 1100, "b": 550}, expected, measure="calibration")
    assert same.exceeds is False
    found = between({"a": 1000, "b": 800}, expected, measure="calibration")
    assert (found.exceeds, found.value) == (True, pytest.approx(0.6))
    assert "1.6 times what was predicted happens beside 1 times" in found.sentence
    never = between({"a": 1000}, expected, measure="calibration")
    assert (never.exceeds, never.value) == (True, None)


@pytest.mark.parametrize(
    ("parts", "totals", "error"),
    [
        ({}, {}, False),
        ({"a": 5}, {"a": 500}, False),
        ({"a": 501, "b": 5}, {"a": 500, "b": 500}, True),
        ({"a": -1, "b": 5}, {"a": 500, "b": 500}, True),
        ({"c": 5}, {"a": 500, "b": 500}, True),
        ({"a": math.nan, "b": 5}, {"a": 500, "b": 500}, True),
    ],
)
def test_too_little_and_impossible_counts_are_no_answer(
    parts: dict[str, float], totals: dict[str, float], error: bool
) -> None:
    found = between(parts, totals)
    assert (found.exceeds, found.error) == (None, error)


def test_many_equal_groups_are_left_alone() -> None:
    rng = np.random.default_rng(31)
    totals = {f"g{number}": 400.0 for number in range(20)}
    false = 0
    for _ in range(60):
        parts = {key: float(rng.binomial(400, 0.3)) for key in totals}
        false += between(parts, totals, tolerance=0, confidence=0.99).exceeds is True
    assert false <= 4  # at most 1 % expected: P(more than 4 of 60) is 0.04 %


def test_two_of_three_bad_looks_open_a_breach() -> None:
    kind = framed("fairness_gap", total="t")
    assert kind.wanted(OURS)["total"].by == ("group",)
    bad = {"own": counts(a=900, b=100), "total": counts(a=1000, b=1000)}
    assert [v.status for v in looks(kind, [bad, bad])] == ["pending", "breached"]
    assert look(kind, own=[], total=[track([], "a")]).exceeds is None


def test_a_series_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadParameter) as caught:
        make("fairness_gap", {"total": "{"})
    assert caught.value.field == "total"


WILD = [framed("fairness_gap", total="t", measure=measure, min_group=1) for measure in MEASURES]


@given(frames(WILD[0]))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    for kind in WILD:
        assert kind.look(frame, NOON, {}).sentence
