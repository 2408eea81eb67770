"""Five courses of errors whose alerts were worked out by hand, to the minute.

99.9 % over 30 days, counts by minute, judged at the end of each minute after three clean days.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from monitoring.slo.budget import budget
from monitoring.slo.burn import evaluate
from tests.monitoring.slo.traffic import (
    MONTH,
    PAIRS,
    UNGUARDED,
    WARM,
    edges,
    ledger,
    traffic,
)


def test_fifteen_percent_for_twenty_minutes() -> None:
    book = ledger(traffic(100, lambda m: 1_000, lambda m: 150 if 1 <= m <= 20 else 0))
    assert edges(book, 100) == {
        "page_fast": [6, 25],
        "page_slow": [15, 49],
        "ticket_fast": [],
        "ticket_slow": [],
    }
    pages = [m for m in range(100) if evaluate(book, PAIRS, MONTH.nominal, m).urgency == "page"]
    assert pages == list(range(6, 49)), "one page, without a gap"
    at_fire, after = budget(book, MONTH, 6), budget(book, MONTH, 100)
    assert at_fire is not None
    assert after is not None
    assert (at_fire.allowed, at_fire.spent) == (43_200, Fraction(900, 43_200))
    assert after.spent == Fraction(3_000, 43_200)


def test_everything_bad_for_ten_minutes() -> None:
    book = ledger(traffic(400, lambda m: 1_000, lambda m: 1_000 if 1 <= m <= 10 else 0))
    assert edges(book, 400) == {
        "page_fast": [1, 15],
        "page_slow": [3, 40],
        "ticket_fast": [5, 130],
        "ticket_slow": [5, 370],
    }
    found = budget(book, MONTH, 10)
    assert found is not None
    assert found.spent == Fraction(10_000, 43_200)


def test_half_a_percent_for_a_day() -> None:
    book = ledger(traffic(1_800, lambda m: 1_000, lambda m: 5 if 1 <= m <= 1_440 else 0))
    assert edges(book, 1_800) == {
        "page_fast": [],
        "page_slow": [],
        "ticket_fast": [865, 1_488],
        "ticket_slow": [865, 1_728],
    }
    found = budget(book, MONTH, 1_440)
    assert found is not None
    assert found.spent == Fraction(7_200, 43_200)


def test_exactly_at_the_bound_nothing_fires() -> None:
    book = ledger(traffic(300, lambda m: 10_000, lambda m: 144 if m >= 1 else 0))
    found = edges(book, 300)
    assert found["page_fast"] == []
    assert found["page_slow"] == [151]


def every_six_minutes(minute: int) -> int:
    return 1 if (minute - 1) % 6 == 0 else 0


def test_one_failure_of_ten_requests_an_hour() -> None:
    book = ledger(traffic(400, every_six_minutes, lambda m: int(m == 1)))
    assert edges(book, 400, UNGUARDED) == {
        "page_fast": [1, 6],
        "page_slow": [1, 31],
        "ticket_fast": [1, 121],
        "ticket_slow": [1, 361],
    }
    assert not any(edges(book, 400).values()), "with the guard one failure says nothing"
    held = {r.pair.name: r.state for r in evaluate(book, PAIRS, MONTH.nominal, 1).readings}
    assert set(held.values()) == {"held"}


def test_what_one_failure_of_ten_requests_an_hour_costs() -> None:
    # 720 hours of ten requests allow 7.2 failures.
    book = ledger(traffic(WARM, every_six_minutes, lambda m: int(m == 1), warm=0))
    found = budget(book, MONTH, WARM)
    assert found is not None
    assert found.spent == Fraction(10, 72)
    assert float(found.spent) == pytest.approx(0.139, abs=0.0005)
