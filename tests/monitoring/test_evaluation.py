"""Evaluation in event time: due monitors only, each once, late data and pauses included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from eventlog import store
from eventlog.store import read_stream
from monitoring import evaluation, queries
from monitoring.models import BreachRow, Evaluation, Series
from tests.cast import Api, machine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCOPES = ("measurements:write", "measurements:read", "monitors:write")


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def at(minute: float) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


def send(api: Api, *points: tuple[float, float], series: str = "errors") -> Any:
    body = [{"series": series, "time": at(minute), "value": value} for minute, value in points]
    response = api.post("measurements", body)
    assert response.status_code == 200, response.data
    return response.data


def monitor(api: Api, **more: Any) -> str:
    """A monitor that breaches above 10 at once and closes at the next good point."""
    quick = {"value": 10, "needed": 1, "of": 1, "clear_after": 1}
    body = {"name": "Errors", "kind": "threshold", "parameters": quick, "series": "errors"}
    response = api.post("monitors", body | more)
    assert response.status_code == 201, response.data
    return str(response.data["stream"].partition(":")[2])


def evaluate() -> None:
    evaluation.evaluate_due()


def said(monitor_id: str) -> list[tuple[str, str]]:
    """What the log says about the monitor's breaches: kind of event and minute past noon."""
    found = []
    for record in read_stream(f"monitor:{monitor_id}"):
        minute = (record.occurred_at - NOON).total_seconds() / 60
        if "breach" in record.type:
            found.append((record.type.removeprefix("monitor.breach_"), f"{minute:g}"))
    return found


def story(monitor_id: str) -> list[tuple[Any, ...]]:
    """Every event of the monitor, by id."""
    return [(record.event_id, record.type) for record in read_stream(f"monitor:{monitor_id}")]


def view(monitor_id: str) -> queries.MonitorView:
    found = queries.monitor(monitor_id)
    assert found is not None
    return found


def test_a_breach_opens_and_closes_at_the_points_that_say_so(api: Api) -> None:
    one = monitor(api, subjects=["service:checkout"], urgency="page", severity=2)
    send(api, (0, 1), (1, 11), (2, 12), (3, 2))
    evaluate()
    assert said(one) == [("opened", "1"), ("closed", "3")]
    opened = list(read_stream(f"monitor:{one}"))[1]
    assert opened.refs == sorted([opened.payload["breach"], "service:checkout"])
    assert opened.payload["urgency"] == "page"
    assert opened.payload["evidence"]["value"] == 11
    assert opened.payload["evidence"]["hi"] == 10
    assert "11 is above 10" in opened.payload["sentence"]
    assert opened.actor == f"monitor:{one}"
    row = BreachRow.objects.get()
    assert (row.onset, row.closed_at) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=3))


def test_a_breach_tells_when_the_change_that_led_to_it_began(api: Api) -> None:
    one = monitor(api)
    # Waves of one or so, then five, and beyond the bound only twenty points later.
    usual = [1 + 0.1 * (n * 37 % 11) for n in range(120)]
    points = [*usual, *(v + 4 for v in usual[:20]), 11]
    send(api, *enumerate(points))
    evaluate()
    assert said(one) == [("opened", "140")]
    began = list(read_stream(f"monitor:{one}"))[1].payload["began"]
    assert began == {"best": at(120), "earliest": at(119), "latest": at(120)}


def test_a_breach_of_what_has_no_values_or_too_few_tells_no_beginning(api: Api) -> None:
    one = monitor(api)
    send(api, (0, 1), (1, 11))
    evaluate()
    assert list(read_stream(f"monitor:{one}"))[1].payload["began"] is None


def test_the_same_points_again_add_no_event(api: Api) -> None:
    one = monitor(api)
    send(api, (0, 1), (1, 11), (2, 2))
    evaluate()
    before = story(one)
    assert send(api, (0, 1), (1, 11), (2, 2))["unchanged"] == 3
    Evaluation.objects.update(cursor=None, state={}, breached=False, due_at=NOON)
    evaluate()
    assert story(one) == before


def test_points_in_any_number_of_batches_give_the_same_events(api: Api) -> None:
    points = [(n, 20.0 if 3 <= n % 10 < 6 else 1.0) for n in range(40)]
    whole, split = monitor(api), monitor(api, name="Split", series="other")
    send(api, *points)
    evaluate()
    for part in points:
        send(api, part, series="other")
        evaluate()
    assert said(whole) == said(split)
    assert len(said(whole)) == 8


def test_only_due_monitors_are_evaluated(api: Api) -> None:
    one = monitor(api)
    evaluate()
    assert evaluation.evaluate_next() is None
    send(api, (0, 1))
    assert str(evaluation.evaluate_next()) == one
    assert evaluation.evaluate_next() is None


def test_a_steady_stream_is_evaluated_now_and_then_and_to_its_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "SETTLE", timedelta(seconds=0.2))
    one = monitor(api)
    evaluate()
    send(api, (0, 1))
    evaluate()
    assert view(one).seen == 0, "it was evaluated a moment ago"
    send(api, (1, 11))
    assert evaluation.keep_evaluating(1.0) == 1
    assert view(one).seen == 2
    assert said(one) == [("opened", "1")]


def test_a_late_point_is_counted_and_taken_into_account(api: Api) -> None:
    one = monitor(api, parameters={"value": 10, "needed": 2, "of": 2, "clear_after": 1})
    send(api, *((n, 1) for n in range(600)), (600.0, 11))
    evaluate()
    assert send(api, (599.5, 12))["late"] == 1
    evaluate()
    assert view(one).late == 1
    assert view(one).seen == 602
    assert said(one) == [("opened", "600")]


def test_a_correction_behind_the_cursor_is_judged_again(api: Api) -> None:
    one = monitor(api, parameters={"value": 10, "needed": 1, "of": 1, "clear_after": 1})
    send(api, *((n, 1) for n in range(600)), (600.0, 11))
    evaluate()
    assert said(one) == [("opened", "600")]
    data = send(api, (600.0, 1))
    assert (data["corrected"], data["late"]) == (1, 1)
    evaluate()
    assert said(one) == [("opened", "600"), ("closed", "600")]
    assert (view(one).status, view(one).late) == ("ok", 1)


def test_what_was_there_before_the_monitor_only_teaches(api: Api) -> None:
    send(api, (0, 11), (1, 1), (2, 12))
    one = monitor(api)
    evaluate()
    assert said(one) == []
    send(api, (3, 13))
    evaluate()
    assert said(one) == [("opened", "3")]


def test_a_paused_monitor_opens_nothing_and_a_resumed_one_says_what_is_so(api: Api) -> None:
    one = monitor(api)
    assert api.post(f"monitors/{one}/pause", {"reason": "maintenance"}).status_code == 200
    send(api, (0, 11))
    evaluate()
    assert said(one) == []
    assert view(one).status == "paused"
    api.post(f"monitors/{one}/resume", {})
    send(api, (1, 12))
    evaluate()
    assert said(one) == [("opened", "1")]


def test_a_revised_monitor_closes_its_breach_and_judges_anew(api: Api) -> None:
    one = monitor(api)
    send(api, (0, 11))
    evaluate()
    revised = {"name": "Errors", "kind": "threshold", "series": "errors"}
    body = revised | {"parameters": {"value": 100, "needed": 1, "of": 1}}
    assert api.post(f"monitors/{one}/revise", body).status_code == 200
    send(api, (1, 50), (2, 101))
    evaluate()
    opened = BreachRow.objects.order_by("onset")
    assert [(b.closing_reason, b.sentence[:3]) for b in opened] == [("revised", "11 "), ("", "101")]
    assert view(one).revision == 2


def test_a_removed_monitor_is_gone_from_the_lists_and_is_not_evaluated(api: Api) -> None:
    one = monitor(api)
    send(api, (0, 11))
    evaluate()
    assert api.post(f"monitors/{one}/remove", {"reason": "no longer needed"}).status_code == 200
    send(api, (1, 12))
    evaluate()
    assert Evaluation.objects.count() == 0
    assert queries.monitor(one) is None
    assert BreachRow.objects.get().closing_reason == "removed"


def test_absence_fires_when_the_other_series_of_the_source_are_current(api: Api) -> None:
    one = monitor(api, kind="absence", parameters={"silence": 600})
    send(api, (0, 1))
    evaluate()
    assert view(one).status == "ok"
    send(api, (5, 1), (30, 1), series="other")
    Evaluation.objects.update(due_at=NOON)
    evaluate()
    assert said(one) == [("opened", "10")]
    assert "No measurement for 30 min" in view(one).sentence
    send(api, (31, 1))
    evaluate()
    assert said(one) == [("opened", "10"), ("closed", "31")]


def test_absence_counts_wall_clock_time_from_when_history_was_received(api: Api) -> None:
    one = monitor(api, kind="absence", parameters={"silence": 600})
    send(api, (0, 1))
    evaluate()
    assert view(one).status == "ok", "the measurement is old by its time and just arrived"
    with travel(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        evaluate()
    assert said(one) == [("opened", "10")]


def test_silence_shows_as_no_data_and_leaves_the_breach_open(api: Api) -> None:
    one = monitor(api)
    send(api, *((n, 11) for n in range(5)))
    evaluate()
    with travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
        evaluate()
    row = Evaluation.objects.get(monitor=one)
    assert (row.status, row.breached) == ("no_data", True)
    assert "they used to come every 60 s" in row.verdict["sentence"]
    assert said(one) == [("opened", "0")]


def test_an_evaluation_that_fails_is_visible_and_tried_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = monitor(api)
    send(api, (0, 11))

    def fail(*_: Any) -> None:
        raise ValueError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "_note_bands", fail)
        evaluate()
    assert (view(one).status, view(one).error) == ("error", "ValueError: boom")
    assert said(one) == [], "what a failed evaluation decided is undone with it"
    Evaluation.objects.update(due_at=NOON)
    evaluate()
    assert (view(one).status, view(one).error) == ("breached", "")
    assert said(one) == [("opened", "0")]


def test_evaluations_that_were_never_made_are_made_up_for(api: Api) -> None:
    one = monitor(api)
    Evaluation.objects.all().delete()
    assert evaluation.adopt() == 1
    assert str(Evaluation.objects.get().monitor) == one


def test_the_chart_keeps_the_extremes(api: Api) -> None:
    send(api, *((n, 1000 if n == 777 else n % 7) for n in range(2000)))
    series = Series.objects.get()
    chart = queries.chart(series.id, NOON, NOON + timedelta(minutes=1999), 100)
    assert chart.sampled
    assert len(chart.buckets) <= 100
    assert sum(bucket.n for bucket in chart.buckets) == 2000
    assert max(bucket.hi for bucket in chart.buckets) == 1000
    assert min(bucket.lo for bucket in chart.buckets) == 0


def test_the_stream_of_a_monitor_can_be_read_back(api: Api) -> None:
    one = monitor(api)
    _, version = store.load(f"monitor:{one}", None)
    assert version == 1
