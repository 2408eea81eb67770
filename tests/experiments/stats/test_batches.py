"""Batch calls over arrays of moments are the scalar tests, row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from experiments.stats import cuped, proportions, ratios, sequential, welch
from experiments.stats.moments import JointMoments, Moments
from experiments.stats.results import Cannot, Effect

CHANCE = np.random.default_rng(11)
ROWS = 300
CLOSE = 1e-12


def singles() -> np.ndarray:
    n = CHANCE.integers(2, 10_000, ROWS)
    return np.column_stack([n, CHANCE.normal(3, 2, ROWS), CHANCE.gamma(2, 2, ROWS)])


def joints() -> np.ndarray:
    known, spread = CHANCE.gamma(3, 1, ROWS), CHANCE.gamma(3, 1, ROWS)
    covariance = CHANCE.uniform(-0.95, 0.95, ROWS) * np.sqrt(known * spread)
    n, x, y = CHANCE.integers(2, 5_000, ROWS), CHANCE.normal(2, 1, ROWS), CHANCE.gamma(9, 1, ROWS)
    return np.column_stack([n, x, spread, y, known, covariance])


def single(row: np.ndarray) -> Moments:
    return Moments.of_variance(int(row[0]), float(row[1]), float(row[2]))


def joint(row: np.ndarray) -> JointMoments:
    n, x, variance_x, y, variance_y, covariance = map(float, row)
    one = Moments.of_variance(int(n), x, variance_x)
    other = Moments.of_variance(int(n), y, variance_y)
    return JointMoments(one, other, covariance * (n - 1))


Scalar = Callable[[Any, Any], Any]


@pytest.mark.parametrize(
    ("many", "one", "draw", "read"),
    [
        (welch.batch, welch.welch, singles, single),
        (welch.batch_relative, welch.welch_relative, singles, single),
        (ratios.batch, ratios.ratio, joints, joint),
        (ratios.batch_relative, ratios.ratio_relative, joints, joint),
        (cuped.batch, lambda a, b: cuped.cuped(a, b).absolute, joints, joint),
    ],
)
def test_each_row_is_the_scalar_test(
    many: Scalar, one: Scalar, draw: Callable[[], np.ndarray], read: Callable[[np.ndarray], Any]
) -> None:
    control, treatment = draw(), draw()
    found = many(control, treatment)
    for row in range(ROWS):
        alone = one(read(control[row]), read(treatment[row]))
        assert isinstance(alone, Effect)
        theirs = (alone.effect, alone.se, alone.statistic, alone.df, alone.p_value)
        names = ("effect", "se", "t", "df", "p_value")
        assert [found[name][row] for name in names] == pytest.approx(theirs, rel=CLOSE, abs=CLOSE)
        ends = (found["lo"][row], found["hi"][row])
        assert ends == pytest.approx(alone.interval, rel=CLOSE, abs=CLOSE)


def test_looks_are_the_scalar_looks() -> None:
    control, treatment = singles(), singles()
    treatment[: ROWS // 2, 1] = control[: ROWS // 2, 1] + 0.05
    control[:3, 0] = sequential.FEWEST - 1
    found = sequential.batch(control, treatment, planned=2_000)
    for row in range(ROWS):
        alone = sequential.sequential(single(control[row]), single(treatment[row]), planned=2_000)
        if isinstance(alone, Cannot):
            assert np.isnan([found[name][row] for name in ("effect", "p_value", "lo")]).all()
            continue
        effect = alone.effect
        theirs = (effect.effect, effect.se, effect.lo, effect.hi, alone.upper, alone.lower)
        names = ("effect", "se", "lo", "hi", "upper", "lower")
        assert [found[name][row] for name in names] == pytest.approx(theirs, rel=CLOSE, abs=CLOSE)
        assert found["p_value"][row] == pytest.approx(effect.p_value, rel=CLOSE, abs=CLOSE)


def test_counts_are_the_scalar_counts() -> None:
    n, m = CHANCE.integers(5, 3_000, (2, ROWS))
    control = np.column_stack([CHANCE.binomial(n, 0.04), n]).astype(float)
    treatment = np.column_stack([CHANCE.binomial(m, 0.05), m]).astype(float)
    found = proportions.batch(control, treatment)
    seen = set()
    for row in range(ROWS):
        arms = [(int(arm[row, 0]), int(arm[row, 1])) for arm in (control, treatment)]
        alone = proportions.effect_of(arms[0], arms[1])
        if isinstance(alone, Cannot):
            assert np.isnan([found[name][row] for name in found]).all()
            continue
        seen.add(alone.method)
        ends = (found["lo"][row], found["hi"][row])
        assert ends == pytest.approx(alone.interval, rel=CLOSE, abs=CLOSE)
        theirs = confint_proportions_2indep(*arms[1], *arms[0], method="newcomb")
        assert ends == pytest.approx(theirs, rel=1e-9, abs=CLOSE)
        p = alone.p_value if alone.method == "pooled z" else np.nan
        assert found["p_value"][row] == pytest.approx(p, rel=CLOSE, abs=CLOSE, nan_ok=True)
    assert len(seen) == 2


@pytest.mark.parametrize("many", [welch.batch, welch.batch_relative, sequential.batch])
def test_rows_that_cannot_be_tested_are_nan(many: Scalar) -> None:
    fine = np.array([30.0, 1.0, 2.0])
    control = np.array([[1.0, 1.0, 2.0], [30.0, 1.0, 0.0], fine])
    treatment = np.array([fine, [30.0, 1.0, 0.0], fine])
    found = many(control, treatment)
    assert np.isnan(found["p_value"]).tolist() == [True, True, False]
    assert np.isnan(found["lo"]).tolist() == [True, True, False]


def test_a_share_of_nothing_is_nan() -> None:
    zero, fine = np.array([[10.0, 0.0, 2.0]]), np.array([[10.0, 1.0, 2.0]])
    assert np.isnan(welch.batch_relative(zero, fine)["p_value"]).all()
    empty = np.array([[10.0, 1.0, 2.0, 0.0, 1.0, 0.0]])
    assert np.isnan(ratios.batch(empty, empty)["p_value"]).all()
