"""Measurements in: what is taken, what is refused and why, and what a repeat does."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from eventlog.clock import now
from monitoring import measurements, queries
from monitoring.models import Series
from monitoring.tasks import drop_old_months
from tests.cast import Api, Machine, machine


@pytest.fixture
def sender(db: None) -> Api:
    return machine("measurements:write", name="sender").api


def send(api: Api, *points: dict[str, Any], **headers: str) -> Any:
    return api.post("measurements", list(points), **headers)


def lines(api: Api, text: bytes, **headers: str) -> Any:
    return api.generic(
        "POST", "measurements", text, content_type="application/x-ndjson", headers=headers
    )


def point(value: Any = 1.0, time: Any = "2026-03-01T12:00:00Z", **more: Any) -> dict[str, Any]:
    return {"series": "clicks", "time": time, "value": value, **more}


def stored() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, revision FROM monitoring_measurement ORDER BY time")
        return cursor.fetchall()


def counts(response: Any) -> dict[str, int]:
    names = ("accepted", "unchanged", "corrected", "kept", "late", "rejected")
    return {name: response.data[name] for name in names if response.data[name]}


def test_a_point_is_kept(sender: Api) -> None:
    response = send(sender, point(2.5))
    assert response.status_code == 200, response.data
    assert counts(response) == {"accepted": 1}
    assert stored() == [(2.5, 0)]


def test_an_object_with_a_list_and_lines_are_taken_too(sender: Api) -> None:
    assert counts(sender.post("measurements", {"measurements": [point()]})) == {"accepted": 1}
    text = b"\n".join(json.dumps(point(time=t)).encode() for t in (1000000000, 1000000060.5))
    assert counts(lines(sender, text + b"\n\n")) == {"accepted": 2}


def test_gzip_is_understood(sender: Api) -> None:
    body = gzip.compress(json.dumps(point()).encode())
    assert counts(lines(sender, body, content_encoding="gzip")) == {"accepted": 1}


def test_a_gzip_bomb_is_refused(sender: Api) -> None:
    bomb = gzip.compress(b" " * 70_000_000)
    response = lines(sender, bomb, content_encoding="gzip")
    assert response.status_code == 413
    assert stored() == []


def test_the_same_point_again_changes_nothing(sender: Api) -> None:
    send(sender, point())
    assert counts(send(sender, point(), point())) == {"unchanged": 2}
    assert stored() == [(1.0, 0)]


def test_another_value_corrects_and_the_old_one_is_kept_as_a_revision(sender: Api) -> None:
    send(sender, point(1.0))
    assert counts(send(sender, point(2.0))) == {"corrected": 1}
    assert stored() == [(2.0, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, revision FROM monitoring_revision")
        assert cursor.fetchall() == [(1.0, 0)]


def test_a_repeat_with_another_value_inside_one_batch_is_a_correction(sender: Api) -> None:
    response = send(sender, point(1.0), point(2.0), point(1.0))
    assert counts(response) == {"accepted": 1, "corrected": 2}
    assert stored() == [(1.0, 2)]


def test_the_first_value_wins_where_the_series_says_so(sender: Api) -> None:
    send(sender, point(1.0))
    Series.objects.update(first_wins=True)
    assert counts(send(sender, point(2.0))) == {"kept": 1}
    assert stored() == [(1.0, 0)]


def test_labels_in_another_order_are_the_same_series(sender: Api) -> None:
    send(sender, point(labels={"a": "1", "b": "2"}))
    assert counts(send(sender, point(labels={"b": "2", "a": "1"}))) == {"unchanged": 1}
    assert counts(send(sender, point(labels={"a": "1"}))) == {"accepted": 1}
    assert Series.objects.count() == 2


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        (point(value="7"), "value", "bad_value"),
        (point(value=True), "value", "bad_value"),
        (point(value=None), "value", "required"),
        (point(value=10**400), "", "bad_json"),
        (point(time="2026-03-01T12:00:00"), "time", "no_zone"),
        (point(time="yesterday"), "time", "bad_time"),
        (point(time=1772366400000), "time", "bad_time"),
        (point(time=-5), "time", "too_old"),
        (point(time=True), "time", "bad_time"),
        (point(time="1989-12-31T23:59:59Z"), "time", "too_old"),
        (point(time="2999-01-01T00:00:00Z"), "time", "in_the_future"),
        (point(series=""), "series", "bad_series"),
        (point(series=7), "series", "bad_series"),
        (point(labels={"a": 1}), "labels.a", "bad_label"),
        (point(labels={"a": ["x"]}), "labels.a", "bad_label"),
        (point(labels={"": "x"}), "labels", "bad_label"),
        (point(labels={f"l{i}": "x" for i in range(21)}), "labels", "too_many_labels"),
        (point(labels="x"), "labels", "bad_labels"),
        (point(unit=3), "unit", "bad_unit"),
        (point(valeu=3), "valeu", "unknown_field"),
        ([1, 2], "", "bad_json"),
    ],
)
def test_a_bad_point_is_refused_by_name_and_the_others_are_kept(
    sender: Api, bad: Any, field: str, code: str
) -> None:
    text = b"\n".join(json.dumps(p).encode() for p in (point(time=1e9), bad, point(time=1e9 + 1)))
    response = lines(sender, text)
    assert response.status_code == 200, response.data
    assert counts(response) == {"accepted": 2, "rejected": 1}
    (error,) = response.data["errors"]
    assert (error["index"], error["field"], error["code"]) == (1, field, code)
    assert error["message"]


def test_nan_and_infinity_are_refused_one_by_one(sender: Api) -> None:
    text = b'{"series":"a","time":1e9,"value":NaN}\n{"series":"a","time":1e9,"value":1}'
    response = lines(sender, text)
    assert counts(response) == {"accepted": 1, "rejected": 1}
    assert response.data["errors"][0]["index"] == 0


def test_two_objects_on_one_line_are_one_bad_line(sender: Api) -> None:
    one = json.dumps(point()).encode()
    response = lines(sender, one + b"," + one + b"\n" + one)
    assert counts(response) == {"accepted": 1, "rejected": 1}


def test_a_batch_without_one_good_point_is_a_400(sender: Api) -> None:
    response = send(sender, point(value="x"))
    assert response.status_code == 400
    assert response.data["code"] == "all_rejected"
    assert response.data["errors"][0]["field"] == "value"


@pytest.mark.parametrize("body", [b"{", b'"x"', b'{"points": []}', b""])
def test_what_is_no_list_is_a_400(sender: Api, body: bytes) -> None:
    response = sender.generic("POST", "measurements", body, content_type="application/json")
    assert response.status_code == 400


def test_other_media_types_are_a_415(sender: Api) -> None:
    response = sender.generic("POST", "measurements", b"a=1", content_type="text/csv")
    assert response.status_code == 415


def test_too_many_points_at_once_are_a_413(sender: Api) -> None:
    assert lines(sender, b"{}\n" * 50_001).status_code == 413


def test_a_source_that_makes_too_many_series_is_told(
    sender: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(sender, point(labels={"n": "0"}))
    monkeypatch.setattr(measurements, "MAX_SERIES_PER_SOURCE", 2)
    many = [point(time=1e9 + n, labels={"n": str(n)}) for n in range(3)]
    response = send(sender, *many)
    assert counts(response) == {"accepted": 1, "rejected": 2}
    assert response.data["errors"][0]["code"] == "too_many_series"


def test_without_the_right_nothing_is_taken(stranger: Api, db: None) -> None:
    assert send(stranger, point()).status_code == 401
    assert send(machine("incidents:read").api, point()).status_code == 403


def test_a_month_gets_its_partition_and_points_waiting_elsewhere_move_there(
    sensor: Machine,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring_measurement VALUES (7, '2001-02-03Z', 1.5, now(), 0)"
        )
        cursor.execute("SELECT tableoid::regclass::text FROM monitoring_measurement")
        assert cursor.fetchone() == ("monitoring_measurement_default",)
    send(sensor.api, point(time="2001-02-28T23:59:59.999999Z"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM monitoring_measurement")
        assert cursor.fetchall() == [("monitoring_measurement_2001_02",)]


OLD = datetime(2001, 2, 3, tzinfo=UTC)


def drop_months(horizon: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_drop_months(%s)", [horizon])
        return list(cursor.fetchone()[0])


def age(before: str) -> None:
    """Lets what was measured before a time have arrived when it was measured."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_measurement SET recorded_at = time WHERE time < %s", [before]
        )


def test_old_months_are_dropped_unless_they_arrived_lately(sender: Api) -> None:
    send(sender, point(time="2001-02-03T00:00:00Z"), point(time="2001-03-03T00:00:00Z"))
    assert drop_months(now() - timedelta(days=1)) == []
    age("2001-03-01Z")
    assert drop_months(now() - timedelta(days=1)) == ["monitoring_measurement_2001_02"]
    assert len(stored()) == 1


def test_a_dropped_month_stays_on_charts_by_the_hour(sender: Api) -> None:
    values = {"2001-02-03T00:05:00Z": 2.0, "2001-02-03T00:50:00Z": 6.0, "2001-02-03T07:00:00Z": 1.0}
    send(sender, *(point(time=time, value=value) for time, value in values.items()))
    send(sender, point(time="2001-03-03T00:00:00Z", value=9.0))
    series = Series.objects.get().id
    age("2001-03-01Z")
    drop_months(now() - timedelta(days=1))
    chart = queries.chart(series, OLD, OLD + timedelta(days=40))
    assert [(b.time, b.lo, b.mean, b.hi, b.n) for b in chart.buckets] == [
        (OLD, 2.0, 4.0, 6.0, 2),
        (OLD + timedelta(hours=7), 1.0, 1.0, 1.0, 1),
        (OLD + timedelta(days=28), 9.0, 9.0, 9.0, 1),
    ]
    assert chart.sampled
    assert queries.reach(series) == (OLD, OLD + timedelta(days=28))

    measurements.forget()  # this process knows of the month's partition
    send(sender, point(time="2001-02-03T00:20:00Z", value=10.0))  # late, by months
    age("2001-03-01Z")
    drop_months(now() - timedelta(days=1))
    (first, *_) = queries.chart(series, OLD, OLD + timedelta(hours=1)).buckets
    assert (first.lo, first.mean, first.hi, first.n) == (2.0, 6.0, 10.0, 3)


def test_hours_go_when_they_are_past_their_retention(sender: Api) -> None:
    send(sender, point(time="2001-02-03T00:05:00Z"))
    age("2001-03-01Z")
    drop_months(now() - timedelta(days=1))
    series = Series.objects.get().id
    assert queries.reach(series) == (OLD, OLD)
    drop_old_months()
    assert queries.reach(series) is None


def test_microseconds_survive(sender: Api) -> None:
    send(sender, point(time="2026-03-01T12:00:00.123457Z"))
    send(sender, point(time="2026-03-01T13:00:00.123457+01:00"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(microseconds FROM time) FROM monitoring_measurement")
        assert cursor.fetchall() == [(123457,)]


def histogram(buckets: Any, **more: Any) -> dict[str, Any]:
    said = {"buckets": buckets, **({"sum": more.pop("sum")} if "sum" in more else {})}
    return {"series": "latency", "time": "2026-03-01T12:00:00Z", "histogram": said, **more}


BUCKETS = {"+Inf": 10, "0.5": 8, "0.1": 3}


def test_a_histogram_is_a_series_for_each_bucket_and_those_of_all(sender: Api) -> None:
    answer = send(sender, histogram(BUCKETS, sum=3.25, labels={"page": "home"}), point())
    assert (answer.status_code, answer.data["accepted"]) == (200, 6)
    found = {str(row) for row in Series.objects.all()}
    assert found == {
        *(f"latency_bucket{{le={le}, page=home}}" for le in BUCKETS),
        *("latency_count{page=home}", "latency_sum{page=home}", "clicks"),
    }
    again = send(sender, histogram(BUCKETS, labels={"page": "home"}))
    assert (again.data["accepted"], again.data["unchanged"]) == (0, 4)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (histogram(None), "histogram"),
        (histogram({"0.5": 8}), "histogram.buckets"),
        (histogram({"+Inf": 1, "fast": 1}), "histogram.buckets"),
        (histogram({"+Inf": 1, "nan": 1}), "histogram.buckets"),
        (histogram({"+Inf": 1, "0.5": 2}), "histogram.buckets"),
        (histogram({"+Inf": True}), "histogram.buckets"),
        (histogram({"+Inf": -1}), "histogram.buckets"),
        (histogram({"+Inf": 1, **{str(n): 0 for n in range(200)}}), "histogram.buckets"),
        (histogram(BUCKETS, sum="3"), "histogram.sum"),
        (histogram(BUCKETS, value=1), "value"),
        (histogram(BUCKETS, time="noon"), "time"),
        (histogram(BUCKETS, labels={"le": "1"}), "labels"),
        (histogram(BUCKETS, series="la tency"), "series"),
        (histogram(BUCKETS, more=1), "more"),
    ],
)
def test_a_histogram_that_cannot_be_is_explained_and_the_others_are_taken(
    sender: Api, wrong: dict[str, Any], field: str
) -> None:
    answer = send(sender, point(), wrong)
    assert answer.data["accepted"] == 1
    (error,) = answer.data["errors"]
    assert (error["index"], error["field"]) == (1, field)
    assert Series.objects.count() == 1


def test_histograms_of_too_many_buckets_are_too_many(
    sender: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.ingest.points.MAX_POINTS", 7)
    assert send(sender, histogram(BUCKETS)).status_code == 200
    assert send(sender, histogram(BUCKETS), histogram(BUCKETS)).status_code == 413
