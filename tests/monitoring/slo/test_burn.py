"""Pairs of windows: what they say, what they wait for, and which ones can never fire."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.slo.burn import (
    Guard,
    Pair,
    check_pairs,
    evaluate,
    standard,
    surely_above,
    time_to_clear,
    time_to_fire,
)
from monitoring.slo.exact import DAY, BadSlo
from monitoring.slo.indicator import Counts, Occurrences, RatioTimeSlices, TimeSlices, merged
from monitoring.slo.ledger import Ledger
from monitoring.slo.windows import Rolling, Window
from tests.monitoring.slo.traffic import MONTH, PAIRS, THREE_NINES, UNGUARDED, ledger, traffic

PAGE = PAIRS[0]


def test_the_factor_follows_from_the_window() -> None:
    days = {28: "13.44", 30: "14.4", 7: "3.36"}
    for count, factor in days.items():
        assert PAGE.factor(count * DAY) == Fraction(factor)


def test_four_pairs_of_the_workbook_in_the_form_they_are_known() -> None:
    assert [(p.name, p.factor(MONTH.nominal), p.long, p.short) for p in PAIRS] == [
        ("page_fast", Fraction("14.4"), 60, 5),
        ("page_slow", 6, 360, 30),
        ("ticket_fast", 3, 1_440, 120),
        ("ticket_slow", 1, 4_320, 360),
    ]


def test_times_to_fire_and_to_clear_have_a_closed_form() -> None:
    everything = Fraction(1)
    assert time_to_fire(PAGE, THREE_NINES, MONTH.nominal, everything) == Fraction("0.864")
    error = Fraction(15, 100)
    assert time_to_fire(PAGE, THREE_NINES, MONTH.nominal, error) == Fraction("5.76")
    assert time_to_clear(PAGE, THREE_NINES, MONTH.nominal, error) == Fraction("4.52")
    assert time_to_fire(PAGE, THREE_NINES, MONTH.nominal, Fraction("0.0144")) is None
    assert time_to_clear(PAGE, THREE_NINES, MONTH.nominal, Fraction("0.0144")) is None


def test_no_counts_are_unknown_and_no_events_are_quiet() -> None:
    silent = ledger({m: Counts(1, 1) for m in range(-100, -9)})
    assert evaluate(silent, PAIRS[:1], MONTH.nominal, 0).status == "unknown"
    idle = ledger({m: Counts(0, 0) for m in range(-100, 1)})
    assert evaluate(idle, PAIRS[:1], MONTH.nominal, 0).status == "quiet"
    assert evaluate(ledger({}), PAIRS, MONTH.nominal, 0).status == "unknown"


def test_a_ticket_waits_until_nine_tenths_of_its_window_have_counts() -> None:
    ticket = PAIRS[2]
    for minutes, state in ((1_295, "unknown"), (1_296, "firing")):
        book = ledger(traffic(minutes, lambda m: 1_000, lambda m: 1_000, warm=0))
        assert evaluate(book, [ticket], MONTH.nominal, minutes).readings[0].state == state


def test_what_fires_for_a_page_hides_the_ticket() -> None:
    book = ledger(traffic(10, lambda m: 1_000, lambda m: 1_000 if m >= 1 else 0))
    alert = evaluate(book, PAIRS, MONTH.nominal, 10)
    assert [reading.pair.name for reading in alert.firing] == [pair.name for pair in PAIRS]
    assert alert.urgency == "page"


@pytest.mark.parametrize(
    ("bad", "total", "bound", "above"),
    [
        # 99.9 % with a factor of 14.4, and tickets with a factor of 1.
        (1, 10, "0.0144", False),
        (2, 10, "0.0144", True),
        (1, 720, "0.001", False),
        (0, 10, "0.0144", False),
        (10, 10, "1", False),
    ],
)
def test_little_traffic_has_to_be_sure(bad: int, total: int, bound: str, above: bool) -> None:
    assert surely_above(bad, total, Fraction(bound)) is above


@given(
    total=st.integers(1, 300),
    share=st.floats(0, 1),
    bound=st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000),
)
def test_the_guard_agrees_with_the_interval_of_clopper_and_pearson(
    total: int, share: float, bound: Fraction
) -> None:
    bad = round(share * total)
    lower = float(stats.beta.ppf(0.05, bad, total - bad + 1)) if bad else 0.0
    if not math.isclose(lower, float(bound), rel_tol=1e-9):
        assert surely_above(bad, total, bound) is (lower > bound)


def test_a_single_failure_never_fires_by_itself() -> None:
    for failures, state in ((1, "held"), (2, "firing")):
        book = ledger({0: Counts(0, failures)})
        assert evaluate(book, [PAGE], MONTH.nominal, 0).readings[0].state == state


def test_many_events_do_not_make_the_guard_slow() -> None:
    assert surely_above(2, 10**9, Fraction(1, 10**10))
    assert not surely_above(2, 10**9, Fraction(1, 10**9))


# --- properties ---

COUNTS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda pair: Counts(min(pair), max(pair))
)
MINUTES = st.dictionaries(st.integers(-400, 0), COUNTS, max_size=60)
SHORT = [
    dataclasses.replace(PAGE, short=5, long=60, guard=Guard(0, 0)),
    dataclasses.replace(PAGE, name="other", short=30, long=360, fraction=Fraction(1, 20)),
]
INDICATORS = st.sampled_from(
    [Occurrences(), TimeSlices(5, Fraction(9, 10)), RatioTimeSlices(5), TimeSlices(1, Fraction(1))]
)
TARGETS = st.sampled_from([Fraction(999, 1000), Fraction(98, 100), Fraction(19, 20)])


def states(book: Ledger, minute: int) -> list[str]:
    return [r.state for r in evaluate(book, SHORT, MONTH.nominal, minute).readings]


@given(MINUTES, INDICATORS, TARGETS, st.integers(-(10**5), 10**7))
def test_a_shift_in_time_changes_nothing(
    minutes: dict[int, Counts], indicator: Occurrences, target: Fraction, days: int
) -> None:
    shift = days * DAY
    moved = {minute + shift: counts for minute, counts in minutes.items()}
    here = ledger(minutes, target, indicator)
    there = ledger(moved, target, indicator)
    assert states(here, 0) == states(there, shift)


@given(MINUTES, INDICATORS, TARGETS, st.integers(-30, 0), st.integers(1, 5))
def test_one_more_bad_event_never_clears_an_alert(
    minutes: dict[int, Counts], indicator: Occurrences, target: Fraction, place: int, more: int
) -> None:
    before = states(ledger(minutes, target, indicator), 0)
    counts = minutes.get(place, Counts(0, 0))
    worse = {**minutes, place: Counts(counts.good, counts.total + more)}
    after = states(ledger(worse, target, indicator), 0)
    cleared = [b for b, a in zip(before, after, strict=True) if b == "firing" and a != b]
    assert not cleared


@given(MINUTES, INDICATORS, st.randoms(use_true_random=False), st.integers(1, 6))
def test_order_and_batches_of_arrival_change_nothing(
    minutes: dict[int, Counts], indicator: Occurrences, random: object, batches: int
) -> None:
    items = list(minutes.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    size = max(1, len(items) // batches)
    parts = [dict(items[start : start + size]) for start in range(0, len(items), size)]
    whole = ledger(minutes, indicator=indicator)
    late = ledger(merged(parts), indicator=indicator)
    for minute in range(-60, 1, 7):
        assert evaluate(whole, SHORT, MONTH.nominal, minute) == evaluate(
            late, SHORT, MONTH.nominal, minute
        )


@given(MINUTES, st.integers(1, 5))
def test_slices_of_traffic_add_up_to_the_whole(minutes: dict[int, Counts], count: int) -> None:
    slices: list[dict[int, Counts]] = [{} for _ in range(count)]
    for minute, counts in minutes.items():
        for place in range(count):
            good = counts.good // count + (place < counts.good % count)
            bad = counts.bad // count + (place < counts.bad % count)
            slices[place][minute] = Counts(good, good + bad)
    whole = ledger(minutes)
    books = [ledger(part) for part in slices]
    for start, end in ((-60, 0), (-360, -5)):
        expected = whole.between(start, end)
        assert sum(b.between(start, end).bad for b in books) == expected.bad
        assert sum(b.between(start, end).allowed for b in books) == expected.allowed
    assert states(ledger(merged(slices)), 0) == states(whole, 0)


@given(MINUTES, st.integers(-300, 0))
def test_a_new_target_holds_from_its_day_on(minutes: dict[int, Counts], since: int) -> None:
    changed = Ledger(Occurrences(), [(-(10**6), THREE_NINES), (since, Fraction(99, 100))], minutes)
    old, new = ledger(minutes), ledger(minutes, Fraction(99, 100))
    assert changed.between(-400, since - 1) == old.between(-400, since - 1)
    assert changed.between(since - 1, 0) == new.between(since - 1, 0)


# --- what can never fire ---


def pair(**changes: object) -> Pair:
    return dataclasses.replace(PAGE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "target", "window", "field", "reason"),
    [
        (pair(), Fraction(9, 10), MONTH, "fraction", "can never fire"),
        (pair(fraction=Fraction(0)), THREE_NINES, MONTH, "fraction", "above 0"),
        (pair(fraction=Fraction(2)), THREE_NINES, MONTH, "fraction", "at most 1"),
        (pair(short=60), THREE_NINES, MONTH, "short", "shorter than the long window"),
        (pair(short=0), THREE_NINES, MONTH, "short", "shorter"),
        (pair(long=DAY), THREE_NINES, Rolling(DAY), "long", "shorter than the window"),
        (pair(min_coverage=Fraction(11, 10)), THREE_NINES, MONTH, "min_coverage", "never covered"),
        (pair(urgency="scream"), THREE_NINES, MONTH, "urgency", "one of"),
        (pair(name=""), THREE_NINES, MONTH, "name", "1 to 40"),
        (pair(guard=Guard(-1, 0)), THREE_NINES, MONTH, "min_events", "from 0"),
    ],
)
def test_a_pair_that_can_never_fire_is_refused_with_the_reason(
    changed: Pair, target: Fraction, window: Window, field: str, reason: str
) -> None:
    with pytest.raises(BadSlo, match=reason) as caught:
        check_pairs([UNGUARDED[1], changed], target, window, Occurrences())
    assert caught.value.field == f"alerts.1.{field}"


def test_the_reason_says_what_would_do() -> None:
    with pytest.raises(BadSlo) as caught:
        check_pairs([PAGE], Fraction(9, 10), MONTH, Occurrences())
    assert caught.value.message == (
        "can never fire: it needs a burn rate above 14.4, and with everything bad an objective of"
        " 90 % burns at 10. A fraction below 0.01389 (1.389 %) can"
    )


def test_at_exactly_what_everything_bad_burns_a_pair_never_fires() -> None:
    just = pair(fraction=Fraction(1, 72))
    with pytest.raises(BadSlo):
        check_pairs([just], Fraction(9, 10), MONTH, Occurrences())
    check_pairs([pair(fraction=Fraction(1, 73))], Fraction(9, 10), MONTH, Occurrences())


def test_two_pairs_of_one_name_are_refused() -> None:
    with pytest.raises(BadSlo) as caught:
        check_pairs([PAGE, PAGE], THREE_NINES, MONTH, Occurrences())
    assert caught.value.field == "alerts.1.name"


def test_windows_hold_whole_slices() -> None:
    slices = TimeSlices(10, Fraction(9, 10))
    with pytest.raises(BadSlo, match="whole slices of 10m") as caught:
        check_pairs([PAGE], THREE_NINES, MONTH, slices)
    assert caught.value.field == "alerts.0.short"
    assert [p.short for p in standard(THREE_NINES, MONTH, slices)] == [10, 30, 120, 360]


def test_the_standard_leaves_out_what_cannot_fire() -> None:
    assert [p.name for p in standard(Fraction(9, 10), MONTH, Occurrences())] == [
        "page_slow",
        "ticket_fast",
        "ticket_slow",
    ]
    assert [p.name for p in standard(THREE_NINES, Rolling(DAY), Occurrences())] == ["page_fast"]


def test_in_a_short_window_the_standard_keeps_its_factors() -> None:
    week = Rolling(7 * DAY)
    factors = [p.factor(week.nominal) for p in standard(THREE_NINES, week, Occurrences())]
    assert factors == [Fraction("14.4"), 6, 3, 1]


def test_counts_that_come_every_five_minutes_cover_them() -> None:
    minutes = {m: Counts(5_000, 5_000) for m in range(-5_000, 1, 5)}
    rare = ledger(minutes, indicator=Occurrences(5))
    assert rare.between(-1_440, 0).covered == 1_440
    assert ledger(minutes).between(-1_440, 0).covered == 288
    states = [r.state for r in evaluate(rare, PAIRS, MONTH.nominal, 3).readings]
    assert states == ["quiet"] * 4
    assert [p.short for p in standard(THREE_NINES, MONTH, Occurrences(5))] == [5, 30, 120, 360]
    with pytest.raises(BadSlo, match="between counts"):
        check_pairs([PAGE], THREE_NINES, MONTH, Occurrences(10))


@given(
    st.fractions(Fraction(1, 2), Fraction(9999, 10_000), max_denominator=10_000),
    st.fractions(Fraction(1, 1000), 1, max_denominator=1000),
)
def test_a_pair_is_refused_just_when_a_full_outage_does_not_fire_it(
    target: Fraction, fraction: Fraction
) -> None:
    tried = pair(fraction=fraction, guard=Guard(0, 0))
    book = ledger({m: Counts(0, 1) for m in range(-59, 1)}, target)
    fires = evaluate(book, [tried], MONTH.nominal, 0).status == "firing"
    try:
        check_pairs([tried], target, MONTH, Occurrences())
    except BadSlo:
        assert not fires
    else:
        assert fires
