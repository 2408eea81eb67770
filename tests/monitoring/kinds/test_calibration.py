"""Observed over predicted, with an exact interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from monitoring.kinds.intervals import poisson
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

NOW = {"predicted": "expected_clicks", "delay": ""}


@pytest.mark.parametrize("count", [0, 1, 7, 1060])
def test_the_interval_ends_where_such_a_count_becomes_too_rare(count: int) -> None:
    lo, hi = poisson(count, 0.95)
    assert stats.poisson.cdf(count, hi) == pytest.approx(0.025)
    if count:
        assert stats.poisson.sf(count - 1, lo) == pytest.approx(0.025)


def test_sixty_too_many_of_a_thousand_may_be_chance() -> None:
    lo, hi = poisson(1060, 0.95)
    assert (round(lo / 1000, 3), round(hi / 1000, 3)) == (0.997, 1.126)
    kind = framed("calibration", **NOW, tolerance=0, confidence=0.95)
    assert look(kind, own=[track([1060])], predicted=[track([1000])]).exceeds is False


def test_the_whole_interval_must_be_outside_of_the_tolerance() -> None:
    kind = framed("calibration", **NOW, tolerance=0.05, confidence=0.95)
    limit = next(k for k in range(1000, 2000) if poisson(k, 0.95).lo / 1000 > 1.05)
    assert look(kind, own=[track([limit - 1])], predicted=[track([1000])]).exceeds is False
    assert look(kind, own=[track([limit])], predicted=[track([1000])]).exceeds is True
    low = next(k for k in range(1000, 0, -1) if poisson(k, 0.95).hi / 1000 < 0.95)
    assert look(kind, own=[track([low + 1])], predicted=[track([1000])]).exceeds is False
    assert look(kind, own=[track([low])], predicted=[track([1000])]).exceeds is True


def test_events_that_stay_away_are_found_though_there_is_none() -> None:
    kind = framed("calibration", **NOW)
    found = look(kind, own=[track([0])], predicted=[track([200])])
    assert (found.exceeds, found.value) == (True, 0)
    assert found.sentence.startswith("0 events happened, 0 times what was predicted (between 0 and")
    found = look(kind, own=[track([200])], predicted=[track([0])])
    assert (found.exceeds, found.sentence) == (True, "200 events happened, and none was predicted.")


def test_biases_that_cancel_are_found_in_their_buckets() -> None:
    kind = framed("calibration", **NOW, by="decile")
    assert kind.wanted(OURS)["predicted"].by == ("decile",)
    found = look(kind, own=counts(low=1400, high=600), predicted=counts(low=1000, high=1000))
    assert found.exceeds is True
    assert found.sentence.endswith("; of 3 ratios this is the furthest from 1.")
    assert " for high, " in found.sentence
    together = framed("calibration", **NOW)
    assert look(together, own=[track([2000])], predicted=[track([2000])]).exceeds is False


def test_a_small_bucket_is_not_judged_alone() -> None:
    kind = framed("calibration", **NOW, by="decile")
    found = look(kind, own=counts(a=1000, b=90), predicted=counts(a=1000, b=9))
    assert (found.exceeds, found.value) == (False, 1090 / 1009)


def test_predictions_whose_labels_are_still_coming_are_left_out() -> None:
    steady = {
        "own": [track([300, 300, 0, 0], step=1800)],
        "predicted": [track([300] * 4, step=1800)],
    }
    hasty = framed("calibration", predicted="p", delay="", window="2h")
    patient = framed("calibration", predicted="p", delay="1h", window="2h")
    assert look(hasty, **steady).exceeds is True
    assert look(patient, **steady).exceeds is False
    assert look(patient, **steady).n == 600


@pytest.mark.parametrize(("own", "predicted"), [([], []), ([5], []), ([], [500]), ([50], [99])])
def test_too_little_is_no_answer(own: list[float], predicted: list[float]) -> None:
    found = look(framed("calibration", **NOW), own=[track(own)], predicted=[track(predicted)])
    assert (found.exceeds, found.error) == (None, False)


def test_a_hundred_events_are_enough() -> None:
    found = look(framed("calibration", **NOW), own=[track([50])], predicted=[track([100])])
    assert found.exceeds is True


@pytest.mark.parametrize("bad", [-1, math.nan, math.inf])
def test_sums_that_cannot_be_are_an_error(bad: float) -> None:
    found = look(framed("calibration", **NOW), own=[track([bad])], predicted=[track([500])])
    assert (found.exceeds, found.error) == (None, True)


def test_two_of_three_bad_looks_open_a_breach() -> None:
    kind = framed("calibration", **NOW)
    read = [{"own": [track([k])], "predicted": [track([1000])]} for k in (1000, 1500, 1500, 1000)]
    assert [v.status for v in looks(kind, read)] == ["ok", "pending", "breached", "breached"]


def test_calibrated_predictions_are_left_alone() -> None:
    rng = np.random.default_rng(7)
    kind = framed("calibration", **NOW, by="bucket", tolerance=0, confidence=0.99)
    predicted = {f"b{number}": 150.0 + 40 * number for number in range(10)}
    frames = [
        (counts(**{key: rng.poisson(mean) for key, mean in predicted.items()}), counts(**predicted))
        for _ in range(300)
    ]
    false = sum(look(kind, own=own, predicted=means).exceeds is True for own, means in frames)
    assert false <= 9  # at most 1 % expected: P(more than 9 of 300) is 0.1 %


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "predicted"),
        ({"predicted": "x{"}, "predicted"),
        ({"predicted": "x", "delay": "soon"}, "delay"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("calibration", values)
    assert caught.value.field == field


WILD = framed("calibration", **NOW, by="decile", min_events=1)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {}).sentence
