"""A series that stopped arriving."""

from __future__ import annotations

import math

from monitoring.kinds import Point, make
from tests.monitoring.kinds.series import judge, minute, points, statuses

TEN_MINUTES = make("absence", {"silence": 600})


def test_a_gap_breaches_from_the_end_of_the_allowed_silence_until_the_next_point() -> None:
    read = [Point(minute(0), 1), Point(minute(25), 1)]
    verdicts = judge(TEN_MINUTES, read)
    assert statuses(verdicts) == "oBo"
    assert [v.at for v in verdicts] == [minute(0), minute(10), minute(25)]


def test_silence_up_to_now_breaches() -> None:
    verdicts = judge(TEN_MINUTES, points([1]), until=minute(11))
    assert statuses(verdicts) == "oB"
    assert verdicts[-1].at == minute(10)
    assert verdicts[-1].sentence == "No measurement for 11 min; 10 min is the limit."


def test_silence_of_exactly_the_limit_is_still_allowed() -> None:
    assert statuses(judge(TEN_MINUTES, points([1]), until=minute(10))) == "o"


def test_a_series_that_never_began_is_no_data_and_then_a_breach() -> None:
    state, first = TEN_MINUTES.evaluate(TEN_MINUTES.start(), [], minute(0))
    _, later = TEN_MINUTES.evaluate(state, [], minute(11))
    assert statuses([*first, *later]) == "nB"
    assert later[0].at == minute(10)


def test_looking_again_says_the_same_onset() -> None:
    state, _ = TEN_MINUTES.evaluate(TEN_MINUTES.start(), points([1]), minute(0))
    onsets = {TEN_MINUTES.evaluate(state, [], minute(n))[1][-1].at for n in (11, 12, 500)}
    assert onsets == {minute(10)}


def test_it_rests_until_the_silence_is_too_long() -> None:
    kind = make("absence", {"silence": 300})
    state, _ = kind.evaluate(kind.start(), points([1.0]), minute(0))
    assert kind.rests(state, minute(1)) == 240
    assert kind.rests(state, minute(5)) == 0
    assert kind.rests(state, minute(6)) == math.inf
    waiting, _ = kind.evaluate(kind.start(), [], minute(0))
    assert kind.rests(waiting, minute(2)) == 180
