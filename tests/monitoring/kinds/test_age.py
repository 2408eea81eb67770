"""Something that grows old."""

from __future__ import annotations

import math

import pytest

from monitoring.kinds import BadParameter, Point, make
from tests.monitoring.kinds.series import judge, minute, points, statuses

HOUR = {"limit": 3600, "warn": 1800}
MOMENT = make("age", HOUR)
ELAPSED = make("age", {**HOUR, "value_is": "elapsed"})


def trained(at: float, said: float) -> Point:
    """A measurement at minute `said` of a model that was trained at minute `at`."""
    return Point(minute(said), minute(at).timestamp())


def test_age_grows_between_measurements_and_a_younger_value_ends_it() -> None:
    verdicts = judge(MOMENT, [trained(0, 0), trained(0, 59), trained(100, 101)])
    assert statuses(verdicts) == "opBo"
    assert verdicts[2].at == minute(60)


def test_the_onset_is_when_the_limit_was_passed_and_not_when_somebody_looked() -> None:
    verdicts = judge(MOMENT, [trained(0, 1)], until=minute(500))
    assert (verdicts[-1].status, verdicts[-1].at) == ("breached", minute(60))
    assert verdicts[-1].sentence == "The age is 8 h 20 min; the limit of 1 h was passed."


def test_what_is_too_old_when_first_told_breaches_from_that_moment() -> None:
    verdicts = judge(MOMENT, [trained(-300, 0), trained(-300, 5)])
    assert {(v.status, v.at) for v in verdicts} == {
        ("breached", minute(0)),
        ("breached", minute(5)),
    }


def test_elapsed_seconds_go_on_counting() -> None:
    verdicts = judge(ELAPSED, points([1200]), until=minute(45))
    assert statuses(verdicts) == "oB"
    assert verdicts[-1].at == minute(40)


@pytest.mark.parametrize("value", [1e300, -1e300, float("nan")])
def test_a_value_that_is_no_time_is_no_data(value: float) -> None:
    for kind in (MOMENT, ELAPSED):
        assert statuses(judge(kind, points([value]))) == "n"


def test_a_moment_in_the_future_is_young() -> None:
    assert statuses(judge(MOMENT, [trained(50, 0)])) == "o"


def test_a_warning_after_the_limit_is_refused() -> None:
    with pytest.raises(BadParameter, match="warn"):
        make("age", {"limit": 10, "warn": 11})


def test_charts_show_the_age_and_not_the_moment_of_birth() -> None:
    born = minute(0).timestamp()
    assert MOMENT.drawn(minute(90), born) == 5400
    assert ELAPSED.drawn(minute(90), 1200) == 1200
    assert MOMENT.read(5400) == "1 h 30 min"


def test_it_rests_until_the_next_bound_is_passed() -> None:
    kind = make("age", {"limit": 300, "warn": 120, "value_is": "elapsed"})
    assert kind.rests(kind.start(), minute(0)) == math.inf
    state, _ = kind.evaluate(kind.start(), points([60.0]), minute(0))
    assert [kind.rests(state, minute(n)) for n in (0, 2, 5)] == [60, 120, math.inf]
