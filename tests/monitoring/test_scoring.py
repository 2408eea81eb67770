"""The benchmark's score: cases computed by hand, and the two detectors whose scores are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.scoring import PROFILES, Window, earliest_in, probation, raw_score, worth

STANDARD, LOW_FP, LOW_FN = PROFILES["standard"], PROFILES["low_fp"], PROFILES["low_fn"]
ROWS = 1000
WINDOWS = [(300, 399), (700, 749)]


def test_the_worth_of_a_position() -> None:
    # 2 / (1 + e^-5) - 1 = 2 / 1.0067379 - 1
    assert worth(-1.0) == pytest.approx(0.9866143)
    assert worth(0.0) == 0.0
    assert worth(0.5) == pytest.approx(2 / (1 + 12.1824940) - 1)
    assert worth(3.0) > -1.0
    assert worth(3.001) == -1.0


@pytest.mark.parametrize(
    ("rows", "expected"), [(0, 0), (6, 0), (1000, 150), (4999, 749), (5000, 750), (22_683, 750)]
)
def test_the_probation_is_a_share_up_to_a_limit(rows: int, expected: int) -> None:
    assert probation(rows) == expected


@pytest.mark.parametrize(
    ("profile", "expected"), [(STANDARD, -2.0), (LOW_FP, -2.0), (LOW_FN, -4.0)]
)
def test_silence_costs_every_window(profile: object, expected: float) -> None:
    assert raw_score(ROWS, WINDOWS, [], profile) == expected  # type: ignore[arg-type]


def test_the_first_row_of_a_window_is_worth_its_whole_weight() -> None:
    assert raw_score(ROWS, WINDOWS, [300], STANDARD) == pytest.approx(1.0 - 1.0)


def test_the_last_row_of_a_window_is_worth_what_is_left_of_it() -> None:
    # one row of 100 is left: y = -0.01, 2 / (1 + e^-0.05) - 1 = 0.0249948, over 0.9866143
    assert raw_score(ROWS, WINDOWS, [399], STANDARD) == pytest.approx(0.0253339 - 1.0, abs=1e-6)


def test_only_the_earliest_detection_of_a_window_counts() -> None:
    alone = raw_score(ROWS, WINDOWS, [350], STANDARD)
    assert raw_score(ROWS, WINDOWS, [399, 350, 351, 350], STANDARD) == alone


def test_a_detection_before_any_window_costs_its_whole_weight() -> None:
    assert raw_score(ROWS, WINDOWS, [299], STANDARD) == pytest.approx(-2.0 - 0.11)
    assert raw_score(ROWS, WINDOWS, [299, 200], LOW_FP) == pytest.approx(-2.0 - 0.44)


def test_a_detection_behind_a_window_costs_more_the_further_it_is() -> None:
    # 11 rows behind a window of 100 rows, which is 99 steps wide: y = 1/9 and e^(5/9) = 1.7429091
    expected = 0.11 * (2 / 2.7429091 - 1)
    assert raw_score(ROWS, WINDOWS, [410], STANDARD) == pytest.approx(-2.0 + expected)
    # 200 rows behind one of 49 steps: forgiven for three widths only
    assert raw_score(ROWS, WINDOWS, [949], STANDARD) == pytest.approx(-2.0 - 0.11)


def test_detections_in_the_probation_count_neither_way() -> None:
    assert raw_score(ROWS, WINDOWS, [0, 149], STANDARD) == -2.0
    assert raw_score(ROWS, WINDOWS, [150], STANDARD) == pytest.approx(-2.11)


def test_a_window_of_one_row_can_be_hit() -> None:
    assert raw_score(ROWS, [(500, 500)], [500], STANDARD) == pytest.approx(1.0)
    assert raw_score(ROWS, [(500, 500)], [501], STANDARD) == pytest.approx(-1.0 + 0.11 * worth(1.0))


def test_the_null_detector_scores_nothing_and_the_perfect_one_a_hundred() -> None:
    for profile in PROFILES.values():
        null = raw_score(ROWS, WINDOWS, [], profile)
        perfect = raw_score(ROWS, WINDOWS, [first for first, _ in WINDOWS], profile)
        assert profile.normalised(null, 2) == pytest.approx(0.0)
        assert profile.normalised(perfect, 2) == pytest.approx(100.0)


def test_one_of_two_windows_found_at_once() -> None:
    # standard: (1 - 1 + 2) / 4; with a miss that weighs two: (1 - 2 + 4) / 6
    assert STANDARD.normalised(raw_score(ROWS, WINDOWS, [300], STANDARD), 2) == pytest.approx(50.0)
    assert LOW_FN.normalised(raw_score(ROWS, WINDOWS, [300], LOW_FN), 2) == pytest.approx(50.0)


def test_noise_alone_scores_below_nothing() -> None:
    raw = raw_score(ROWS, WINDOWS, range(150, 300), STANDARD)
    assert raw == pytest.approx(-2.0 - 150 * 0.11)
    assert STANDARD.normalised(raw, 2) == pytest.approx(100 * -16.5 / 4)


def test_without_windows_there_is_no_score() -> None:
    assert STANDARD.normalised(-0.11, 0) is None


@pytest.mark.parametrize(
    ("rows", "expected"), [([], None), ([9, 21], None), ([9, 10, 20], 10), ([5, 20], 20)]
)
def test_the_earliest_in_a_window(rows: list[int], expected: int | None) -> None:
    assert earliest_in((10, 20), rows) == expected


@given(st.lists(st.integers(150, ROWS - 1), max_size=20), st.integers(0, 1))
def test_a_detection_more_outside_never_helps_and_an_earlier_one_inside_never_harms(
    rows: list[int], which: int
) -> None:
    window: Window = WINDOWS[which]
    for profile in PROFILES.values():
        base = raw_score(ROWS, WINDOWS, rows, profile)
        assert raw_score(ROWS, WINDOWS, [*rows, 600], profile) <= base + 1e-12
        assert raw_score(ROWS, WINDOWS, [*rows, window[0]], profile) >= base - 1e-12
