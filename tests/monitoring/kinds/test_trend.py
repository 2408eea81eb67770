"""A change too slow for a median that learns again and again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kinds import BadParameter, Verdict, make
from tests.monitoring.kinds.frames import framed, frames, look, looks, track


def days(*values: float, **parameters: object) -> list[Verdict]:
    """A verdict a day, of days of equal values."""
    kind = framed("trend", **parameters)
    return looks(kind, [{"own": [track([value] * 24, step=3_600.0)]} for value in values])


def noisy(count: int, seed: int = 2, mean: float = 100.0, sd: float = 3.0) -> list[float]:
    return np.random.default_rng(seed).normal(mean, sd, count).tolist()


def statuses(verdicts: list[Verdict]) -> str:
    return "".join({"no_data": "n"}.get(v.status, v.status[0]) for v in verdicts)


def test_the_first_stretches_are_learnt_and_kept() -> None:
    said = days(*noisy(20), reference=14)
    assert statuses(said) == "n" * 14 + "o" * 6
    assert said[13].sentence == "Learning what is usual: 14 of 14 stretches."
    assert {v.expected for v in said[14:]} == {float(np.median(noisy(20)[:14]))}


def test_an_outage_that_grows_over_weeks_is_found() -> None:
    creeping = [value - 0.4 * day for day, value in enumerate(noisy(45, seed=5))]
    said = days(*noisy(28), *creeping)
    first = statuses(said).index("b")
    assert 28 < first < 28 + 30
    assert "it has been below for so long" in said[first].sentence


def test_the_sum_is_pages_and_no_day_adds_more_than_four() -> None:
    learnt = [99.0, 101.0] * 7
    said = days(*learnt, 102.0, 500.0, limit=1_000, reference=14, slack=0.5)
    scale = 1.4826
    first = (102 - 100) / max(scale, 2.0) - 0.5
    assert said[14].score == pytest.approx(first)
    assert said[15].score == pytest.approx(first + 4 - 0.5)


@pytest.mark.parametrize("seed", range(12))
def test_noise_alone_opens_nothing_for_months(seed: int) -> None:
    assert "b" not in statuses(days(*noisy(200, seed=seed)))


def test_a_single_wild_day_is_no_trend() -> None:
    assert "b" not in statuses(days(*noisy(32), 10_000, *noisy(20, seed=3)))


def test_it_is_over_some_time_after_it_went_back() -> None:
    said = statuses(days(*noisy(28), *[70.0] * 10, *noisy(60, seed=3)))
    assert "b" in said
    assert said.endswith("o")


def test_too_few_points_and_no_numbers_are_no_data_and_teach_nothing() -> None:
    kind = framed("trend")
    assert look(kind, own=[track([1.0] * 9)]).exceeds is None
    found = look(kind, own=[track([math.nan] * 50)])
    assert (found.exceeds, found.memory) == (None, None)
    assert look(kind).exceeds is None


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed("trend", min_points=1)
    learnt = data.draw(st.sampled_from([{}, {"learnt": [1.0] * 28}, {"learnt": [-1e300] * 28}]))
    assert look(kind, learnt, **data.draw(frames(kind))).sentence.endswith(".")


def test_a_bad_parameter_is_refused_by_name() -> None:
    with pytest.raises(BadParameter) as refused:
        make("trend", {"reference": 3})
    assert refused.value.field == "reference"
