"""Moments hold where sums of squares lose every digit, in any order and batching."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.stats.moments import BLOCK, JointMoments, Moments, grouped, merged

NUMBERS = st.floats(-1e6, 1e6)


def test_what_is_far_from_zero_keeps_its_variance() -> None:
    values = 1e8 + np.random.default_rng(1).normal(size=10_000)
    parts = [Moments.of(part) for part in np.array_split(values, 97)]
    assert merged(parts).variance == pytest.approx(np.var(values - 1e8, ddof=1), rel=1e-7)
    naive = Moments.of_sums(len(values), float(values.sum()), float((values**2).sum()))
    assert abs(naive.variance - 1) > 0.1  # as anybody keeps them who keeps raw sums


@given(values=st.lists(NUMBERS, min_size=2), data=st.data())
def test_any_order_and_any_batching(values: list[float], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(values))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5)))
    parts = [Moments.of(part) for part in np.split(np.array(shuffled), cuts)]
    together, whole = merged(parts), Moments.of(values)
    assert together.n == whole.n
    assert together.mean == pytest.approx(whole.mean, abs=1e-6)
    assert together.m2 == pytest.approx(whole.m2, rel=1e-9, abs=1e-3)


@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2), cut=st.integers(0, 50))
def test_co_moments_merge(pairs: list[tuple[float, float]], cut: int) -> None:
    x, y = np.array(pairs).T
    parts = [JointMoments.of(x[:cut], y[:cut]), JointMoments.of(x[cut:], y[cut:])]
    assert merged(parts).c == pytest.approx(JointMoments.of(x, y).c, rel=1e-9, abs=1e-2)


def test_arrays_of_different_units_are_refused() -> None:
    with pytest.raises(ValueError, match="same units"):
        JointMoments.of([1.0], [1.0, 2.0])


def test_rows_in_any_order_are_the_moments_of_each_group() -> None:
    chance = np.random.default_rng(3)
    groups = chance.choice(np.array([0, 1, 3], dtype=np.int8), 3 * BLOCK + 17)
    values = 1e8 + chance.normal(size=groups.size)
    found = grouped(groups, values, 5)
    for group, moments in enumerate(found):
        alone = Moments.of(values[groups == group])
        assert moments.n == alone.n
        assert moments.mean == pytest.approx(alone.mean, rel=1e-14)
        assert moments.m2 == pytest.approx(alone.m2, rel=1e-8)
    assert found[2] == found[4] == Moments()
    assert grouped(groups[:0], values[:0], 2) == [Moments(), Moments()]


@pytest.mark.parametrize("groups", [[0, 2], [-1, 0], [0]])
def test_rows_of_no_group_are_refused(groups: list[int]) -> None:
    with pytest.raises(ValueError, match="group"):
        grouped(np.array(groups), [1.0, 2.0], 2)
