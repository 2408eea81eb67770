"""Values better than can be believed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Framed, Track
from tests.monitoring.kinds.frames import framed, frames, look, looks, track

PAST = np.random.default_rng(3).normal(100, 2, 300)


def judged(kind: Framed, now: float, past: np.ndarray = PAST) -> Finding:  # type: ignore[type-arg]
    """Three latest values after a past of one each five minutes."""
    return look(kind, own=[series(now, past)])


def series(now: float, past: np.ndarray = PAST) -> Track:  # type: ignore[type-arg]
    return track([*past, now, now, now], step=300.0)


def test_three_times_the_revenue_is_too_good() -> None:
    kind = framed("too_good")
    said = judged(kind, 310)
    assert said.exceeds is True
    assert said.expected == pytest.approx(np.median(PAST))
    deviation = stats.median_abs_deviation(PAST, scale="normal")
    assert said.score == pytest.approx((310 - np.median(PAST)) / max(deviation, 2), rel=1e-3)
    assert said.sentence.endswith("look for double counting, leakage and missing failures.")


@pytest.mark.parametrize("value", [100, 120, 250, 20, 0])
def test_what_is_good_or_bad_in_an_ordinary_way_is_left_to_others(value: float) -> None:
    assert judged(framed("too_good"), value).exceeds is False


def test_less_may_be_better() -> None:
    kind = framed("too_good", good="down")
    assert judged(kind, 30).exceeds is True
    assert judged(kind, 40).exceeds is False
    assert judged(kind, 400).exceeds is False


def test_a_cap_needs_no_past() -> None:
    kind = framed("too_good", cap=0.99)
    said = judged(kind, 0.995, np.full(3, 0.8))
    assert (said.exceeds, said.sentence[:17]) == (True, "0.995, past 0.99.")
    assert judged(kind, 0.99, np.full(40, 0.8)).exceeds is False
    assert judged(framed("too_good", cap=0.0, good="down"), 0.0, np.full(40, 1.0)).exceeds is True


def test_a_quiet_past_and_a_first_good_day_are_not_too_good() -> None:
    assert judged(framed("too_good"), 101, np.full(300, 100.0)).exceeds is False
    assert judged(framed("too_good"), 5, np.zeros(300)).exceeds is True


def test_one_wild_point_does_not_count() -> None:
    said = look(framed("too_good"), own=[track([*PAST, 100, 900, 101], step=300.0)])
    assert said.exceeds is False


def test_too_little_past_and_no_values_are_no_data() -> None:
    assert judged(framed("too_good"), 500, PAST[:35]).exceeds is None
    assert look(framed("too_good")).exceeds is None
    assert look(framed("too_good"), own=[track([math.nan] * 50)]).exceeds is None


def test_it_opens_after_two_looks_and_closes_after_three() -> None:
    kind = framed("too_good")
    said = looks(kind, [{"own": [series(now)]} for now in (100, 400, 400, 100, 100, 100)])
    assert "".join(verdict.status[0] for verdict in said) == "opbbbo"


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed(
        "too_good",
        good=data.draw(st.sampled_from(["up", "down"])),
        min_points=3,
        window="5m",
    )
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"), [({"good": "left"}, "good"), ({"window": "8d"}, "baseline")]
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("too_good", wrong)
    assert refused.value.field == field
