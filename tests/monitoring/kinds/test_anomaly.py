"""Rare for its recent past, or for its time of the day or the week."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.nab import FOLDER, labels
from monitoring import corpus
from monitoring.kinds import BadParameter, Point, make
from monitoring.kinds.anomaly import BINS_PER_DECADE, Season, Side, bin_of
from tests.monitoring.kinds.series import judge, judge_in_parts, statuses
from tests.monitoring.nab import needs_nab

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 288


def five_minutes(values: list[float]) -> list[Point]:
    return [Point(MONDAY + timedelta(minutes=5 * n), value) for n, value in enumerate(values)]


def hourly(values: list[float]) -> list[Point]:
    return [Point(MONDAY + timedelta(hours=n), value) for n, value in enumerate(values)]


def noise(count: int, seed: int = 7) -> list[float]:
    draw = random.Random(seed)
    return [100 + draw.gauss(0, 1) for _ in range(count)]


def daily(days: int, seed: int = 7) -> list[float]:
    """A high and a low half of each day, with noise."""
    draw = random.Random(seed)
    return [(80 if 96 <= n % DAY < 240 else 20) + draw.gauss(0, 1) for n in range(days * DAY)]


def onsets(read: list[Point], **changes: object) -> list[int]:
    verdicts = judge(make("anomaly", changes), read)
    word = statuses(verdicts)
    return [n for n in range(1, len(word)) if word[n] == "B" and word[n - 1] != "B"]


def test_a_lone_outlier_is_one_onset_and_the_breach_closes_when_it_is_quiet_again() -> None:
    values = noise(1500)
    values[1000] = 130
    assert onsets(five_minutes(values)) == [1000]
    assert statuses(judge(make("anomaly", {}), five_minutes(values)))[-1] == "o"


def test_what_is_usual_at_night_is_rare_at_noon() -> None:
    values = daily(14)
    noon = 10 * DAY + 160
    values[noon : noon + 6] = [20.0] * 6
    assert onsets(five_minutes(values)) == [noon]
    assert onsets(five_minutes(values), season="none") == []


def test_what_is_usual_on_sundays_is_rare_on_a_monday() -> None:
    draw = random.Random(3)
    values = [(20 if n // 24 % 7 >= 5 else 100) + draw.gauss(0, 2) for n in range(10 * 7 * 24)]
    holiday = 8 * 7 * 24
    values[holiday : holiday + 24] = [20.0] * 24
    assert onsets(hourly(values)) == [holiday]
    verdict = judge(make("anomaly", {}), hourly(values))[holiday]
    assert "usual at this time of the week" in verdict.sentence


def test_a_pattern_of_the_day_alone_is_not_declared() -> None:
    assert onsets(five_minutes(daily(21))) == []


@pytest.mark.parametrize("seed", range(4))
def test_two_weeks_without_a_fault_declare_nothing(seed: int) -> None:
    draw = random.Random(seed)
    wave = [50 + 20 * math.sin(n / DAY * math.tau) + draw.gauss(0, 2) for n in range(14 * DAY)]
    uniform = [20 + draw.uniform(-3, 3) for _ in range(14 * DAY)]
    for values in (noise(14 * DAY, seed), daily(14, seed), wave, uniform):
        assert onsets(five_minutes(values)) == []


def test_a_level_shift_is_declared_once_and_becomes_the_new_normal() -> None:
    values = noise(1500) + [v + 20 for v in noise(2000, seed=8)]
    read = five_minutes(values)
    assert onsets(read) == [1500]
    assert statuses(judge(make("anomaly", {}), read))[-1] == "o"


def test_the_length_of_an_outage_does_not_make_it_usual() -> None:
    values = noise(6000)
    values[1500:1620] = values[5000:5120] = [40.0] * 120
    assert onsets(five_minutes(values)) == [1500, 5000]


def test_what_barely_tops_the_largest_so_far_is_no_news() -> None:
    draw = random.Random(5)
    values = [draw.uniform(-1, 1) + 10 for _ in range(6000)]
    values[5000] = 11.1
    assert onsets(five_minutes(values)) == []


def test_what_dwarfs_everything_is_said_before_there_are_enough_points_for_its_share() -> None:
    values = noise(500)
    values[400] = 160
    assert onsets(five_minutes(values)) == [400]
    verdict = judge(make("anomaly", {}), five_minutes(values))[400]
    assert "none of" in verdict.sentence


def test_nothing_is_declared_in_the_first_day() -> None:
    values = noise(288)
    values[200] = 500
    verdicts = judge(make("anomaly", {}), five_minutes(values))
    assert set(statuses(verdicts)) == {"p"}
    assert verdicts[3].sentence == (
        "Learning what is normal: 3 of at least 150 points, and at least a day."
    )


def test_a_constant_series_does_not_alarm_at_its_first_twitch() -> None:
    values = [45.0] * 1500
    values[1000] = 45.1
    assert onsets(five_minutes(values)) == []
    values[1200] = 60
    assert onsets(five_minutes(values)) == [1200]


@pytest.mark.parametrize(
    ("direction", "expected"), [("up", [1000]), ("down", [1300]), ("both", [1000, 1300])]
)
def test_the_direction_says_which_side_is_bad(direction: str, expected: list[int]) -> None:
    values = noise(1600)
    values[1000], values[1300] = 130, 70
    assert onsets(five_minutes(values), direction=direction) == expected


def test_the_verdict_says_how_far_from_what_and_how_rare() -> None:
    values = noise(1500)
    values[1000] = 130
    before, verdict = judge(make("anomaly", {}), five_minutes(values))[999:1001]
    assert verdict.hi is not None
    assert verdict.lo is not None
    assert verdict.expected is not None
    assert verdict.lo < 99 < verdict.expected < 101 < verdict.hi < 130
    assert verdict.score is not None
    assert verdict.score > 3
    assert verdict.sentence == (
        "130 is 29.94 above 100.1, the recent median; none of 936 was about as large."
    )
    assert before.sentence.endswith("would be rare.")


def test_values_that_are_no_numbers_are_no_data_and_teach_nothing() -> None:
    read = five_minutes(noise(600))
    kind = make("anomaly", {})
    without, _ = kind.evaluate(kind.start(), read, read[-1].time)
    holes = [Point(read[300].time, value) for value in (math.nan, math.inf, -math.inf)]
    with_them, verdicts = kind.evaluate(kind.start(), [*read[:300], *holes, *read[300:]], MONDAY)
    assert with_them == without
    assert statuses(verdicts[300:303]) == "nnn"


def made(name: str) -> list[float]:
    makers: dict[str, Callable[[], list[float]]] = {
        "shift": lambda: noise(900) + [v + 20 for v in noise(1300, seed=8)],
        "daily": lambda: daily(6),
    }
    return makers[name]()


@pytest.mark.parametrize("name", ["shift", "daily"])
@pytest.mark.parametrize("size", [1, 17, 500])
def test_parts_give_the_same_verdicts_as_the_whole(name: str, size: int) -> None:
    read, kind = five_minutes(made(name)), make("anomaly", {})
    assert judge_in_parts(kind, read, size) == judge(kind, read)


def test_judging_leaves_the_state_as_it_was() -> None:
    read, kind = five_minutes(daily(6)), make("anomaly", {})
    state, _ = kind.evaluate(kind.start(), read[:1200], MONDAY)
    before = orjson.dumps(state)
    kind.evaluate(state, read[1200:], MONDAY)
    assert orjson.dumps(state) == before


def test_the_future_does_not_change_what_was_said() -> None:
    read, kind = five_minutes(daily(5)), make("anomaly", {})
    assert judge(kind, read)[:1000] == judge(kind, read[:1000])


def test_the_state_is_bounded() -> None:
    draw, kind = random.Random(1), make("anomaly", {})
    read = five_minutes([draw.lognormvariate(0, 6) for _ in range(56 * DAY)])
    half, _ = kind.evaluate(kind.start(), read[: 36 * DAY], MONDAY)
    whole, _ = kind.evaluate(half, read[36 * DAY :], MONDAY)
    assert len(orjson.dumps(whole)) < 1.1 * len(orjson.dumps(half))
    assert len(orjson.dumps(whole)) < 150_000


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60))
def test_any_numbers_are_judged_and_every_answer_is_finite(values: list[float]) -> None:
    read = hourly([values[n % len(values)] for n in range(400)])
    kind = make("anomaly", {"probation": 36})
    state, verdicts = kind.evaluate(kind.start(), read, MONDAY)
    orjson.dumps(state)
    for verdict in verdicts:
        numbers = [verdict.expected, verdict.lo, verdict.hi, verdict.score]
        assert all(number is None or math.isfinite(number) for number in numbers)


@given(
    st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=300), st.floats(0.5, 3), st.floats(0.01, 9)
)
def test_the_limit_is_the_least_distance_that_is_rare_enough(
    seen: list[float], rarity: float, scale: float
) -> None:
    side = Side({})
    for distance in seen:
        side.fresh[bin_of(distance)] = side.fresh.get(bin_of(distance), 0) + 1
    side.take_in()
    side.measure(scale)
    total, limit = len(seen) + 1.0, side.rare_from(rarity, len(seen) + 1.0)
    step = 10 ** (1 / BINS_PER_DECADE)
    assert side.surprise(limit * step, total) >= rarity - 1e-6
    if limit > 0:
        assert side.surprise(limit / step**2, total) <= rarity + 1e-6


def test_a_slot_is_expected_once_three_periods_told_it() -> None:
    season = Season(100.0, 10.0, 2)
    told = []
    for turn in range(5):
        told.append(season.enter(100.0 * turn + 5))
        season.learn(turn)
    # two periods are kept of each slot, which with three needed is never enough
    assert told == [None] * 5
    season = Season(100.0, 10.0, 3)
    told = []
    for turn in range(5):
        told.append(season.enter(100.0 * turn + 5))
        season.learn(turn)
    assert told == [None, None, None, 1.0, 2.0]


@pytest.mark.parametrize(
    "changes", [{"needed": 3, "of": 2}, {"clear_after": 100, "relearn_after": 100}]
)
def test_parameters_that_contradict_each_other_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(BadParameter):
        make("anomaly", changes)


@needs_nab
def test_the_shipped_default_scores_on_the_labelled_series() -> None:
    series, kind = corpus.read(Path(FOLDER), labels()), make("anomaly", {})
    judged = [corpus.judge(each, kind) for each in series]
    assert corpus.score(judged, "standard") >= 45
    assert corpus.score(judged, "low_fp") >= 40
    assert [each.file for each in judged if "NoAnomaly" in each.file and each.detections] == []
