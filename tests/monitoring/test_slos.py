"""Objectives through their doors: made, changed, retired, watched, and how they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from eventlog import followers
from eventlog.sealer import seal_once
from eventlog.store import read_stream
from incidents.models import IncidentRow
from incidents.reactions import NAME
from monitoring import evaluation, slos
from monitoring.models import Evaluation, MonitorRow, SloRow
from monitoring.slo import openslo
from tests.cast import Api, Player, machine
from tests.shared import SHARED, needs

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCOPES = ("measurements:write", "measurements:read", "monitors:write")
SETTINGS: dict[str, Any] = {
    "target": "0.999",
    "window": {"kind": "rolling", "duration": "30d"},
    "indicator": {
        "source": {
            "good": {"series": "ok", "labels": {"service": "web"}},
            "total": {"series": "requests", "labels": {"service": "web"}},
        }
    },
}
DEFINITION: dict[str, Any] = {
    "key": "web",
    "name": "Web availability",
    "owner": "team:web",
    "subjects": ["service:web"],
    "settings": SETTINGS,
}


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def create(api: Api, **changes: Any) -> Any:
    response = api.post("slos", DEFINITION | changes)
    assert response.status_code == 201, response.data
    return response


def settings(**changes: Any) -> dict[str, Any]:
    return SETTINGS | changes


def send(api: Api, first: int, last: int, total: int, bad: int, only: str = "") -> None:
    """Counts of minutes `first` to `last` past noon, both series in one batch."""
    for start in range(first, last + 1, 1_000):
        body = [
            {
                "series": series,
                "labels": {"service": "web"},
                "time": (NOON + timedelta(minutes=minute)).isoformat(),
                "value": value,
            }
            for minute in range(start, min(start + 1_000, last + 1))
            for series, value in (("ok", total - bad), ("requests", total))
            if only in ("", series)
        ]
        response = api.post("measurements", body)
        assert response.status_code == 200, response.data


def monitors() -> dict[str, str]:
    return {row.urgency: str(row.id) for row in MonitorRow.objects.all()}


def said(urgency: str) -> list[tuple[str, int]]:
    """What the log says of the breaches of the monitor with this urgency, by minute past noon."""
    return [
        (record.type.removeprefix("monitor.breach_"), (record.occurred_at - NOON).seconds // 60)
        for record in read_stream(f"monitor:{monitors()[urgency]}")
        if "breach" in record.type
    ]


# --- the story ---


def test_an_objective_is_made_and_read_back_whole(api: Api) -> None:
    location = create(api).data["location"]
    answer = api.get(location)
    assert answer["ETag"] == '"v1"'
    assert (answer.data["key"], answer.data["ref"], answer.data["revision"]) == (
        "web",
        "slo:web",
        1,
    )
    assert [pair["name"] for pair in answer.data["settings"]["alerts"]] == [
        "page_fast",
        "page_slow",
        "ticket_fast",
        "ticket_slow",
    ]
    assert [one["key"] for one in api.get("slos").data["items"]] == ["web"]


def test_without_a_key_the_name_makes_one(api: Api) -> None:
    response = api.post("slos", {**DEFINITION, "key": ""})
    assert response.data["stream"] == "slo:Web-availability"


@travel(NOON, tick=False)
def test_the_review_date_is_ninety_days_away_and_comes(api: Api) -> None:
    create(api)
    assert api.get("slos/web").data["review_on"] == "2026-05-30"
    assert api.get("slos/web").data["review_due"] is False
    row = slos.slo("web")
    assert row is not None
    assert slos.review_is_due(row, row.review_on)


def test_a_key_is_given_once_and_a_repeat_is_the_same_answer(api: Api) -> None:
    first = api.post("slos", DEFINITION, headers=api.with_key("one"))
    again = api.post("slos", DEFINITION, headers=api.with_key("one"))
    assert (first.status_code, again.status_code) == (201, 200)
    other = api.post("slos", DEFINITION)
    assert (other.status_code, other.json()["field"]) == (409, "key")


def test_it_has_one_monitor_for_each_urgency(api: Api) -> None:
    create(api)
    rows = {row.urgency: row for row in MonitorRow.objects.all()}
    assert set(rows) == {"page", "notify"}
    page = rows["page"]
    assert (page.kind, page.series, page.labels) == ("burn_rate", "requests", {"service": "web"})
    assert page.subjects == ["service:web", "slo:web"]
    assert page.parameters["alerts"] == "2% in 1h/5m, 5% in 6h/30m"
    assert page.parameters["good"] == 'ok{service="web"}'
    assert rows["notify"].parameters["min_coverage"] == 0.9
    assert Evaluation.objects.count() == 2


def test_a_change_has_a_reason_and_revises_its_monitors(api: Api) -> None:
    create(api)
    before = monitors()
    body = {**DEFINITION, "settings": settings(target="0.99"), "reason": "Nobody needed more."}
    body.pop("key")
    response = api.post("slos/web/change", body)
    assert response.status_code == 200, response.data
    data = api.get("slos/web").data
    assert (data["revision"], data["reason"]) == (2, "Nobody needed more.")
    assert monitors() == before
    assert {row.parameters["target"] for row in MonitorRow.objects.all()} == {"0.99"}
    row = SloRow.objects.get()
    assert [share for _, share in row.targets] == ["0.999", "0.99"]
    assert api.post("slos/web/change", body).data["events"] == []
    assert api.post("slos/web/change", {**body, "reason": ""}).status_code == 400


def test_a_change_that_no_urgency_needs_any_more_takes_its_monitor_away(api: Api) -> None:
    create(api)
    pages = {"name": "fast", "urgency": "page", "fraction": "0.02", "long": "1h", "short": "5m"}
    body = {**DEFINITION, "settings": settings(alerts=[pages]), "reason": "Fewer alerts."}
    assert api.post("slos/web/change", body).status_code == 200
    assert set(monitors()) == {"page"}
    assert Evaluation.objects.count() == 1
    body = {**DEFINITION, "reason": "More again."}
    assert api.post("slos/web/change", body).status_code == 200
    assert set(monitors()) == {"page", "notify"}


def test_a_stale_change_changes_nothing(api: Api) -> None:
    create(api)
    body = {**DEFINITION, "name": "Other", "reason": "Why not."}
    response = api.post("slos/web/change", body, headers={"If-Match": '"v7"'})
    assert response.status_code == 412
    assert set(MonitorRow.objects.values_list("name", flat=True)) == {
        "Web availability (page)",
        "Web availability (notify)",
    }


def test_a_retired_objective_is_watched_no_more_and_stays_readable(api: Api) -> None:
    create(api)
    assert api.post("slos/web/retire", {"reason": "The service is gone."}).status_code == 200
    assert monitors() == {}
    assert api.get("slos").data["items"] == []
    assert [one["key"] for one in api.get("slos?retired=true").data["items"]] == ["web"]
    assert api.get("slos/web").data["retired_at"] is not None
    again = api.post("slos/web/change", {**DEFINITION, "reason": "Back."})
    assert (again.status_code, again.json()["code"]) == (409, "retired")
    assert [record.type for record in read_stream("slo:web")] == ["slo.created", "slo.retired"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"settings": settings(target="1")}, "target"),
        ({"settings": settings(target=None)}, "target"),
        ({"settings": settings(goal=1)}, "goal"),
        ({"settings": settings(window={"duration": "1h"})}, "window.duration"),
        ({"settings": settings(indicator={"source": {"good": {"series": "a"}}})}, ""),
        ({"settings": settings(alerts=[{"name": "x"}])}, "alerts.0.fraction"),
        (
            {
                "settings": settings(
                    target="0.9",
                    alerts=[{"name": "x", "fraction": "0.02", "long": "1h", "short": "5m"}],
                )
            },
            "alerts.0.fraction",
        ),
        ({"review_on": "soon"}, "review_on"),
        ({"subjects": ["nothing"]}, "subjects"),
        ({"key": "a b"}, "key"),
        ({"key": "\x00"}, "key"),
    ],
)
def test_what_cannot_be_is_refused_naming_the_field(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    response = api.post("slos", DEFINITION | changes)
    assert response.status_code in (400, 409)
    if response.status_code == 409:
        assert response.json()["field"].startswith(field)
    assert not SloRow.objects.exists()
    assert not MonitorRow.objects.exists()


def test_who_may_only_look_on_may_not_change(olga: Player, api: Api) -> None:
    create(api)
    assert olga.api.get("slos/web/status").status_code == 200
    assert olga.api.post("slos", DEFINITION).status_code == 403
    assert olga.api.post("slos/web/retire", {"reason": "No."}).status_code == 403
    assert olga.api.post("openslo", {"text": "a: b"}).status_code == 403


def test_what_is_not_there_is_not_found(api: Api) -> None:
    for path in ("slos/none", "slos/none/status", "slos/none/openslo"):
        assert api.get(path).status_code == 404
    assert api.post("slos/none/retire", {"reason": "x"}).json()["code"] == "unknown"
    assert api.post("slos/%00/retire", {"reason": "x"}).status_code == 400


# --- from counts to a breach ---


def test_a_burning_budget_opens_and_closes_a_breach_to_the_minute(api: Api) -> None:
    create(api)
    send(api, -4_319, 0, 1_000, 0)
    send(api, 1, 20, 1_000, 150)
    send(api, 21, 80, 1_000, 0)
    evaluation.evaluate_due()
    assert said("page") == [("opened", 6), ("closed", 49)]
    assert said("notify") == []
    (opened,) = (
        record
        for record in read_stream(f"monitor:{monitors()['page']}")
        if record.type == "monitor.breach_opened"
    )
    assert opened.payload["evidence"]["value"] == 900 / 60_000
    assert opened.payload["sentence"] == (
        "The error budget burns 15 times as fast as allowed: 15 over 1 h, 150 over 5 min; 14.4 times"
        " would spend 2 % of the budget of 30d in 1 h."
    )


def test_minute_by_minute_it_is_the_same(api: Api) -> None:
    create(api)
    send(api, -400, 0, 1_000, 0)
    evaluation.evaluate_due()
    for minute in range(1, 56):
        send(api, minute, minute, 1_000, 150 if minute <= 20 else 0)
        evaluation.evaluate_due()
    assert said("page")[0] == ("opened", 6)
    assert said("page")[-1] == ("closed", 49)
    assert len(said("page")) == 2


def test_a_total_whose_good_events_are_still_on_their_way_is_no_outage(api: Api) -> None:
    create(api)
    send(api, -60, 0, 1_000, 0)
    evaluation.evaluate_due()
    send(api, 1, 10, 1_000, 0, only="requests")
    evaluation.evaluate_due()
    assert said("page") == []
    send(api, 1, 10, 1_000, 0, only="ok")
    Evaluation.objects.update(due_at=NOON)
    evaluation.evaluate_due()
    assert said("page") == []
    seen = set(Evaluation.objects.values_list("state__judged", flat=True))
    assert seen == {(NOON + timedelta(minutes=10)).isoformat()}


def test_late_counts_are_taken_into_account(api: Api) -> None:
    create(api)
    send(api, -60, 0, 1_000, 0)
    send(api, 11, 12, 1_000, 0)
    evaluation.evaluate_due()
    send(api, 1, 10, 1_000, 500)
    evaluation.evaluate_due()
    send(api, 13, 13, 1_000, 0)
    evaluation.evaluate_due()
    assert [kind for kind, _ in said("page")] == ["opened"]


def test_counts_that_cannot_be_are_an_error_and_no_breach(api: Api) -> None:
    create(api)
    send(api, -60, 0, 1_000, 0)
    send(api, 1, 1, 1_000, -5)
    evaluation.evaluate_due()
    page = Evaluation.objects.get(monitor=monitors()["page"])
    assert page.status == "error"
    assert page.verdict["sentence"] == "1,005 of 1,000 events cannot be: the counting is wrong."
    send(api, 2, 2, 1_000, 0)
    evaluation.evaluate_due()
    page.refresh_from_db()
    assert page.status == "ok"
    assert api.get("slos/web/status").data["wrong"] == 1


def test_silence_is_no_data_and_leaves_the_breach(api: Api) -> None:
    create(api)
    send(api, -400, 0, 1_000, 0)
    send(api, 1, 10, 1_000, 1_000)
    later = {"series": "other", "time": (NOON + timedelta(minutes=40)).isoformat(), "value": 1}
    assert api.post("measurements", [later]).status_code == 200
    evaluation.evaluate_due()
    page = Evaluation.objects.get(monitor=monitors()["page"])
    assert page.status == "no_data"
    assert page.verdict["sentence"] == "No counts for 30 min; 5 min is the limit."
    assert [kind for kind, _ in said("page")] == ["opened"]


def test_running_totals_are_counted_by_their_rises(api: Api) -> None:
    source = {**SETTINGS["indicator"]["source"], "counter": True}
    create(api, settings=settings(indicator={"source": source}))
    total, good, body = 5_000, 4_000, []
    for minute in range(-400, 11):
        total, good = total + 1_000, good + (1_000 if minute <= 0 else 850)
        if minute == 5:
            total, good = 1_000, 850
        time = (NOON + timedelta(minutes=minute)).isoformat()
        for series, value in (("ok", good), ("requests", total)):
            point = {"series": series, "labels": {"service": "web"}, "value": value}
            body.append({**point, "time": time})
    assert api.post("measurements", body).status_code == 200
    evaluation.evaluate_due()
    assert said("page") == [("opened", 6)]
    budget = api.get("slos/web/status").data["budget"]
    assert (budget["events"], budget["bad"]) == (410_000, 1_500)


def test_values_beyond_a_bound_burn_the_budget_as_well(api: Api) -> None:
    value = {"series": "requests", "labels": {"service": "web"}}
    source = {"value": value, "op": "lt", "bound": "1000"}
    create(api, settings=settings(target="0.99", indicator={"source": source}))
    send(api, -400, 0, 999, 0)
    send(api, 1, 20, 1_000, 0)
    evaluation.evaluate_due()
    # Nine of 60 values would be enough if they were more; so few have to be sure.
    assert said("page") == [("opened", 14)]


def test_a_page_becomes_one_incident(api: Api) -> None:
    create(api, severity=2)
    send(api, -400, 0, 1_000, 0)
    send(api, 1, 20, 1_000, 1_000)
    evaluation.evaluate_due()
    seal_once()
    followers.catch_up([NAME])
    incident = IncidentRow.objects.get()
    assert incident.title.startswith("Web availability (page): the error budget burns 16.67 times")


def test_a_history_without_partners_is_gone_through_once(api: Api) -> None:
    create(api)
    for day in range(12):
        send(api, day * 1_440, day * 1_440, 1_000, 0, only="requests")
    assert evaluation.evaluate_due() < 30


def test_a_budget_that_trickles_away_opens_a_breach(api: Api) -> None:
    parameters = {"target": "0.99", "good": 'ok{service="web"}', "period": "1d"}
    body = {"name": "Budget", "kind": "error_budget", "parameters": parameters}
    body |= {"series": "requests", "labels": {"service": "web"}}
    send(api, -400, 0, 1_000, 0)
    answer = api.post("monitors", body)
    assert answer.status_code == 201, answer.data
    # At 1.2 times the rate that lasts no pair of the standard ones would page.
    send(api, 1, 2_500, 1_000, 12)
    evaluation.evaluate_due()
    (opened,) = (
        record
        for record in read_stream(f"monitor:{MonitorRow.objects.get().id}")
        if record.type == "monitor.breach_opened"
    )
    # Of the 14,400 that a day may have, 10,800 are gone after 900 minutes of 12, exactly.
    assert opened.occurred_at - NOON == timedelta(minutes=901)
    assert "% of the error budget of 1d is left" in opened.payload["sentence"]


# --- how it stands ---


def test_the_status_shows_budget_windows_and_burn_down(api: Api) -> None:
    create(api)
    send(api, -4_319, 0, 1_000, 0)
    send(api, 1, 20, 1_000, 150)
    at = (NOON + timedelta(minutes=20)).isoformat().replace("+00:00", "Z")
    data = api.get(f"slos/web/status?as_of={at}").data
    assert (data["status"], data["urgency"]) == ("firing", "page")
    assert data["budget"]["spent"] == pytest.approx(3_000 / 43_200)
    assert data["budget"]["events"] == 4_340_000
    states = {one["name"]: one["state"] for one in data["alerts"]}
    assert states == {
        "page_fast": "firing",
        "page_slow": "firing",
        "ticket_fast": "quiet",
        "ticket_slow": "quiet",
    }
    line = [one["remaining"] for one in data["burn_down"]]
    assert (line[0], line[-1]) == (1, pytest.approx(1 - 3_000 / 43_200))
    assert len(data["monitors"]) == 2
    before = api.get(f"slos/web/status?as_of={at.replace('12:20', '12:00')}").data
    assert (before["status"], before["budget"]["spent"]) == ("quiet", 0)


def test_a_changed_target_does_not_judge_what_was_before(api: Api) -> None:
    with travel(NOON, tick=False):
        create(api)
    with travel(NOON + timedelta(minutes=10), tick=False):
        body = {**DEFINITION, "settings": settings(target="0.99"), "reason": "Less will do."}
        assert api.post("slos/web/change", body).status_code == 200
    send(api, 1, 20, 1_000, 1)
    at = (NOON + timedelta(minutes=20)).isoformat().replace("+00:00", "Z")
    budget = api.get(f"slos/web/status?as_of={at}").data["budget"]
    # Nine minutes allowed 1 of 1,000 events, eleven allow 10.
    assert budget["spent"] * (9 * 1 + 11 * 10) / 20 * 43_200 == pytest.approx(20)


def test_an_objective_without_series_or_counts_says_so(api: Api) -> None:
    create(api)
    assert api.get("slos/web/status").data["status"] == "unknown"
    create(api, key="idea", settings=settings(indicator={}))
    assert api.get("slos/idea/status").data["status"] == "not_connected"
    assert api.get("slos/web/status?as_of=2026-03-01").status_code == 400


# --- OpenSLO ---


def test_what_is_exported_comes_back_as_it_is(api: Api) -> None:
    create(api, severity=2, layer="business", description="About the web")
    answer = api.get("slos/web/openslo")
    assert answer["Content-Type"].startswith("application/yaml")
    text = answer.content.decode()
    report = api.post("openslo", {"text": text}).data
    assert [(one["key"], one["action"]) for one in report["items"]] == [("web", "change")]
    before = api.get("slos/web").data
    assert before["revision"] == 2, "it has its document now"
    assert (before["severity"], before["layer"], before["owner"]) == (2, "business", "team:web")
    assert api.get("slos/web/openslo").content.decode() == text
    report = api.post("openslo", {"text": text}).data
    assert [one["action"] for one in report["items"]] == ["none"]


@needs("oracles/slo")
def test_documents_of_others_become_objectives_that_wait_for_series(api: Api) -> None:
    path = SHARED / "oracles/slo/pkg/openslo/v1/examples/slos.yaml"
    text = path.read_text()
    dry = api.post("openslo", {"text": text, "dry_run": True}).data
    assert [(one["key"], one["action"]) for one in dry["items"]] == [("web-availability", "create")]
    assert not SloRow.objects.exists()
    report = api.post("openslo", {"text": text}).data
    assert report["dry_run"] is False
    assert {one["field"] for one in report["warnings"]} == {
        "0.spec.objectives.0.op",
        "0.spec.indicator.spec",
    }
    assert api.get("slos/web-availability/status").data["status"] == "not_connected"
    assert api.get("slos/web-availability").data["subjects"] == ["service:web"]
    exported = api.get("openslo").content.decode()
    assert openslo.load(exported).documents == openslo.load(text).documents
    assert api.post("openslo", {"text": exported}).data["items"][0]["action"] == "none"


def test_an_import_under_the_same_key_does_nothing_more(api: Api) -> None:
    create(api)
    text = api.get("slos/web/openslo").content.decode().replace("name: web\n", "name: other\n", 1)
    actions = [
        api.post("openslo", {"text": text}, headers=api.with_key("one")).data["items"][0]["action"]
        for _ in range(3)
    ]
    assert actions == ["create", "none", "none"]


def test_an_import_is_taken_in_whole_or_not_at_all(api: Api) -> None:
    create(api)
    good = api.get("slos/web/openslo").content.decode()
    bad = good.replace("name: web\n", "name: other\n", 1).replace("target: 0.999", "target: 7")
    response = api.post("openslo", {"text": f"{good}---\n{bad}"})
    assert (response.status_code, response.json()["field"]) == (
        409,
        "1.spec.objectives.0.target",
    )
    assert SloRow.objects.count() == 1
    twice = api.post("openslo", {"text": f"{good}---\n{good}"})
    assert (twice.status_code, twice.json()["field"]) == (409, "text")
