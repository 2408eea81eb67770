"""Objectives slice by slice: a broken slice is found while the whole looks fine."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from monitoring.slo.indicator import Counts
from monitoring.slo.slices import ranked
from tests.cast import Api, Player, machine
from tests.monitoring.slo.traffic import MONTH, PAIRS, ledger
from tests.monitoring.test_slos import NOON, SCOPES, create, send, settings

AT = f"as_of={(NOON + timedelta(minutes=60)).isoformat().replace('+00:00', 'Z')}"


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def send_slices(api: Api, by: str = "country", **bad: int) -> None:
    """An hour of 100 events a minute for each slice, so many of them bad; `XS` has one a minute."""
    points = [
        {
            "series": series,
            "labels": {"service": "web", by: name},
            "time": (NOON + timedelta(minutes=minute)).isoformat(),
            "value": total if series == "requests" else total - wrong,
        }
        for minute in range(1, 61)
        for name, wrong in bad.items()
        for series, total in (
            ("requests", 1 if name == "XS" else 100),
            ("ok", 1 if name == "XS" else 100),
        )
    ]
    assert api.post("measurements", points).status_code == 200


def test_the_worst_slice_is_first_and_small_ones_are_counted() -> None:
    def book(good: int, total: int) -> object:
        return ledger({10: Counts(good, total)})

    books = {
        "fine": book(100_000, 100_000),
        "worse": book(980, 1_000),
        "worst": book(90, 100),
        "tiny": book(0, 99),
        "silent": ledger({}),
    }
    found = ranked(books, PAIRS, MONTH.nominal, 10, 60)  # type: ignore[arg-type]
    assert [one.key for one in found.slices] == ["worst", "worse", "fine"]
    assert (found.small, found.silent) == (1, 1)
    worst = found.slices[0]
    assert worst.seen.burn == 100
    assert worst.of_bad == Fraction(10, 129)
    assert worst.of_traffic == Fraction(100, 101_199)
    assert worst.readings[0].state == "firing"
    fine = found.slices[-1]
    assert (fine.seen.burn, fine.readings[0].state) == (0, "quiet")


def test_the_order_does_not_hang_on_the_names() -> None:
    counts = {"a": Counts(990, 1_000), "b": Counts(1_980, 2_000), "c": Counts(9_900, 10_000)}
    books = {name: ledger({1: each}) for name, each in counts.items()}
    found = ranked(books, (), MONTH.nominal, 1, 60)
    assert [one.key for one in found.slices] == ["c", "b", "a"], "more bad events, of equal rates"


def test_the_slices_through_the_api(api: Api) -> None:
    create(api)
    send(api, 1, 60, 301, 0)
    send_slices(api, SE=0, FI=50, NO=1, XS=1)
    send_slices(api, by="zone", a=0)
    data = api.get(f"slos/web/slices?by=country&over=1h&{AT}").data
    assert (data["labels"], data["windows"]) == (["country", "zone"], ["1h", "6h", "1d", "3d"])
    assert [one["slice"] for one in data["items"]] == ["FI", "NO", "SE"]
    fi = data["items"][0]
    assert (fi["events"], fi["bad"], fi["burn"]) == (6_000, 3_000, 500.0)
    assert fi["of_bad"] == pytest.approx(3_000 / 3_120)
    assert {one["state"] for one in fi["alerts"] if one["urgency"] == "page"} == {"firing"}
    assert (data["small"], data["silent"]) == (1, 0)
    few = api.get(f"slos/web/slices?by=country&minimum=1&{AT}").data
    assert few["items"][0]["slice"] == "XS"


@pytest.mark.parametrize("asked", ["by=shoe", "over=2h", "minimum=0", "minimum=x", "as_of=then"])
def test_a_wrong_question_is_told_by_name(api: Api, asked: str) -> None:
    create(api)
    answer = api.get(f"slos/web/slices?{asked}")
    assert answer.status_code == 400
    assert asked.partition("=")[0] in answer.content.decode()


def test_too_many_slices_are_refused(api: Api) -> None:
    create(api)
    send(api, 1, 1, 100, 0)
    time = NOON.isoformat()
    points = [
        {
            "series": "requests",
            "labels": {"service": "web", "user": str(n)},
            "time": time,
            "value": 1,
        }
        for n in range(101)
    ]
    assert api.post("measurements", points).status_code == 200
    assert api.get("slos/web/slices?by=user").status_code == 400


def test_pages_show_slices_or_say_how_to_have_some(api: Api, olga: Player) -> None:
    create(api, key="idea", settings=settings(indicator={}))
    create(api)
    for key in ("idea", "web"):
        assert "Nothing is sliced" in olga.browser.get(f"/slos/{key}/slices").content.decode()
    send(api, 1, 60, 200, 0)
    send_slices(api, FI=50, SE=0)
    page = olga.browser.get("/slos/web/slices?over=6h").content.decode()
    assert page.index(">FI<") < page.index(">SE<")
    assert "3,000 bad of 6,000" in page
    assert olga.browser.get("/slos/web/slices?by=shoe").status_code == 400
    assert olga.browser.get("/slos/none/slices").status_code == 404
