"""Kinds that look at several series together, evaluated from what arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from eventlog.clock import now
from eventlog.store import read_stream
from monitoring import evaluation, frames, kinds, queries
from monitoring.kinds import base
from monitoring.kinds.base import State, parameter
from monitoring.kinds.framed import Finding, Frame, Framed, Wanted, sums_by_key
from monitoring.models import Evaluation, Look, Watched
from monitoring.pictures import picture, sparks
from monitoring.slo.definition import Selector
from tests.cast import Api, machine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shares() -> Iterator[None]:
    """A kind that wants its own series and another one by a label."""

    class Shares(Framed):
        name: ClassVar[str] = "test_shares"
        summary: ClassVar[str] = "One part's share of the whole is too large."

        most: float = parameter("Largest share.", 0.5)
        needed: int = parameter("Bad looks that open a breach.", 1)
        of: int = parameter("Latest looks among which they are counted.", 1)
        clear_after: int = parameter("Good looks that close a breach.", 1)

        @property
        def lookback(self) -> timedelta:
            return timedelta(minutes=10)

        def wanted(self, own: Selector) -> Mapping[str, Wanted]:
            return {"parts": Wanted("parts", own.labels, ("slice",))}

        def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
            sums = sums_by_key(frame["parts"])
            looks = memory.get("looks", 0) + 1
            if not (whole := sum(sums.values())):
                return Finding(None, "Nothing was counted.", memory={"looks": looks})
            key, most = max(sums.items(), key=lambda item: item[1])
            share = most / whole
            said = f"{key[0]} has {share:.0%}."
            return Finding(share > self.most, said, share, hi=self.most, memory={"looks": looks})

    kinds.kinds.cache_clear()
    yield
    del base._registry["test_shares"]
    kinds.kinds.cache_clear()


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "measurements:read", "monitors:write").api


def at(minute: float) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


def send(api: Api, *points: tuple[float, str, float], **labels: str) -> None:
    body = [
        {
            "series": "parts",
            "labels": {"slice": slice, **labels},
            "time": at(minute),
            "value": value,
        }
        for minute, slice, value in points
    ]
    response = api.post("measurements", body)
    assert response.status_code == 200, response.data


def monitor(api: Api, **parameters: Any) -> str:
    body = {"name": "Shares", "kind": "test_shares", "parameters": parameters, "series": "own"}
    response = api.post("monitors", body)
    assert response.status_code == 201, response.data
    evaluation.evaluate_due()
    return str(response.data["stream"].partition(":")[2])


def said(monitor_id: str) -> list[tuple[str, str]]:
    return [
        (
            record.type.removeprefix("monitor.breach_"),
            f"{(record.occurred_at - NOON).total_seconds() / 60:g}",
        )
        for record in read_stream(f"monitor:{monitor_id}")
        if "breach" in record.type
    ]


def again() -> None:
    """Has every monitor looked at once more."""
    Evaluation.objects.update(due_at=NOON)
    evaluation.evaluate_due()


def even(until: float) -> list[tuple[float, str, float]]:
    """A point of both slices each minute, equal and so never beyond half."""
    return [(minute, slice, 1) for minute in range(int(until) + 1) for slice in "ab"]


def test_it_is_asked_at_every_tick_that_has_settled(api: Api) -> None:
    one = monitor(api)
    send(api, *even(21))
    again()
    looks = Look.objects.filter(monitor=one).order_by("time")
    minutes = [(look.time - NOON).total_seconds() / 60 for look in looks]
    # Half a minute is given to arrive; event time goes on with the wall clock after minute 21.
    assert minutes == [0, 5, 10, 15, 20]
    assert [look.value for look in looks] == [0.5] * 5
    assert looks[0].n == 0
    assert Evaluation.objects.get().state["memory"] == {"looks": 5}


def test_a_breach_opens_and_closes_at_the_ticks_that_say_so(api: Api) -> None:
    one = monitor(api)
    send(api, *even(21), (12, "a", 100))
    again()
    assert said(one) == [("opened", "15")]
    send(api, *even(40)[44:])
    again()
    assert said(one) == [("opened", "15"), ("closed", "25")]
    opened = next(r for r in read_stream(f"monitor:{one}") if r.type == "monitor.breach_opened")
    assert opened.payload["sentence"].startswith("a has 9")


def test_in_any_number_of_batches_the_same_is_said(api: Api) -> None:
    points = [*even(60), (12, "a", 100), (44, "b", 50)]
    whole, split = monitor(api), monitor(api)
    Evaluation.objects.filter(monitor=whole).update(due_at=NOON + timedelta(days=10_000))
    for minute in range(61):
        send(api, *(p for p in points if p[0] == minute))
        evaluation.evaluate_due()
    again()
    assert said(whole) == said(split) != []
    assert Evaluation.objects.get(monitor=whole).seen == Evaluation.objects.get(monitor=split).seen


def test_late_points_of_any_series_are_taken_into_account(api: Api) -> None:
    one = monitor(api)
    send(api, *even(40))
    again()
    assert said(one) == []
    send(api, (12.5, "b", 100))
    evaluation.evaluate_due()
    assert said(one) == [("opened", "15"), ("closed", "25")]
    row = Evaluation.objects.get()
    assert (row.late, row.seen) == (1, 8)


def test_going_back_reaches_over_hundreds_of_ticks_and_no_further(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = monitor(api)
    send(api, *((minute, slice, 1) for minute in range(0, 2_000, 2) for slice in "ab"))
    again()
    row = Evaluation.objects.get()
    assert row.seen == 400
    assert len(row.checkpoints) == 4
    send(api, (1_000, "a", 500))
    evaluation.evaluate_due()
    assert said(one) == [("opened", "1000"), ("closed", "1010")]
    before = Evaluation.objects.get()
    send(api, (100, "a", 500))
    evaluation.evaluate_due()
    assert Evaluation.objects.get().late == before.late + 1
    assert len(said(one)) == 2, "older than every checkpoint: counted, and nothing said of it"


def test_only_points_that_there_is_something_to_judge_by_wake_it(api: Api) -> None:
    monitor(api)
    send(api, *even(21))
    again()
    row = Evaluation.objects.get()
    assert row.wakes_at == NOON + timedelta(minutes=25, seconds=30)
    send(api, (22, "a", 1))
    assert Evaluation.objects.get().due_at == row.due_at
    send(api, (26, "a", 1))
    assert Evaluation.objects.get().due_at < row.due_at


def test_a_new_slice_is_found_and_one_with_other_labels_is_not(api: Api) -> None:
    one = monitor(api)
    send(api, *even(6))
    send(api, (3, "z", 1_000), region="north")
    again()
    send(api, (7, "c", 90), *even(21)[14:])
    again()
    assert said(one)[0] == ("opened", "10")
    assert Watched.objects.filter(monitor=one).count() == 3


def test_nothing_measured_is_no_data_and_a_frame_too_large_an_error(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor(api)
    assert Evaluation.objects.get().status == "no_data"
    monkeypatch.setattr(frames, "MAX_POINTS", 10)
    send(api, *even(21))
    again()
    row = Evaluation.objects.get()
    assert row.status == "error"
    assert "10 points are the most" in row.error


def test_a_long_history_is_judged_in_parts(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.ticking.AT_ONCE", 7)
    one = monitor(api)
    send(api, *even(120), (62, "a", 100))
    Evaluation.objects.update(due_at=NOON)
    assert evaluation.evaluate_due() == 4
    assert Evaluation.objects.get().seen == 24
    assert said(one) == [("opened", "65"), ("closed", "75")]


def test_a_revised_monitor_looks_at_everything_anew(api: Api) -> None:
    one = monitor(api)
    send(api, *even(21), (12, "a", 100))
    again()
    body = {
        "name": "Shares",
        "kind": "test_shares",
        "parameters": {"most": 0.999},
        "series": "own",
    }
    assert api.post(f"monitors/{one}/revise", body).status_code == 200
    again()
    assert set(Look.objects.values_list("status", flat=True)) == {"ok"}
    assert said(one) == [("opened", "15"), ("closed", said(one)[1][1])]


def test_a_page_draws_what_was_found_and_not_the_points(api: Api) -> None:
    one = monitor(api)
    send(api, *even(21), (12, "a", 100))
    again()
    found = queries.monitor(one)
    assert found is not None
    drawn = picture(found, NOON, NOON + timedelta(minutes=21))
    assert drawn is not None
    assert [cell[2] for cell in drawn["cells"]] == [
        look.value for look in Look.objects.filter(monitor=one).order_by("time")
    ]
    assert {corner[3] for corner in drawn["band"]} == {0.5}
    assert sparks([found])[found.ref].values


@pytest.mark.parametrize(("asked", "expected"), [({}, "notify"), ({"urgency": "record"}, "record")])
def test_the_urgency_is_that_of_the_kind_unless_somebody_says_otherwise(
    api: Api, asked: dict[str, str], expected: str
) -> None:
    body = {"name": "Shares", "kind": "test_shares", "series": "own", **asked}
    made = api.post("monitors", body)
    assert made.status_code == 201
    found = queries.monitor(str(made.data["stream"].partition(":")[2]))
    assert found is not None
    assert found.urgency == expected


def test_one_that_waits_for_other_series_is_left_alone_by_its_own(api: Api) -> None:
    """It would be evaluated again and again without end."""
    monitor(api)
    body = [{"series": "own", "time": at(0), "value": 1}]
    assert api.post("measurements", body).status_code == 200
    Evaluation.objects.update(due_at=NOON)
    assert evaluation.evaluate_due(limit=10) == 1


def test_a_composite_is_breached_while_enough_of_its_monitors_are(
    api: Api, time_machine: Any
) -> None:
    made = now().replace(second=0, microsecond=0)
    ids = []
    for name in ("x", "y"):
        quick = {"value": 10, "needed": 1, "of": 1, "clear_after": 1}
        body = {"name": name, "kind": "threshold", "series": name, "parameters": quick}
        answer = api.post("monitors", body)
        ids.append(str(answer.data["stream"].partition(":")[2]))
    both = {"monitors": ", ".join(ids), "rule": "all"}
    body = {"name": "both", "kind": "composite", "series": "both", "parameters": both}
    made_both = api.post("monitors", body)
    assert made_both.status_code == 201, made_both.data
    composite = str(made_both.data["stream"].partition(":")[2])
    evaluation.evaluate_due()

    def later(minutes: float, **values: float) -> str:
        time_machine.move_to(made + timedelta(minutes=minutes), tick=False)
        body = [
            {"series": name, "time": now().isoformat(), "value": value}
            for name, value in values.items()
        ]
        assert api.post("measurements", body).status_code == 200
        Evaluation.objects.exclude(monitor=composite).update(due_at=NOON)
        evaluation.evaluate_due()
        time_machine.move_to(made + timedelta(minutes=minutes + 1.6), tick=False)
        Evaluation.objects.filter(monitor=composite).update(due_at=NOON)
        evaluation.evaluate_due()
        return str(Evaluation.objects.get(monitor=composite).status)

    assert later(2, x=11) == "no_data", "nothing is known of y, which could tip the balance"
    assert later(4, x=1, y=1) == "ok"
    assert later(6, x=11, y=1) == "ok"
    assert later(8, x=11, y=12) == "breached"
    assert later(10, x=11, y=1) == "ok"


def test_a_stretch_without_any_point_is_no_data_and_no_error(api: Api) -> None:
    one = monitor(api)
    send(api, *even(21))
    send(api, *((minute, slice, 1) for minute in range(60, 71) for slice in "ab"))
    again()
    found = {look.time: look.status for look in Look.objects.filter(monitor=one)}
    assert found[NOON + timedelta(minutes=45)] == "no_data"
    assert found[NOON + timedelta(minutes=65)] == "ok"
    send(api, (200, "c", 1), region="elsewhere")
    assert Evaluation.objects.get().status == "ok"
