"""Compliance reports: what was counted in a month, a quarter or a window, against the target then."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.slo.compliance import kept, periods
from monitoring.slo.exact import BadSlo, end_of, minute_of
from monitoring.slo.indicator import PARTS, Counts, RatioTimeSlices
from monitoring.slo.ledger import Ledger
from monitoring.slo.windows import Calendar, Period, Rolling
from tests.cast import Api, Player, machine
from tests.monitoring.slo.traffic import THREE_NINES, ledger
from tests.monitoring.test_slos import DEFINITION, SCOPES, create, send, settings

VIENNA = Calendar(1, "M", datetime(2026, 1, 1), "Europe/Vienna")  # noqa: DTZ001
MARCH = minute_of(datetime(2026, 3, 10, 12, tzinfo=UTC))


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def bounds(frame: str, window: Any, count: int = 2) -> list[str]:
    found = [end_of(each.start) for each in periods(frame, window, MARCH, count)]
    return [at.strftime("%Y-%m-%d %H:%M") for at in found]


def test_months_and_quarters_begin_in_the_zone_of_the_window() -> None:
    assert bounds("month", Rolling(43_200)) == ["2026-03-01 00:00", "2026-02-01 00:00"]
    assert bounds("month", VIENNA) == ["2026-02-28 23:00", "2026-01-31 23:00"]
    assert bounds("quarter", VIENNA) == ["2025-12-31 23:00", "2025-09-30 22:00"]
    assert bounds("window", Rolling(1_440)) == ["2026-03-09 12:00", "2026-03-08 12:00"]


@pytest.mark.parametrize("frame", ["month", "quarter", "window"])
def test_periods_follow_each_other_without_a_gap(frame: str) -> None:
    found = list(periods(frame, VIENNA, MARCH, 8))
    assert all(later.start == before.end for later, before in itertools.pairwise(found))


@pytest.mark.parametrize(("frame", "count"), [("year", 1), ("month", 0), ("quarter", 9)])
def test_what_cannot_be_asked_is_refused(frame: str, count: int) -> None:
    with pytest.raises(BadSlo):
        list(periods(frame, VIENNA, MARCH, count))


def test_at_exactly_what_is_allowed_it_is_met_and_one_more_misses_it() -> None:
    for bad, outcome in ((10, "met"), (11, "missed")):
        found = kept(ledger({1: Counts(10_000 - bad, 10_000)}), Period(0, 100), 50)
        assert (found.outcome, found.allowed, found.whole) == (outcome, 10, False)
        assert found.spent == Fraction(bad, 10)


def test_nothing_counted_is_neither_met_nor_missed() -> None:
    found = kept(ledger({1: Counts(5, 10)}), Period(10, 20), 30)
    assert (found.outcome, found.spent, found.attained) == ("unknown", None, None)


def test_each_event_is_held_to_the_target_of_its_time() -> None:
    minutes = {1: Counts(990, 1_000), 2: Counts(990, 1_000)}
    book = Ledger(ledger({}).indicator, [(0, Fraction(9, 10)), (2, THREE_NINES)], minutes)
    found = kept(book, Period(0, 2), 2)
    assert (found.allowed, found.target) == (101, THREE_NINES)
    assert found.outcome == "met"


def test_slices_are_reported_as_slices() -> None:
    book = ledger({5: Counts(1, 2), 10: Counts(4, 4)}, Fraction(1, 2), RatioTimeSlices(5))
    found = kept(book, Period(0, 10), 10)
    assert (found.parts, found.bad, found.allowed) == (PARTS, Fraction(1, 2), 1)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=60))
def test_the_sums_are_those_of_a_plain_count(each: list[tuple[int, int]]) -> None:
    minutes = {m: Counts(good, good + bad) for m, (good, bad) in enumerate(each, 1)}
    whole = kept(ledger(minutes), Period(0, 60), 60)
    halves = [kept(ledger(minutes), Period(*part), 60) for part in ((0, 30), (30, 60))]
    assert whole.bad == sum(bad for _, bad in each) == sum(part.bad for part in halves)
    assert whole.seen.events.total == sum(good + bad for good, bad in each)
    assert (whole.outcome == "missed") == (1_000 * whole.bad > whole.seen.events.total)


def test_the_report_through_the_api_and_as_a_table(api: Api) -> None:
    create(api)
    # Noon of the first of March, and twelve hours and a minute before: the last of February.
    send(api, -721, -720, 1_000, 3)
    send(api, 1, 2, 1_000, 1)
    asked = "period=month&count=6&as_of=2026-03-01T13:00:00Z"
    report = api.get(f"slos/web/compliance?{asked}").data
    assert [one["outcome"] for one in report["items"]] == ["met", "missed"]
    march, february = report["items"]
    assert (march["good"], march["total"], march["whole"]) == (1_998, 2_000, False)
    assert (february["bad"], february["allowed_bad"], february["spent"]) == (6, "2", 3.0)
    assert (february["objective"], february["whole"]) == ("0.999", True)
    answer = api.get(f"slos/web/compliance.csv?{asked}")
    assert answer["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(line["key"], line["good"], line["outcome"]) for line in lines] == [
        ("web", "1998", "met"),
        ("web", "1994", "missed"),
    ]


def test_a_changed_target_is_not_applied_to_the_past(api: Api) -> None:
    create(api)
    send(api, 1, 10, 1_000, 5)
    body = {**DEFINITION, "settings": settings(target="0.9"), "reason": "Enough."}
    assert api.post("slos/web/change", body).status_code == 200
    path = "slos/web/compliance?as_of=2026-03-01T13:00:00Z"
    assert api.get(path).data["items"][0]["outcome"] == "missed"


@pytest.mark.parametrize(
    "asked",
    ["period=year", "count=0", "count=25", "count=x", "as_of=then", "period=quarter&count=9"],
)
def test_a_wrong_question_is_told_by_name(api: Api, asked: str) -> None:
    create(api)
    for door in ("compliance", "compliance.csv"):
        assert api.get(f"slos/web/{door}?{asked}").status_code == 400
    assert api.get("slos/none/compliance").status_code == 404


def test_the_page_tells_each_period(api: Api, olga: Player) -> None:
    create(api)
    assert "Nothing was counted yet" in page(olga, "/slos/web/compliance")
    send(api, -721, -720, 1_000, 3)
    send(api, 1, 2, 1_000, 1)
    shown = page(olga, "/slos/web/compliance")
    for words in ("March 2026", "February 2026", "missed", "1,998", "300 %", "99.7 %"):
        assert words in shown, words
    assert "Q1 2026" in page(olga, "/slos/web/compliance?period=quarter")
    assert "Windows follow each other" in page(olga, "/slos/web/compliance?period=window")
    assert olga.browser.get("/slos/none/compliance").status_code == 404


def page(player: Player, path: str) -> str:
    return " ".join(player.browser.get(path).content.decode().split())
