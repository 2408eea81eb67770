"""Far from the recent median, and rarely so far before."""

from __future__ import annotations

import math
import random
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.nab import judge as judge_file
from benchmarks.nab import labels
from monitoring.kinds import make
from monitoring.kinds.robust_deviation import BINS_PER_DECADE, Tally
from tests.monitoring.kinds.series import judge, judge_in_parts, points, statuses
from tests.monitoring.nab import MACHINE, needs_nab

SMALL = {
    "window": 48,
    "rarity": 2,
    "probation": 100,
    "refresh": 12,
    "clear_after": 10,
    "relearn_after": 60,
}


def noise(count: int, seed: int = 7) -> list[float]:
    draw = random.Random(seed)
    return [100 + draw.gauss(0, 1) for _ in range(count)]


def onsets(values: list[float], **changes: object) -> list[int]:
    verdicts = judge(make("robust_deviation", {**SMALL, **changes}), points(values))
    word = statuses(verdicts)
    return [n for n in range(1, len(word)) if word[n] == "B" and word[n - 1] != "B"]


def test_a_lone_outlier_is_one_onset_and_the_breach_closes_when_it_is_quiet_again() -> None:
    values = noise(400)
    values[300] = 130
    assert onsets(values) == [300]


def test_a_level_shift_is_declared_once_and_then_becomes_the_new_normal() -> None:
    values = noise(300) + [v + 20 for v in noise(600, seed=8)]
    assert onsets(values) == [300]


def test_the_threshold_stays_as_it_was_while_breached() -> None:
    values = noise(300) + [v + 20 for v in noise(40, seed=8)]
    verdicts = judge(make("robust_deviation", SMALL), points(values))
    assert len({v.band() for v in verdicts[300:]}) == 1


def test_nothing_is_declared_while_learning() -> None:
    values = [*noise(90), 500, *noise(9)]
    verdicts = judge(make("robust_deviation", SMALL), points(values))
    assert statuses(verdicts[:100]) == "p" * 100
    assert verdicts[0].sentence == "Learning what is normal: 0 of at least 36 points."


def test_a_constant_series_does_not_alarm_at_its_first_twitch() -> None:
    values = [45.0] * 300 + [45.1] + [45.0] * 50
    assert onsets(values) == []
    values[310] = 60
    assert onsets(values) == [310]


@pytest.mark.parametrize(
    ("direction", "expected"), [("up", [300]), ("down", [350]), ("both", [300, 350])]
)
def test_the_direction_says_which_side_is_bad(direction: str, expected: list[int]) -> None:
    values = noise(400)
    values[300], values[350] = 130, 70
    assert onsets(values, direction=direction) == expected


def test_values_that_are_no_numbers_are_no_data_and_teach_nothing() -> None:
    values = noise(400)
    kind = make("robust_deviation", SMALL)
    without, _ = kind.evaluate(kind.start(), points(values), points(values)[-1].time)
    values[300:300] = [math.nan, math.inf]
    with_them, verdicts = kind.evaluate(kind.start(), points(values), points(values)[-1].time)
    assert with_them == without
    assert statuses(verdicts[300:302]) == "nn"


def test_the_sentence_says_how_far_and_how_rare() -> None:
    values = noise(400)
    values[300] = 130
    verdict = judge(make("robust_deviation", SMALL), points(values))[300]
    assert "deviations above the median" in verdict.sentence
    assert "only 1 of" in verdict.sentence
    assert verdict.score is not None
    assert verdict.score > 2
    assert verdict.hi is not None
    assert verdict.hi < 130


def test_parts_give_the_same_verdicts_as_the_whole() -> None:
    values = noise(300) + [v + 20 for v in noise(200, seed=8)] + noise(100, seed=9)
    kind = make("robust_deviation", SMALL)
    assert judge_in_parts(kind, points(values), 17) == judge(kind, points(values))


def test_the_state_does_not_grow_with_the_series() -> None:
    kind = make("robust_deviation", SMALL)
    draw = random.Random(1)
    read = points([draw.lognormvariate(0, 6) for _ in range(5_000)])
    half, _ = kind.evaluate(kind.start(), read[:2_500], read[2_499].time)
    whole, _ = kind.evaluate(half, read[2_500:], read[-1].time)
    assert len(str(whole)) < 1.2 * len(str(half)) + 1_000
    assert len(whole["window"]) == 48


@given(st.lists(st.floats(0, 1e20), min_size=1, max_size=200), st.floats(1, 3))
def test_the_tally_agrees_with_counting_within_its_bins(seen: list[float], rarity: float) -> None:
    tally = Tally()
    for distance in seen:
        tally.add(Tally.bin(distance))
    edge = tally.rare_from(rarity)
    if math.isinf(edge):
        assert len(seen) + 1 < 10**rarity
        return
    ordered = sorted(seen)
    one_bin = 10 ** (1 / BINS_PER_DECADE)
    as_large = len(seen) - bisect_left(ordered, edge * one_bin)
    assert as_large + 1 <= (len(seen) + 1) * 10**-rarity * (1 + 1e-6)


def test_counts_are_halved_before_they_grow_without_end() -> None:
    tally = Tally({"0": 100_000, "5": 1})
    tally.add(0, 40_000)
    assert tally.counts == {0: 70_000, 5: 1}
    assert tally.total == 70_001


@needs_nab
def test_the_shipped_default_finds_the_machine_failure_and_is_quiet_on_the_rest() -> None:
    kind, windows = make("robust_deviation", {}), labels()
    found = judge_file(MACHINE, kind, windows[MACHINE])
    assert found.hit >= 3
    assert found.outside <= 1
    assert found.seconds < 5
    for file in windows:
        if "NoAnomaly" in file:
            assert judge_file(file, kind, windows[file]).outside == 0


@needs_nab
@pytest.mark.parametrize(
    "change",
    [
        {"deviations": 4.0},
        {"deviations": 7.0},
        {"rarity": 2.7},
        {"rarity": 3.3},
        {"window": 216},
        {"clear_after": 72},
        {"clear_after": 288},
        {"refresh": 36},
        {"refresh": 144},
        {"relearn_after": 576},
    ],
)
def test_the_default_does_not_sit_on_a_knife_edge(change: dict[str, float]) -> None:
    found = judge_file(MACHINE, make("robust_deviation", change), labels()[MACHINE])
    assert found.hit >= 3
    assert found.outside <= 1
