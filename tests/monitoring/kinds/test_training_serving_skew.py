"""The same examples in training and in serving."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from statsmodels.stats.proportion import proportion_confint

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Frame
from monitoring.kinds.intervals import wilson
from tests.monitoring.kinds.frames import OURS, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

RNG = np.random.default_rng(21)
VALUES = RNG.gamma(2, 10, 200)


def beside(serving: Any, training: Any = VALUES, **values: Any) -> Finding:
    """What is found for one feature with these values in serving."""
    kind = framed("training_serving_skew", training="t", window="1d", **values)
    return look(kind, own=[track(serving, "age")], training=[track(training, "age")])


def test_the_interval_is_that_of_wilson() -> None:
    for hits, of in ((0, 50), (3, 50), (50, 50), (487, 500)):
        expected = proportion_confint(hits, of, alpha=0.01, method="wilson")
        assert wilson(hits, of, 0.99) == pytest.approx(expected, abs=1e-12)


def test_equal_values_match() -> None:
    found = beside(VALUES * (1 + 1e-9))
    assert (found.exceeds, found.value, found.n) == (False, 1, 200)
    assert found.sentence == "100 % of 200 values of age are in serving what they are in training."


def test_the_share_of_matches_must_be_too_low_beyond_chance() -> None:
    limit = next(k for k in range(200, 0, -1) if wilson(k, 200, 0.999).hi < 0.99)
    some = VALUES.copy()
    some[: 199 - limit] += RNG.normal(5, 1, 199 - limit)
    assert beside(some).exceeds is False
    some[199 - limit] += 7
    assert beside(some).exceeds is True
    assert beside(some).value == limit / 200


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (1000, "serving is 1,000 times training, as milli-units for units in serving would be."),
        (0.01, "serving is 0.01 times training, as per cent for shares in training would be."),
        (2.2, "serving is 2.2 times training."),
        (-1, "serving is -1 times training."),
    ],
)
def test_another_unit_is_named(factor: float, told: str) -> None:
    found = beside(VALUES * factor)
    assert found.exceeds is True
    assert found.sentence.endswith(": " + told)


@pytest.mark.parametrize(
    ("serving", "told"),
    [
        (np.round(VALUES), "serving is rounded to 1"),
        (np.floor(VALUES * 10) / 10, "serving is rounded to 0.1"),
        (VALUES + 32, "serving is 32 more than training"),
        (np.full(200, math.nan), "they are missing in serving"),
    ],
)
def test_other_causes_are_named(serving: Any, told: str) -> None:
    found = beside(serving)
    assert found.exceeds is True
    assert found.sentence.endswith(f": {told}.")


def test_without_one_cause_none_is_made_up() -> None:
    assert beside(RNG.permutation(VALUES)).sentence.endswith(
        "are in serving what they are in training."
    )
    assert beside(np.full(200, 7.0), np.full(200, 5.0)).sentence.endswith("in training.")


def test_values_that_are_missing_on_both_sides_match() -> None:
    assert beside([math.nan] * 200, [math.nan] * 200).exceeds is False


def test_only_values_at_the_same_time_are_pairs_and_few_say_nothing() -> None:
    assert beside(VALUES[:99]).exceeds is None
    assert beside(VALUES[:100], VALUES[:100]).exceeds is False
    assert beside([]).exceeds is None
    kind = framed("training_serving_skew", training="t")
    assert look(kind, own=[track(VALUES, "a")], training=[track(VALUES, "b")]).exceeds is None


def test_the_worst_of_several_features_is_named() -> None:
    kind = framed("training_serving_skew", training="t", window="1d")
    training = [track(VALUES, name) for name in "abc"]
    serving = [track(VALUES, "a"), track(VALUES * 1000, "b"), track(VALUES[::-1], "c")]
    found = look(kind, own=serving, training=training)
    assert found.exceeds is True
    assert " (bad are 2 of 3 features)" in found.sentence


def test_versions_that_differ_are_told_even_without_pairs() -> None:
    kind = framed(
        "training_serving_skew", training="t", training_version="tv", serving_version="sv"
    )
    assert set(kind.wanted(OURS)) == {"own", "training", "training_version", "serving_version"}
    same = look(kind, training_version=[track([3, 4])], serving_version=[track([4])])
    assert same.exceeds is None
    found = look(kind, training_version=[track([4])], serving_version=[track([4, 3])])
    assert found.exceeds is True
    assert found.sentence.startswith("Serving has version 3 of the features, training version 4. ")


def test_two_of_three_bad_looks_open_a_breach() -> None:
    kind = framed("training_serving_skew", training="t", window="1d")
    good = {"own": [track(VALUES, "a")], "training": [track(VALUES, "a")]}
    bad = {"own": [track(VALUES * 2, "a")], "training": [track(VALUES, "a")]}
    assert [v.status for v in looks(kind, [good, bad, bad])] == ["ok", "pending", "breached"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "training"),
        ({"training": "t", "serving_version": "v"}, "training_version"),
        ({"training": "t", "training_version": "v{"}, "training_version"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("training_serving_skew", values)
    assert caught.value.field == field


WILD = framed(
    "training_serving_skew",
    training="t",
    min_pairs=1,
    training_version="tv",
    serving_version="sv",
)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {}).sentence
