"""The REST doors of monitors, breaches and series."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import evaluation
from tests.cast import Api, Player, machine

DEFINITION: dict[str, Any] = {
    "name": "Errors",
    "kind": "threshold",
    "parameters": {"value": 10, "needed": 1, "of": 1, "clear_after": 1},
    "series": "errors",
    "labels": {"service": "checkout"},
    "subjects": ["service:checkout"],
    "urgency": "page",
}


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "measurements:read", "monitors:write").api


def create(api: Api, **changes: Any) -> str:
    response = api.post("monitors", DEFINITION | changes)
    assert response.status_code == 201, response.data
    return str(response.data["location"])


def send(api: Api, *values: float) -> None:
    body = [
        {"series": "errors", "labels": {"service": "checkout"}, "time": 1e9 + n, "value": value}
        for n, value in enumerate(values)
    ]
    assert api.post("measurements", body).status_code == 200
    evaluation.evaluate_due()


def test_a_monitor_is_created_and_read_back(api: Api) -> None:
    location = create(api)
    answer = api.get(location)
    assert answer.status_code == 200
    assert answer["ETag"] == '"v1"'
    data = answer.data
    assert (data["name"], data["urgency"], data["status"]) == ("Errors", "page", "no_data")
    assert data["parameters"]["op"] == "above"
    assert data["labels"] == {"service": "checkout"}


def test_the_same_key_makes_one_monitor(api: Api) -> None:
    first = api.post("monitors", DEFINITION, headers=api.with_key("one"))
    again = api.post("monitors", DEFINITION, headers=api.with_key("one"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data["location"] == again.data["location"]
    assert len(api.get("monitors").data["items"]) == 1


def test_a_bad_parameter_is_refused_by_name(api: Api) -> None:
    response = api.post("monitors", DEFINITION | {"parameters": {"value": 1, "of": 0}})
    assert response.status_code == 409
    assert response.data["code"] == "bad_parameter"
    assert response.data["field"] == "parameters.of"


def test_a_missing_field_is_a_400_that_names_it(api: Api) -> None:
    response = api.post("monitors", {"kind": "threshold"})
    assert response.status_code == 400
    assert {error["field"] for error in response.data["errors"]} == {"name", "series"}


def test_monitors_are_listed_page_by_page_and_found_by_words_and_status(api: Api) -> None:
    for name in ("c", "a", "b"):
        create(api, name=name)
    page = api.get("monitors?limit=2").data
    assert [m["name"] for m in page["items"]] == ["a", "b"]
    assert [m["name"] for m in api.get(page["next"]).data["items"]] == ["c"]
    assert [m["name"] for m in api.get("monitors?search=CHECKOUT&limit=1").data["items"]] == ["a"]
    assert api.get("monitors?search=nothing").data["items"] == []
    send(api, 11)
    assert len(api.get("monitors?status=breached").data["items"]) == 3
    assert api.get("monitors?status=ok").data["items"] == []


def test_breaches_are_listed_with_their_evidence(api: Api) -> None:
    location = create(api)
    send(api, 1, 11, 1, 12)
    listed = api.get(f"{location}/breaches").data["items"]
    assert [b["evidence"]["value"] for b in listed] == [12, 11]
    assert listed[0]["closed_at"] is None
    assert listed[1]["closing_sentence"] == "1 is not above 10."
    assert len(api.get("breaches?status=open").data["items"]) == 1
    view = api.get(location).data
    assert (view["status"], view["breaches"]) == ("breached", 2)
    assert view["breach"] == listed[0]["ref"]


def test_a_change_at_another_version_is_refused(api: Api) -> None:
    location = create(api)
    stale = api.post(f"{location}/pause", {"reason": "x"}, headers={"If-Match": '"v7"'})
    assert stale.status_code == 412
    assert api.post(f"{location}/pause", {"reason": "x"}).status_code == 200


def test_kinds_come_with_their_schema_and_form(api: Api) -> None:
    items = api.get("monitor-kinds").data["items"]
    names = [kind["name"] for kind in items]
    assert names == sorted(names)
    assert {"absence", "age", "anomaly", "burn_rate", "slice_broken", "threshold"} <= set(names)
    assert all(kind["schema"]["properties"] and kind["form"] for kind in items)


def test_series_are_catalogued_and_their_data_down_sampled(api: Api) -> None:
    send(api, *(float(n % 50) for n in range(2_000)))
    (series,) = api.get("series?search=err&label.service=checkout").data["items"]
    assert api.get("series?label.service=other").data["items"] == []
    chart = api.get(f"series/{series['id']}/data?buckets=20").data
    assert chart["sampled"] is True
    assert len(chart["buckets"]) <= 20
    assert sum(bucket["n"] for bucket in chart["buckets"]) == 2_000
    assert api.get(f"series/{series['id']}/data?start=2026-01-01").status_code == 400
    assert api.get(f"series/{series['id']}/data?buckets=501").status_code == 400


def test_a_series_can_be_declared_first_wins(api: Api) -> None:
    send(api, 1)
    (series,) = api.get("series").data["items"]
    answer = api.patch(f"series/{series['id']}", {"first_wins": True, "unit": "1/s"})
    assert (answer.data["first_wins"], answer.data["unit"]) == (True, "1/s")


@pytest.mark.parametrize("path", ["monitors", "breaches", "monitor-kinds", "series"])
def test_reading_needs_the_right_and_writing_measurements_gives_none(
    path: str, mallory: Player, olga: Player, stranger: Api
) -> None:
    assert stranger.get(path).status_code == 401
    assert machine("measurements:write").api.get(path).status_code == 403
    assert olga.api.get(path).status_code == 200


def test_an_observer_changes_nothing(olga: Player, api: Api) -> None:
    location = create(api)
    assert olga.api.post("monitors", DEFINITION).status_code == 403
    for verb in ("revise", "pause", "resume", "remove"):
        assert olga.api.post(f"{location}/{verb}", {}).status_code == 403


def test_what_is_not_there_is_a_404(api: Api) -> None:
    assert api.get("monitors/0190a000-0000-7000-8000-000000000001").status_code == 404
    assert api.get("series/1").status_code == 404
