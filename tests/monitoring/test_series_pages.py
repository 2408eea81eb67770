"""Pages of series: the catalogue, one series with its corrections, and the board of a launch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventlog.clock import now
from monitoring import evaluation
from monitoring.models import Series
from monitoring.series import asked, newest
from tests.cast import Api, Player, machine
from tests.monitoring.test_api import create
from tests.monitoring.test_slo_pages import shown

MINUTE = timedelta(minutes=1)


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "measurements:read", "monitors:write").api


def send(api: Api, name: str, *values: float, ends: Any = None, **labels: str) -> None:
    """Values a minute apart, the last of them at `ends`, by default just now."""
    end = ends or now()
    points = [
        {"series": name, "labels": labels, "time": (end - back * MINUTE).isoformat(), "value": v}
        for back, v in enumerate(reversed(values))
    ]
    assert api.post("measurements", points).status_code == 200


@pytest.mark.parametrize(
    ("text", "name", "labels"),
    [
        ("", "", {}),
        ("latency", "latency", {}),
        ("latency country=FI", "latency", {"country": "FI"}),
        ('latency{country="FI",tier=1}', "latency", {"country": "FI", "tier": "1"}),
        ("=", "", {"": ""}),
    ],
)
def test_a_search_names_parts_of_a_name_and_labels(
    text: str, name: str, labels: dict[str, str]
) -> None:
    assert asked(text) == (name, labels)


def test_the_catalogue_is_searched_by_name_and_label(api: Api, olga: Player) -> None:
    assert "Nothing is measured yet" in shown(olga, "/series/")
    send(api, "latency", 1, 2, country="FI")
    send(api, "latency", 3, 4, country="SE")
    send(api, "errors", 5)
    page = shown(olga, "/series/")
    assert page.count('<tr id="row-') == 3
    page = shown(olga, "/series/?search=laten+country=SE")
    assert page.count('<tr id="row-') == 1
    assert "country SE" in page
    assert "No series fits" in shown(olga, "/series/?search=nothing")


def test_a_series_shows_its_values_monitors_and_corrections(api: Api, olga: Player) -> None:
    location = create(api, series="errors", labels={"service": "checkout"})
    at = now()
    send(api, "errors", 5, 6, 7, ends=at, service="checkout")
    send(api, "errors", 9, ends=at, service="checkout")
    row = Series.objects.get()
    page = shown(olga, f"/series/{row.id}")
    assert "3 measurements between 5 and 9" in page
    assert '<td data-l="Was" class="end">7</td><td data-l="Is now" class="end">9</td>' in page
    assert location.replace("/api/v1", "") in page
    assert "Watch it" not in page  # Olga only looks on
    assert olga.browser.get("/series/999999").status_code == 404
    assert olga.browser.get(f"/series/{row.id}?until=soon").status_code == 400
    assert "No measurements in this range" in shown(
        olga, f"/series/{row.id}?until=2020-01-01T00:00:00Z"
    )


def test_a_series_is_described_by_those_who_may(api: Api, bo: Player, olga: Player) -> None:
    send(api, "latency", 1)
    row = Series.objects.get()
    path = f"/series/{row.id}/describe"
    assert olga.browser.post(path, {"unit": "s"}).status_code == 403
    assert bo.browser.post(path, {"unit": "s", "first_wins": "on"}).status_code == 302
    row.refresh_from_db()
    assert (row.unit, row.first_wins) == ("s", True)
    bo.browser.post(path, {"unit": "x" * 41})
    assert "at most 40 characters" in shown(bo, f"/series/{row.id}")
    row.refresh_from_db()
    assert row.unit == "s"


def test_an_outsider_sees_no_series(api: Api, mallory: Player) -> None:
    for path in ("/series/", "/series/launch", "/series/1"):
        assert mallory.browser.get(path).status_code == 403


def test_the_newest_value_knows_an_hour_and_a_day_before(api: Api) -> None:
    at = now()
    for back, value in ((timedelta(0), 12.0), (timedelta(hours=1), 10.0), (timedelta(days=1), 8.0)):
        send(api, "orders", value, ends=at - back)
    send(api, "young", 3.0)
    ids = {row.name: row.id for row in Series.objects.all()}
    found = newest(ids.values())
    orders = found[ids["orders"]]
    assert (orders.value, orders.hour_ago, orders.day_ago) == (12.0, 10.0, 8.0)
    young = found[ids["young"]]
    assert (young.before, young.hour_ago, young.day_ago) == (None, None, None)


def test_the_launch_board_shows_the_freshest_first_and_what_is_silent(
    api: Api, olga: Player
) -> None:
    send(api, "a.old", 1, 2, ends=now() - timedelta(hours=2))
    send(api, "b.new", 4, 5)
    page = shown(olga, "/series/launch")
    assert page.index("b.new") < page.index("a.old")
    assert "1 silent." in page
    part = olga.browser.get("/series/launch?search=b", headers={"X-Fragment": "1"})
    text = part.content.decode()
    assert "<html" not in text
    assert "b.new" in text
    assert "a.old" not in text


def test_a_monitor_of_slices_is_told_at_each_of_them(api: Api, olga: Player) -> None:
    for country in ("FI", "SE"):
        send(api, "requests", 50, 50, country=country)
        send(api, "failures", 1, 1, country=country)
    sliced = {"kind": "slice_broken", "parameters": {"total": "requests", "by": "country"}}
    create(api, **sliced, name="by country", series="failures", labels={})
    evaluation.evaluate_due()
    page = shown(olga, "/series/?search=requests")
    assert page.count("by country") == 2 * 2  # a title and a name each


def test_changes_are_told_around_zero_too(api: Api, olga: Player) -> None:
    at = now()
    send(api, "delta", 0, ends=at - timedelta(hours=1))
    send(api, "delta", -3, ends=at)
    page = shown(olga, "/series/launch")
    assert "−3" in page
