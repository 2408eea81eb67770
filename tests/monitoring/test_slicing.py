"""The slices of a monitor beside each other: which are broken, and what they are told as."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventlog.clock import now
from monitoring import evaluation
from tests.cast import Player

COUNTRIES, DEVICES = ("FI", "NO", "SE"), ("app", "web")


@pytest.fixture
def sliced(root: Player) -> str:
    """Path of a monitor by country and device, where everything of FI failed in the last hour."""
    begin = (now() - timedelta(hours=3)).replace(second=0, microsecond=0)
    points = [
        {
            "series": series,
            "labels": {"country": country, "device": device},
            "time": (begin + timedelta(minutes=minute)).isoformat(),
            "value": 5 if series == "requests" or (country == "FI" and minute > 120) else 0,
        }
        for minute in range(181)
        for country in COUNTRIES
        for device in DEVICES
        for series in ("requests", "failures")
    ]
    assert root.api.post("measurements", points).status_code == 200
    body = {
        "name": "failures by country and device",
        "kind": "slice_broken",
        "series": "failures",
        "parameters": {"total": "requests", "by": "country, device"},
        "subjects": ["service:checkout"],
    }
    made = root.api.post("monitors", body)
    assert made.status_code == 201, made.data
    evaluation.evaluate_due()
    return str(made.data["location"]).removeprefix("/api/v1/")


def test_the_broken_come_first_and_say_what_they_are_told_as(root: Player, sliced: str) -> None:
    said = root.api.get(f"{sliced}/slices").data
    assert (said["count"], said["broken"]) == (6, 2)
    worst = said["items"][:2]
    assert {each["name"] for each in worst} == {"country=FI device=app", "country=FI device=web"}
    assert {each["told_as"] for each in worst} == {"country=FI"}
    assert all(each["failed"] == each["of"] == 300 for each in worst)
    assert all(each["chance"] < 1e-6 and each["rest"] == 0.2 for each in worst)
    assert [each["chance"] for each in said["items"][2:]] == [1.0] * 4
    # The sum over the slices is that of the whole.
    assert sum(each["of"] for each in said["items"]) == 1_800


def test_as_of_an_hour_before_nothing_is_broken(root: Player, sliced: str) -> None:
    before = (now() - timedelta(hours=1, minutes=5)).isoformat()
    said = root.api.get(f"{sliced}/slices", {"at": before}).data
    assert (said["count"], said["broken"]) == (6, 0)
    assert root.api.get(f"{sliced}/slices?at=yesterday").status_code == 400


def test_a_slice_is_found_by_its_name_in_the_api_and_on_the_page(
    root: Player, sliced: str, olga: Player
) -> None:
    said = root.api.get(f"{sliced}/slices?search=WEB").data
    assert [each["name"][-3:] for each in said["items"]] == ["web"] * 3
    page = root.browser.get(f"/{sliced}/slices?search=country=FI").content.decode()
    assert page.count("<tr>") == 1 + 2
    assert "100 %, of the rest 20 %" in page
    assert (
        "No slice is called so" in root.browser.get(f"/{sliced}/slices?search=DK").content.decode()
    )
    assert f"/{sliced}/slices?at=" in root.browser.get(f"/{sliced}").content.decode()


def test_other_kinds_have_no_slices(root: Player, sliced: str) -> None:
    body = {"name": "plain", "kind": "threshold", "series": "requests", "parameters": {"value": 1}}
    one = root.api.post("monitors", body).data["location"].removeprefix("/api/v1/")
    assert root.api.get(f"{one}/slices").status_code == 404
    assert root.browser.get(f"/{one}/slices").status_code == 404
