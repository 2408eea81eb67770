"""Work that will not be done in time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Track
from tests.monitoring.kinds.frames import framed, frames, look, looks, track

MINUTE = 60.0


def judged(values: list[float], **parameters: object) -> Finding:
    """A point a minute, the last one at noon."""
    asked = {"due": "2026-03-01T13:00Z", **parameters}
    return look(framed("deadline", **asked), own=[track(values)])


def steady(rate: float, minutes: int = 120, begin: float = 0.0) -> list[float]:
    return [begin + rate * minute for minute in range(minutes + 1)]


@pytest.mark.parametrize(("rate", "exceeds"), [(0.0056, False), (0.0055, True)])
def test_what_is_left_at_this_rate_is_compared_with_the_time_that_is_left(
    rate: float, exceeds: bool
) -> None:
    # After two hours of three: (1 - 120 r) / r minutes are left to do, and 60 to do them in.
    found = judged(steady(rate))
    assert found.exceeds is exceeds
    assert found.value == pytest.approx((1 - 120 * rate) / rate * 60)
    assert found.hi == 3_600


def test_the_rate_and_its_interval_are_theil_and_sens() -> None:
    noise = np.random.default_rng(4).normal(0, 0.01, 121)
    values = (np.arange(121) * 0.004 + noise).tolist()
    recent = values[-25:]
    found = judged(values[:1] + sorted(values[1:]), estimate="worst")
    best = judged(values[:1] + sorted(values[1:]), estimate="best")
    assert best.value is not None
    assert found.value is not None
    assert best.value < found.value
    slope = stats.theilslopes(sorted(values[1:])[-24:], np.arange(24) * MINUTE).slope
    likely = judged(values[:1] + sorted(values[1:])).value
    assert likely == pytest.approx((1 - max(values)) / slope, rel=0.2)
    assert len(recent) == 25


def test_what_stands_still_is_never_done() -> None:
    found = judged([0.5] * 60)
    assert (found.exceeds, found.value) == (True, None)
    assert "the rest takes for ever" in found.sentence


def test_done_is_done_whenever_it_was() -> None:
    assert judged([*steady(0.01, 99), 1.0]).exceeds is False
    assert judged([0.2, 1.0], due="2026-03-01T11:00Z").sentence == "Done: 1 of 1."


def test_past_the_deadline_it_says_by_how_much() -> None:
    found = judged(steady(0.005), due="2026-03-01T11:50Z")
    assert (found.exceeds, found.sentence) == (True, "0.6 of 1 is done, and it was due 10 min ago.")


def test_after_a_restart_only_the_new_stretch_counts() -> None:
    # Fast before it fell back to a checkpoint, and far too slow since.
    found = judged([*steady(0.009, 90), *steady(0.001, 60, 0.4)])
    assert found.exceeds is True
    # Slow before, and fast enough since.
    found = judged([*steady(0.001, 60), *steady(0.015, 40, 0.01)])
    assert found.exceeds is False


def test_too_few_points_since_it_began_are_no_data() -> None:
    assert judged([0.5, 0.1, 0.2]).exceeds is None
    assert look(framed("deadline", within="1h")).exceeds is None
    assert judged([math.nan] * 20).exceeds is None


def test_a_run_may_have_so_much_time_from_its_first_point() -> None:
    assert judged(steady(0.005), due="", within="3h").exceeds is True
    assert judged(steady(0.005), due="", within="4h").exceeds is False


def test_it_opens_after_two_looks() -> None:
    kind = framed("deadline", within="150m")
    frame = {"own": [track(steady(0.004))]}
    said = looks(kind, [frame, frame])
    assert [verdict.status for verdict in said] == ["pending", "breached"]


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed("deadline", within=data.draw(st.sampled_from(["5m", "1d"])))
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@given(
    st.lists(st.integers(0, 100), min_size=12, max_size=40), st.sampled_from([0.25, 2.0, 1024.0])
)
def test_the_unit_of_progress_changes_nothing(values: list[int], unit: float) -> None:
    one = judged([v / 100 for v in values])
    other = judged([v / 100 * unit for v in values], goal=unit)
    assert one.exceeds == other.exceeds


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "due"),
        ({"due": "2026-03-01T13:00Z", "within": "1h"}, "due"),
        ({"due": "tomorrow"}, "due"),
        ({"due": "2026-03-01T13:00"}, "due"),
        ({"within": "x"}, "within"),
        ({"within": "1h", "estimate": "mine"}, "estimate"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("deadline", wrong)
    assert refused.value.field == field


def test_a_track_is_needed() -> None:
    assert look(framed("deadline", within="1h"), own=[Track((), np.empty(0), np.empty(0))]).n == 0
