"""A distribution beside a frozen reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.distribution_drift import METHODS, ORDERED
from monitoring.kinds.framed import Finding, Frame
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks
from tests.monitoring.kinds.series import NOON

NUMBERS = {"1": 1000.0, "2": 2000.0, "3": 2000.0, "4": 1000.0}
NAMES = {"red": 3000.0, "green": 2000.0, "blue": 1000.0}


def beside(reference: dict[str, float], now: dict[str, float], **values: Any) -> Finding:
    """What is found when `reference` was learnt an hour ago."""
    kind = framed("distribution_drift", reference="1h", **values)
    learnt = look(kind, own=counts(**reference)).memory
    assert learnt is not None
    return look(kind, learnt, own=counts(**now))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_is_at_no_distance_and_a_shift_is_found(method: str) -> None:
    same = beside(NUMBERS, {key: n / 10 for key, n in NUMBERS.items()}, method=method)
    assert same.exceeds is False
    assert same.value == pytest.approx(0, abs=0.002)
    moved = {"2": 100.0, "3": 200, "4": 200, "5": 100}
    found = beside(NUMBERS, moved, method=method)
    assert found.exceeds is True
    assert (found.value or 0) > (found.hi or 0)


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ORDERED])
def test_categories_are_compared_by_name(method: str) -> None:
    values = {"shape": "categorical", "method": method}
    assert beside(NAMES, dict(reversed(NAMES.items())), **values).value == pytest.approx(
        0, abs=1e-9
    )
    swapped = {"red": 1000.0, "green": 2000.0, "blue": 3000.0}
    assert beside(NAMES, swapped, **values).exceeds is True


def test_the_limit_grows_where_samples_are_small() -> None:
    large = beside(NUMBERS, {key: n * 10 for key, n in NUMBERS.items()})
    small = beside(NUMBERS, {key: n / 100 for key, n in NUMBERS.items()}, min_count=60)
    assert large.hi == 0.1
    assert small.hi == pytest.approx(16.266 * (1 / 6000 + 1 / 60), rel=1e-4)
    assert "exceed by chance" in small.sentence


def test_the_distance_must_be_above_the_limit() -> None:
    now = {"1": 1500.0, "2": 2000.0, "3": 2000.0, "4": 1000.0}
    value = beside(NUMBERS, now).value
    assert value is not None
    assert beside(NUMBERS, now, threshold=value).exceeds is False
    assert beside(NUMBERS, now, threshold=value * 0.999).exceeds is True
    assert beside(NUMBERS, now, threshold=value * 1.1).clear is False
    assert beside(NUMBERS, now, threshold=value * 1.26).clear is True


def test_one_new_category_is_no_certainty_and_many_are() -> None:
    few = beside(NAMES, NAMES | {"pink": 1.0}, shape="categorical")
    assert few.exceeds is False
    many = beside(NAMES, NAMES | {"pink": 300.0, "grey": 30.0}, shape="categorical", threshold=9)
    assert many.exceeds is True
    assert many.sentence.startswith("5.213 % are of categories never seen, such as pink. The ")


def test_missing_values_and_those_out_of_range_are_named() -> None:
    found = beside(NUMBERS | {"null": 60.0}, NUMBERS | {"null": 600.0})
    assert found.exceeds is True
    assert found.sentence.startswith("9.091 % are without a value, 0.9901 % were. ")
    found = beside(NUMBERS, NUMBERS | {"below": 300.0, "inf": 300.0})
    assert found.sentence.startswith("9.091 % are out of range, 0 % were. ")
    assert beside(NUMBERS | {"null": 600.0}, NUMBERS | {"null": 600.0}).exceeds is False


def test_all_values_missing_is_found_though_no_distance_is_left() -> None:
    found = beside(NUMBERS, {"null": 6000.0})
    assert (found.exceeds, found.value) == (True, None)


def test_a_constant_stays_and_changes() -> None:
    for method in METHODS:
        assert beside({"5": 6000.0}, {"5": 6000.0}, method=method).exceeds is False
    assert beside({"5": 6000.0}, {"7": 6000.0}, method="wasserstein").exceeds is True
    assert beside({"5": 6000.0}, {"7": 6000.0}, method="jensen_shannon").value == 1


def test_a_small_shift_of_very_many_is_too_small_to_matter() -> None:
    near = {"1": 1020e3, "2": 2000e3, "3": 2000e3, "4": 980e3}
    reference = {key: 1000 * n for key, n in NUMBERS.items()}
    for method in METHODS:
        assert beside(reference, near, method=method).exceeds is False


def test_the_reference_is_learnt_then_kept_and_told() -> None:
    kind = framed("distribution_drift", every="1h", reference="3h", min_count=1000)
    steady = {"own": counts(**NUMBERS)}
    moved = {"own": counts(**{"7": 3000.0, "8": 3000.0})}
    said = looks(kind, [steady] * 3 + [moved] * 12 + [steady] * 5)
    assert [v.status for v in said[:6]] == ["no_data"] * 3 + ["pending", "breached", "breached"]
    assert said[0].sentence == (
        "Learning what is usual: 6,000 of at least 1,000 observations, 1 h of 3 h."
    )
    assert said[14].status == "breached", "the reference learnt what it is to be compared with"
    assert said[5].sentence.endswith(
        "of 18,000 observations from 2026-03-01 11:00 to 2026-03-01 14:00 UTC."
    )
    assert [v.status for v in said[15:]] == ["breached", "breached", "ok", "ok", "ok"]


def test_a_reference_that_is_too_small_is_learnt_further() -> None:
    kind = framed("distribution_drift", every="1h", reference="1h", min_count=10_000)
    said = looks(kind, [{"own": counts(**NUMBERS)}] * 3)
    assert said[1].n == 12_000
    assert said[2].status == "no_data"  # 6,000 in the window are fewer than 10,000


@pytest.mark.parametrize(
    ("now", "error"),
    [({}, False), ({"1": 499.0}, False), ({"1": -5.0}, True), ({"1": 1e308, "2": 1e308}, True)],
)
def test_too_little_and_impossible_counts_are_no_answer(now: dict[str, float], error: bool) -> None:
    found = beside(NUMBERS, now)
    assert (found.exceeds, found.error) == (None, error)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_count_that_is_no_number_is_an_error(bad: float) -> None:
    found = beside(NUMBERS, NUMBERS | {"1": bad})
    assert (found.exceeds, found.error) == (None, True)


def test_names_among_numbers_are_an_error_that_says_so() -> None:
    found = beside(NUMBERS, NUMBERS | {"red": 5.0})
    assert (found.exceeds, found.error) == (None, True)
    assert found.sentence == "The bucket 'red' is no number; is the shape categorical?"


def test_the_buckets_are_read_from_the_label() -> None:
    kind = framed("distribution_drift", label="le")
    assert kind.wanted(OURS)["own"].by == ("le",)


def test_fine_bins_are_joined_so_that_their_noise_is_that_of_ten() -> None:
    rng = np.random.default_rng(3)
    fine = [f"{n / 10}" for n in range(200)]
    false = 0
    for _ in range(100):
        was, now = rng.multinomial(5000, [1 / 200] * 200), rng.multinomial(2000, [1 / 200] * 200)
        before = dict(zip(fine, was.astype(float), strict=True))
        false += beside(before, dict(zip(fine, now.astype(float), strict=True))).exceeds is True
    assert false == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"shape": "categorical", "method": "wasserstein"}, "method"),
        ({"window": "1m"}, "window"),
        ({"reference": "long"}, "reference"),
        ({"method": "hellinger"}, "method"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("distribution_drift", values)
    assert caught.value.field == field


WILD = [
    framed("distribution_drift", method=method, reference="1h", min_count=1) for method in METHODS
] + [framed("distribution_drift", shape="categorical", reference="1h", min_count=1)]
KEYS = ("1", "2.5", "-3e300", "inf", "null", "above", "x")


@given(frames(WILD[0], KEYS), frames(WILD[0], KEYS))
def test_any_finite_frame_is_judged(first: Frame, second: Frame) -> None:
    for kind in WILD:
        memory = kind.look(first, NOON, {}).memory or {}
        assert kind.look(second, NOON, memory).sentence
