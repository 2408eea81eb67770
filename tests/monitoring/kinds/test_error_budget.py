"""The kind that watches how much of an error budget is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring.kinds import BadParameter, Verdict, make
from monitoring.kinds.error_budget import ErrorBudget
from monitoring.slo.exact import DAY, end_of, minute_of
from tests.monitoring.kinds.series import NOON

START = minute_of(NOON)
Counted = dict[int, tuple[float, float]]


def kind(**changes: Any) -> ErrorBudget:
    made = make("error_budget", {"target": "0.99", "good": "ok", "period": "1d", **changes})
    assert isinstance(made, ErrorBudget)
    return made


def minutes(*bad: float, total: float = 1_000, first: int = 1) -> Counted:
    return {START + first + n: (total - each, total) for n, each in enumerate(bad)}


def review(judge: ErrorBudget, counts: Counted, until: datetime | None = None) -> list[Verdict]:
    return judge.review(counts, None, until or end_of(max(counts)))[1]


def breached(found: list[Verdict]) -> list[int]:
    return [minute_of(one.at) - START for one in found if one.status == "breached"]


# A day of 1,000 events a minute under 99 % has a budget of 14,400 bad ones.
CALM = minutes(*[0] * DAY, first=1 - DAY)


def test_it_breaches_in_the_minute_that_leaves_too_little() -> None:
    # Three quarters, 10,800, are spent after 54 minutes of 200, exactly: one more is too many.
    found = review(kind(), CALM | minutes(*[200] * 54, 0, 1))
    assert breached(found) == [56]
    last = found[-1]
    assert (last.value, last.lo) == (pytest.approx(3_599 / 14_400), 0.25)
    assert last.n == 1_440_000


def test_the_sentence_says_what_is_left_and_when_it_is_gone() -> None:
    found = review(kind(), CALM | minutes(*[300] * 40))[-1]
    assert found.sentence.startswith(
        "16.67 % of the error budget of 1d is left, at least 25 % has to be:"
        " 12,000 of 1,440,000 were bad; at the rate of the last 24 h it is gone in "
    )
    found = review(kind(), CALM | minutes(*[300] * 60))[-1]
    assert found.sentence == (
        "The error budget of 1d is overspent by 25 %: 18,000 of 1,440,000 were bad."
    )


def test_a_rolling_budget_comes_back_and_closes_the_breach() -> None:
    found = review(kind(clear_after=1), CALM | minutes(*[300] * 40, *[0] * DAY))
    assert breached(found) == list(range(37, DAY + 4)), "the first bad minutes leave a day later"


def test_a_breach_stays_until_enough_is_left_for_a_while() -> None:
    found = review(kind(clear_after=15), CALM | minutes(*[300] * 40, *[0] * DAY))
    assert breached(found) == list(range(37, DAY + 18))


@pytest.mark.parametrize("cut", [1, 36, 37, 700, DAY + 3, DAY + 4, DAY + 10, DAY + 17, DAY + 20])
def test_parts_give_the_same_verdicts_as_the_whole(cut: int) -> None:
    judge = kind()
    counts = CALM | minutes(*[300] * 40, *[0] * (DAY + 30))
    near = {minute: each for minute, each in counts.items() if minute <= START + cut + 20}
    whole = {one.at: one.status for one in judge.review(near, end_of(START), end_of(max(near)))[1]}
    middle = end_of(START + cut)
    kept = {m: each for m, each in near.items() if end_of(m) > middle - judge.lookback}
    _, after = judge.review(kept, middle, end_of(max(near)))
    assert len(after) == 20
    assert {one.at: one.status for one in after} == {at: whole[at] for at in whole if at > middle}


def test_a_calendar_budget_begins_anew() -> None:
    judge = kind(begins="2026-01-01 00:00:00", zone="UTC")
    left = DAY - (START % DAY)
    counts = minutes(*[0] * (START % DAY), first=1 - START % DAY)
    found = review(judge, counts | minutes(*[300] * left, *[0] * 20))
    times = breached(found)
    assert times[-1] == left, "midnight gives a new budget"


def test_too_few_events_and_silence_are_no_data() -> None:
    few = review(kind(), minutes(1, total=10))[-1]
    assert (few.status, few.sentence) == (
        "no_data",
        "Fewer than 100 events were counted in this window.",
    )
    later = end_of(START + 1) + timedelta(minutes=30)
    assert review(kind(), minutes(0), later)[-1].sentence == (
        "No counts for 30 min; 5 min is the limit."
    )
    assert kind().review({}, None, NOON)[1][0].status == "no_data"


def test_counts_that_cannot_be_are_an_error() -> None:
    found = review(kind(), minutes(0, -5))
    assert [one.status for one in found] == ["ok", "error"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"target": "1"}, "target"),
        ({"good": None}, "good"),
        ({"bad": "x"}, "good"),
        ({"good": "a b"}, "good"),
        ({"period": "1h"}, "period"),
        ({"begins": "soon"}, "begins"),
        ({"begins": "2026-01-01 00:00:00", "zone": "Mars"}, "zone"),
        ({"every": "2d"}, "every"),
        ({"below": 1.0}, "below"),
        ({"clear_after": 0}, "clear_after"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        kind(**changes)
    assert caught.value.field == field
