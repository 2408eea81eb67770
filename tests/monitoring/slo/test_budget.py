"""Indicators, windows and budgets."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.slo.budget import budget, burn_down, spends
from monitoring.slo.exact import (
    DAY,
    BadSlo,
    end_of,
    minute_of,
    plain,
    ratio,
    span,
    spelled,
    whole_minute,
)
from monitoring.slo.indicator import (
    PARTS,
    BadCounts,
    Counts,
    Occurrences,
    RatioTimeSlices,
    TimeSlices,
)
from monitoring.slo.ledger import target_of
from monitoring.slo.windows import Calendar, Rolling
from tests.monitoring.slo.traffic import MONTH, THREE_NINES, ledger, traffic

# --- numbers and times ---


def test_a_target_is_what_was_written_and_not_its_nearest_float() -> None:
    assert ratio(0.999, "target") == Fraction(999, 1000)
    assert 1 - ratio(99.9, "target") / 100 == Fraction(1, 1000)
    assert plain(Fraction(999, 1000)) == "0.999"
    assert plain(Fraction(1, 3)) == "1/3"
    assert plain(Fraction(1200)) == "1200"


@given(st.decimals(-1000, 1000, places=6))
def test_decimal_text_comes_back(value: object) -> None:
    assert ratio(plain(ratio(value, "x")), "x") == ratio(value, "x")


@pytest.mark.parametrize("value", [True, None, "much", "nan", float("inf"), [1], "1e400", "1/3"])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(BadSlo) as caught:
        ratio(value, "target")
    assert caught.value.field == "target"


@pytest.mark.parametrize(
    ("value", "reason"),
    [(1, "no error budget"), (0, "between"), (-1, "between"), (99.9, "between")],
)
def test_a_target_leaves_a_budget(value: float, reason: str) -> None:
    with pytest.raises(BadSlo, match=reason):
        target_of(value)


def test_a_quotient_is_read_where_one_may_be_written() -> None:
    assert ratio("3/35", "fraction", quotient=True) == Fraction(3, 35)
    assert ratio(plain(Fraction(1, 3)), "fraction", quotient=True) == Fraction(1, 3)
    for bad in ("1/0", "-1/3", "1/3/5", "1" * 30 + "/3"):
        with pytest.raises(BadSlo):
            ratio(bad, "fraction", quotient=True)


def test_spans() -> None:
    read = [span(text, "long") for text in ("5m", "6h", "30d", "1w", "1M", "1Q", "1Y")]
    assert read == [5, 360, 43_200, 10_080, 43_200, 129_600, 525_600]
    assert [spelled(minutes) for minutes in (5, 90, 360, 10_080)] == ["5m", "90m", "6h", "7d"]
    for bad in ("0m", "5", "5 m", "5S", "-5m", "", 5, None, "1" * 9 + "m"):
        with pytest.raises(BadSlo):
            span(bad, "long")


def test_a_minute_ends_inclusively() -> None:
    full = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert end_of(minute_of(full)) == full
    assert minute_of(full.replace(microsecond=1)) == minute_of(full) + 1
    assert whole_minute(full.replace(second=59)) == minute_of(full)


# --- indicators ---


def test_busy_minutes_decide_by_occurrences_and_not_by_slices() -> None:
    minutes = {1: Counts(0, 10), 2: Counts(990, 990)}
    by_events = ledger(minutes).between(0, 2)
    assert (by_events.bad, by_events.total) == (10, 1000)
    by_slices = ledger(minutes, indicator=TimeSlices(1, Fraction(9, 10))).between(0, 2)
    assert (by_slices.bad, by_slices.total) == (1, 2)
    by_ratio = ledger(minutes, indicator=RatioTimeSlices(1)).between(0, 2)
    assert by_ratio.error == Fraction(1, 2)


def test_a_slice_at_exactly_its_target_is_good() -> None:
    book = ledger({1: Counts(9, 10), 2: Counts(89, 100)}, indicator=TimeSlices(1, Fraction(9, 10)))
    assert book.between(0, 1).bad == 0
    assert book.between(1, 2).bad == 1


def test_a_slice_counts_once_it_is_whole() -> None:
    book = ledger({m: Counts(0, 1) for m in range(1, 8)}, indicator=TimeSlices(5, Fraction(1)))
    assert [book.between(0, m).total for m in (4, 5, 9, 10)] == [0, 1, 1, 2]


def test_a_slice_without_events_is_left_out_unless_it_is_declared_good() -> None:
    idle = {5: Counts(0, 0), 10: Counts(0, 1)}
    for indicator, total in (
        (TimeSlices(5, Fraction(1)), 1),
        (TimeSlices(5, Fraction(1), idle_is_good=True), 2),
        (RatioTimeSlices(5), PARTS),
        (RatioTimeSlices(5, idle_is_good=True), 2 * PARTS),
    ):
        found = ledger(idle, indicator=indicator).between(0, 10)
        assert (found.total, found.covered) == (total, 10)


@pytest.mark.parametrize("counts", [Counts(2, 1), Counts(-1, 1), Counts(-2, -1)])
def test_more_good_events_than_events_are_an_error_and_not_a_verdict(counts: Counts) -> None:
    for indicator in (Occurrences(), TimeSlices(5, Fraction(1)), RatioTimeSlices(5)):
        with pytest.raises(BadCounts):
            ledger({1: counts}, indicator=indicator)


@pytest.mark.parametrize("width", [0, 7, 2 * DAY])
def test_slices_fill_a_day(width: int) -> None:
    with pytest.raises(BadSlo) as caught:
        RatioTimeSlices(width)
    assert caught.value.field == "indicator.slice"


@pytest.mark.parametrize("share", [Fraction(0), Fraction(11, 10)])
def test_a_slice_target_that_every_or_no_slice_meets_is_refused(share: Fraction) -> None:
    with pytest.raises(BadSlo) as caught:
        TimeSlices(5, share)
    assert caught.value.field == "indicator.slice_target"


# --- windows ---


def minute(*parts: int) -> int:
    return minute_of(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type, misc]


def months(count: int = 1, unit: str = "M", zone: str = "UTC", day: int = 1) -> Calendar:
    return Calendar(count, unit, datetime(2026, 1, day), zone)  # noqa: DTZ001


def test_a_month_is_as_long_as_it_is() -> None:
    found = months().at(minute(2026, 2, 14, 8))
    assert (found.start, found.end) == (minute(2026, 2, 1), minute(2026, 3, 1))
    assert months().nominal == 43_200


def test_the_last_instant_of_a_period_belongs_to_it() -> None:
    first = months().at(minute(2026, 2, 1))
    assert first.end == minute(2026, 2, 1)
    assert months().at(minute(2026, 2, 1) + 1).start == minute(2026, 2, 1)


def test_a_month_from_the_31st_ends_where_the_next_one_can_begin() -> None:
    found = months(day=31).at(minute(2026, 2, 10))
    assert (found.start, found.end) == (minute(2026, 1, 31), minute(2026, 2, 28))


def test_a_period_before_the_start_is_found_as_well() -> None:
    found = months(1, "Q").at(minute(1999, 5, 5))
    assert (found.start, found.end) == (minute(1999, 4, 1), minute(1999, 7, 1))


def test_a_day_with_a_change_of_the_clock_has_23_hours() -> None:
    day = months(1, "d", "Europe/Vienna").at(minute(2026, 3, 29, 12))
    assert day.length == 23 * 60
    assert end_of(day.start) == datetime(2026, 3, 28, 23, tzinfo=UTC)


@given(
    st.sampled_from(["d", "w", "M", "Q", "Y"]),
    st.integers(0, 40_000_000),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"]),
)
def test_every_minute_lies_in_the_period_found_for_it(unit: str, at: int, zone: str) -> None:
    window = months(1, unit, zone)
    found = window.at(at)
    assert found.start < at <= found.end
    assert window.at(found.end) == found
    assert window.at(found.end + 1).start == found.end


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Rolling(60), "window.duration"),
        (lambda: Rolling(400 * DAY), "window.duration"),
        (lambda: months(1, "h"), "window.duration"),
        (lambda: months(2, "Y"), "window.duration"),
        (lambda: months(zone="Mars/Olympus"), "window.zone"),
        (lambda: months(zone="../etc/passwd"), "window.zone"),
        (lambda: Calendar(1, "M", datetime(2026, 1, 1, tzinfo=UTC), "UTC"), "window.start"),
    ],
)
def test_a_window_that_cannot_be_is_refused(make: object, field: str) -> None:
    with pytest.raises(BadSlo) as caught:
        make()  # type: ignore[operator]
    assert caught.value.field == field


# --- budgets ---


def test_what_is_spent_minute_by_minute_adds_up() -> None:
    book = ledger(traffic(300, lambda m: 100, lambda m: m % 7 if m > 0 else 0))
    found = budget(book, MONTH, 300)
    assert found is not None
    for step in (1, 7, 60):
        assert sum(share for _, share in spends(book, found, step)) == found.spent


def test_the_burn_down_goes_from_all_to_what_is_left() -> None:
    book = ledger(traffic(300, lambda m: 100, lambda m: 1 if m > 0 else 0))
    found = budget(book, MONTH, 300)
    assert found is not None
    line = burn_down(book, found)
    assert line[0] == (found.period.start, 1)
    assert line[-1] == (300, found.remaining)
    assert [share for _, share in line] == sorted((share for _, share in line), reverse=True)


def test_a_calendar_budget_counts_on_the_rest_of_its_period() -> None:
    window = months()
    start = minute(2026, 1, 1)
    counts = {start + m: Counts(999, 1000) for m in range(1, 10 * DAY + 1)}
    book = ledger(counts, Fraction(998, 1000))
    found = budget(book, window, start + 10 * DAY)
    assert found is not None
    assert found.allowed == Fraction(2, 1000) * 1000 * 31 * DAY
    assert found.spent == Fraction(10, 62)
    assert found.exhaustion is None, "at half the rate it lasts"
    assert found.burn == Fraction(1, 2)


def test_a_calendar_budget_says_when_it_will_be_gone() -> None:
    window, start = months(), minute(2026, 1, 1)
    counts = {start + m: Counts(990, 1000) for m in range(1, DAY + 1)}
    book = ledger(counts, Fraction(995, 1000))
    found = budget(book, window, start + DAY)
    assert found is not None
    assert found.exhaustion == start + 31 * DAY // 2


def test_a_rolling_budget_at_twice_the_rate_is_gone_after_half_the_window() -> None:
    book = ledger(traffic(30 * DAY, lambda m: 1000, lambda m: 0, warm=0))
    calm = budget(book, MONTH, 30 * DAY)
    assert calm is not None
    assert calm.exhaustion is None
    burning = ledger(traffic(DAY, lambda m: 1000, lambda m: 2 if m > 0 else 0, warm=30 * DAY))
    found = budget(burning, MONTH, DAY)
    assert found is not None
    assert found.exhaustion == 15 * DAY


def test_old_errors_that_leave_a_rolling_window_give_their_budget_back() -> None:
    # 80 % were spent at once long ago; at the rate of now they leave before the rest is gone.
    rolling, target = Rolling(10 * DAY), Fraction(99, 100)
    allowed = 10 * DAY * 10

    def bad(m: int) -> int:
        return 80 * allowed // 100 // 1_000 if 0 < m <= 1_000 else 5 if m > 9 * DAY else 0

    book = ledger(traffic(9 * DAY + 600, lambda m: 1000, bad, warm=DAY), target)
    found = budget(book, rolling, 9 * DAY + 600)
    assert found is not None
    assert 0 < found.remaining < 1
    assert found.exhaustion is None
    assert found.burn is not None


def test_an_overspent_budget_was_gone_at_a_minute() -> None:
    book = ledger(traffic(60, lambda m: 1000, lambda m: 1000 if m > 0 else 0))
    found = budget(book, MONTH, 60)
    assert found is not None
    assert found.remaining < 0
    # 4,380 minutes of 1,000 events, projected to 30 days, allow 43,200.
    assert (found.allowed, found.exhaustion) == (43_200, 44)


def test_without_events_there_is_no_budget_to_speak_of() -> None:
    assert budget(ledger({}), MONTH, 0) is None
    assert budget(ledger({-1: Counts(0, 0)}), MONTH, 0) is None


def test_minutes_that_were_missed_count_for_nothing_and_are_shown() -> None:
    half = {m: Counts(999, 1000) for m in range(-43_199, 1) if m % 2 == 0 or m == -43_199}
    found = budget(ledger(half, THREE_NINES), MONTH, 0)
    assert found is not None
    assert (found.spent, found.coverage) == (1, Fraction(21_601, 43_200))


def test_a_slice_that_still_runs_is_not_missed() -> None:
    minutes = {m: Counts(1, 1) for m in range(1, 2 * DAY + 300)}
    book = ledger(minutes, indicator=TimeSlices(DAY, Fraction(9, 10)))
    found = budget(book, MONTH, 2 * DAY + 299)
    assert found is not None
    assert (found.missed, found.coverage) == (0, 1)


def test_gaps_are_what_was_missed_since_counting_began() -> None:
    minutes = {m: Counts(1, 1) for m in (*range(10, 20), *range(30, 40))}
    book = ledger(minutes)
    assert book.gaps(0, 50) == [(19, 29), (39, 50)]
    assert book.gaps(0, 39) == [(19, 29)]
    assert ledger({}).gaps(0, 50) == []
    slices = ledger(minutes, indicator=TimeSlices(5, Fraction(1, 2)))
    assert slices.gaps(0, 40) == [(20, 25)]


def test_counts_that_come_rarely_leave_no_gaps() -> None:
    book = ledger({m: Counts(99, 100) for m in range(5, 101, 5)}, indicator=Occurrences(5))
    assert book.gaps(0, 103) == []
    assert book.gaps(0, 105) == [(100, 105)]
    found = budget(book, MONTH, 103)
    assert found is not None
    assert (found.missed, found.coverage) == (0, 1)
    late = ledger({m: Counts(1, 1) for m in (5, 10, 30)}, indicator=Occurrences(5))
    assert late.gaps(0, 30) == [(10, 25)]
