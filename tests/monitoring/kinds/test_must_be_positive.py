"""Nothing where something was to be expected."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Track
from tests.monitoring.kinds.frames import framed, frames, look, looks, track

HOUR = 3_600.0


def daily(*values: float, key: str = "") -> Track:
    """A count an hour, the last one at noon today."""
    return track(values, *((key,) if key else ()), step=HOUR)


def a_week_of(rate: float, today: float, key: str = "") -> Track:
    return daily(*[rate / 24] * (24 * 7), *[today / 24] * 24, key=key)


@pytest.mark.parametrize(("mean", "exceeds"), [(3.0, False), (6.8, False), (7.0, True)])
def test_none_is_wrong_where_chance_hardly_ever_gives_none(mean: float, exceeds: bool) -> None:
    kind = framed("must_be_positive", chance=0.001)
    assert bool(stats.poisson.pmf(0, mean) <= 0.001) is exceeds
    assert look(kind, own=[a_week_of(mean, 0)]).exceeds is exceeds


def test_one_is_something() -> None:
    assert look(framed("must_be_positive"), own=[a_week_of(1_000, 1)]).exceeds is False


def test_a_partner_without_lines_is_named_with_what_was_expected() -> None:
    kind = framed("must_be_positive", by="partner")
    said = look(kind, own=[a_week_of(48, 0, "yarn-r-us"), a_week_of(960, 900, "knit")])
    assert (said.exceeds, said.value, said.expected) == (True, 0, pytest.approx(48))
    assert said.sentence == "In the last 1d: yarn-r-us: none where 48 were to be expected."


def test_with_many_slices_chance_is_shared_among_them() -> None:
    kind = framed("must_be_positive", by="partner")
    quiet = [a_week_of(8, 0, "x")]
    assert look(kind, own=quiet).exceeds is True
    others = [a_week_of(100, 100, f"p{n}") for n in range(50)]
    assert look(kind, own=[*quiet, *others]).exceeds is False


def test_none_and_missing_differ() -> None:
    gone = Track((), daily(*[5] * 24 * 7).times - 86_400, daily(*[5] * 24 * 7).values)
    assert look(framed("must_be_positive"), own=[gone]).exceeds is None
    assert look(framed("must_be_positive", missing_is_none=True), own=[gone]).exceeds is True
    assert look(framed("must_be_positive")).exceeds is None


def test_always_asks_for_no_history() -> None:
    kind = framed("must_be_positive", always=True)
    assert look(kind, own=[daily(0, 0)]).exceeds is True
    assert look(kind, own=[daily(0, 1)]).exceeds is False
    assert look(framed("must_be_positive"), own=[daily(0, 0)]).exceeds is False


def test_a_young_slice_is_expected_to_go_on_as_it_began() -> None:
    # Two days of 24 a day, and then a day of nothing.
    kind = framed("must_be_positive")
    said = look(kind, own=[daily(*[1] * 48, *[0] * 24)])
    assert said.exceeds is True
    assert said.expected == pytest.approx(24, rel=0.05)


def test_it_opens_at_once_and_closes_at_once() -> None:
    kind = framed("must_be_positive")
    said = looks(kind, [{"own": [a_week_of(48, today)]} for today in (48, 0, 48)])
    assert [verdict.status for verdict in said] == ["ok", "breached", "ok"]


def test_no_numbers_are_an_error() -> None:
    for value in (math.nan, math.inf, -1):
        assert look(framed("must_be_positive"), own=[daily(value)]).error is True


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed("must_be_positive", by=data.draw(st.sampled_from(["", "slice"])), window="5m")
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"), [({"window": "8d"}, "baseline"), ({"chance": 0}, "chance")]
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("must_be_positive", wrong)
    assert refused.value.field == field
