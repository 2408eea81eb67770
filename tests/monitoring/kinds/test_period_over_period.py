"""This week beside the same days of the weeks before."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Framed, Track
from tests.monitoring.kinds.frames import framed, frames, look
from tests.monitoring.kinds.series import NOON

WEEKS = 6
HOURS = WEEKS * 7 * 24


def weekly(now: float = 1.0, seed: int = 1, noise: float = 0.03, at: datetime = NOON) -> Track:
    """Orders an hour with days and weeks, the last hour times `now`; hours end on the hour."""
    ends = [at - timedelta(hours=HOURS - 1 - n) for n in range(HOURS)]
    chance = np.random.default_rng(seed)
    values = [
        1_000 * (2 + math.sin(end.hour / 24 * 2 * math.pi)) * (0.6 if end.weekday() > 4 else 1)
        for end in ends
    ]
    made = np.array(values) * np.exp(chance.normal(0, noise, HOURS))
    made[-1] *= now
    return Track((), np.array([end.timestamp() for end in ends]), made)


def judged(track: Track, at: datetime = NOON, **parameters: object) -> Finding:
    return framed("period_over_period", **parameters).look({"own": [track]}, at, {})


@pytest.mark.parametrize("seed", range(5))
def test_a_week_like_the_others_is_fine(seed: int) -> None:
    found = judged(weekly(seed=seed))
    assert found.exceeds is False
    assert found.n == 168


@pytest.mark.parametrize("now", [0.5, 0.0, 2.0])
def test_an_hour_of_half_or_double_is_found(now: float) -> None:
    found = judged(weekly(now))
    assert found.exceeds is True
    assert found.expected == pytest.approx(1_200, rel=0.05), "noon on a Sunday"
    assert found.value == pytest.approx(1_200 * now, rel=0.1)
    assert found.value is not None
    assert f"{100 * (found.value / float(found.expected or 1) - 1):+.0f} %" in found.sentence


def test_a_change_too_small_to_matter_is_none() -> None:
    assert judged(weekly(1.15, noise=0.001)).exceeds is False
    assert judged(weekly(1.15, noise=0.001), least=0.1).exceeds is True


def test_half_an_hour_is_not_compared_with_a_whole_one() -> None:
    track = weekly()
    late = NOON + timedelta(minutes=30)
    more = Track((), np.append(track.times, late.timestamp()), np.append(track.values, 3.0))
    found = judged(more, at=late)
    assert found.exceeds is False
    assert found.value == pytest.approx(track.values[-1])


def test_nine_oclock_stays_nine_oclock_when_the_clocks_change() -> None:
    zone = ZoneInfo("Europe/Zurich")
    # The clocks went forward on 29 March: shops that open at nine do so an hour earlier in UTC.
    at = datetime(2026, 4, 1, 9, tzinfo=zone).astimezone(UTC)
    ends = [at - timedelta(hours=HOURS - 1 - n) for n in range(HOURS)]
    values = [2_000.0 if 8 < end.astimezone(zone).hour < 20 else 100.0 for end in ends]
    shops = Track((), np.array([end.timestamp() for end in ends]), np.array(values))
    assert judged(shops, at=at, zone="Europe/Zurich").exceeds is False
    assert judged(shops, at=at, zone="UTC").exceeds is True


def test_two_weeks_are_too_few_and_a_young_series_is_no_data() -> None:
    track = weekly()
    young = Track((), track.times[-15 * 24 :], track.values[-15 * 24 :])
    found = judged(young)
    assert (found.exceeds, found.sentence) == (
        None,
        "2 of the 3 weeks that are needed are known.",
    )


def test_little_is_not_judged_and_negatives_are_an_error() -> None:
    track = weekly(0.0)
    assert judged(track._replace(values=track.values / 1_000)).exceeds is None
    assert judged(track._replace(values=-track.values - 1)).error is True
    assert judged(track, at=NOON + timedelta(hours=5)).exceeds is None
    assert look(framed("period_over_period")).exceeds is None


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind: Framed = framed("period_over_period", stretch="5m")
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"zone": "Mars/Olympus"}, "zone"), ({"stretch": "8d"}, "stretch"), ({"weeks": 2}, "weeks")],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("period_over_period", wrong)
    assert refused.value.field == field
