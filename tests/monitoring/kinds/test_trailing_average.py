"""Slices beside what is usual for them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Track
from monitoring.kinds.trailing_average import Slice, _judged, _poisson
from tests.monitoring.kinds.frames import framed, frames, look, track

HOURS = 4 * 7 * 24


def partner(
    name: str, usual: float = 1_000, now: float = 1.0, seed: int = 1, noise: float = 0.05
) -> Track:
    """Counts an hour with a season of the day, the last one times `now`."""
    chance = np.random.default_rng([seed, *name.encode()])
    hours = np.arange(HOURS + 1)
    values = (
        usual * (1.5 + np.sin(hours / 24 * 2 * np.pi)) * np.exp(chance.normal(0, noise, HOURS + 1))
    )
    counts = chance.poisson(values).astype(float)
    counts[-1] = round(counts[-1] * now)
    return track(counts, name, step=3_600.0)


def judged(*tracks: Track, **parameters: object) -> Finding:
    return look(framed("trailing_average", by="partner", **parameters), own=tracks)


@pytest.mark.parametrize("seed", range(5))
def test_as_usual_is_fine_for_fifty_partners_of_any_size(seed: int) -> None:
    tracks = [partner(f"p{n}", usual=2 * 1.15**n, seed=seed) for n in range(50)]
    found = judged(*tracks)
    assert found.exceeds is False
    assert found.n == 50
    assert found.sentence.endswith("which is nothing unusual, the oddest of 50 slices.")


@pytest.mark.parametrize("now", [0.4, 0.0, 2.5])
def test_one_partner_with_far_more_or_less_is_named(now: float) -> None:
    tracks = [partner(f"p{n}") for n in range(20)]
    found = judged(*tracks, partner("knit", now=now))
    assert found.exceeds is True
    assert found.sentence.startswith("knit: ")
    assert found.expected == pytest.approx(1_500, rel=0.1)


def test_most_of_them_together_are_told_once() -> None:
    found = judged(*(partner(f"p{n}", now=0.3) for n in range(10)))
    assert found.exceeds is True
    assert found.sentence.startswith("all: ")
    assert found.sentence.endswith("10 of 10 slices moved alike.")


def test_the_same_hour_of_the_week_is_usual_and_not_the_mean() -> None:
    # A count that is three times as large at this hour of each week is nothing unusual.
    values = np.full(HOURS + 1, 1_000.0)
    values[:: 7 * 24] = 3_000.0
    found = judged(track(values, "a", step=3_600.0))
    assert (found.exceeds, found.expected) == (False, 3_000)


def test_a_young_slice_is_judged_by_its_days_and_then_by_what_there_is() -> None:
    week = np.full(6 * 24 + 1, 500.0)
    assert judged(track([*week[:-1], 100.0], "a", step=3_600.0)).exceeds is True
    assert judged(track([100.0, 110.0, 10.0], "a", step=3_600.0)).expected == 105


def test_few_are_judged_as_poisson_counts() -> None:
    for count, mean in ((0, 4.0), (3, 10.0), (25, 10.0)):
        below, above = stats.poisson.cdf(count, mean), stats.poisson.sf(count - 1, mean)
        assert _poisson(count, mean) == pytest.approx(min(1.0, 2 * min(below, above)))
    assert judged(partner("a", usual=2, now=0)).exceeds is False


def test_what_is_little_known_is_judged_by_the_spread_of_all() -> None:
    calm = [Slice((f"s{n}",), 1e6, 1e6, 0.1) for n in range(9)]
    wild = Slice(("wild",), 50, 50, 3.0)
    assert _judged([*calm, wild])[-1].spread == pytest.approx((50 * 3 + 28 * 0.1) / 78)


def test_only_the_direction_that_is_looked_for_matters() -> None:
    assert judged(partner("a", now=3), direction="down").exceeds is False
    assert judged(partner("a", now=3), direction="up").exceeds is True


def test_nothing_known_and_impossible_counts() -> None:
    assert judged().exceeds is None
    assert judged(track([5.0], "a")).exceeds is None
    for bad in (-1.0, math.nan, math.inf):
        assert judged(track([1.0, bad], "a", step=3_600.0)).error is True


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed("trailing_average", by=data.draw(st.sampled_from(["", "slice"])), stretch="1m")
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"stretch": "7m"}, "stretch"), ({"stretch": "2d"}, "stretch"), ({"weeks": 0}, "weeks")],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("trailing_average", wrong)
    assert refused.value.field == field
