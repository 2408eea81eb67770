"""Several processes at once: senders of the same measurements, makers of months, workers."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from monitoring import evaluation, measurements, tasks
from monitoring.arrivals import announce
from monitoring.ingest.points import Batch
from monitoring.models import BreachRow, Evaluation
from tests.cast import Api, machine

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2003, 1, 1, tzinfo=UTC)
SERIES = [("shared", (("n", str(number)),)) for number in range(20)]


def together(*works: Callable[[], Any]) -> None:
    """Runs these at the same moment, each on its own connection; none may fail."""
    start, failures = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], Any]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def batch_of(points: list[tuple[Any, int, float]]) -> Batch:
    keys, micros, values = (list(column) for column in zip(*points, strict=True))
    return Batch(keys=keys, micros=micros, values=values, indexes=list(range(len(keys))))


def micros(minutes: int) -> int:
    return int((BEGAN + timedelta(minutes=minutes)).timestamp()) * 1_000_000


def count(what: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {what}")
        return int(cursor.fetchone()[0])


def test_senders_of_the_same_points_in_any_order_neither_lose_nor_block_each_other() -> None:
    points = [(key, micros(minute), 1.0) for key in SERIES for minute in range(30)]
    results: list[measurements.Written] = []

    def send(seed: int) -> None:
        mixed = list(points)
        random.Random(seed).shuffle(mixed)
        for start in range(0, len(mixed), 60):
            batch = batch_of(mixed[start : start + 60])
            ids = measurements.find_or_make(sorted(set(batch.keys)), "token:x", BEGAN, {})
            results.append(measurements.write(batch, ids))

    together(*(lambda seed=seed: send(seed) for seed in range(4)))
    assert count("monitoring_series") == len(SERIES)
    assert count("monitoring_measurement") == len(points)
    assert sum(written.accepted for written in results) == len(points)
    assert sum(written.unchanged for written in results) == 3 * len(points)


def test_racing_corrections_keep_every_value_but_the_last() -> None:
    key = SERIES[0]
    ids = measurements.find_or_make([key], "token:x", BEGAN, {})

    def correct(value: float) -> None:
        measurements.write(batch_of([(key, micros(0), value)]), ids)

    together(*(lambda value=value: correct(value) for value in (1.0, 2.0, 3.0, 4.0)))
    assert count("monitoring_measurement") == 1
    assert count("monitoring_revision") == 3
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(value ORDER BY value) FROM"
            " (SELECT value FROM monitoring_measurement UNION ALL"
            " SELECT value FROM monitoring_revision) AS every"
        )
        assert cursor.fetchone() == ([1.0, 2.0, 3.0, 4.0],)


def test_makers_of_the_same_months_make_each_once(owner: psycopg.Connection[Any]) -> None:
    owner.execute("DROP TABLE IF EXISTS monitoring_measurement_1991_05")
    owner.execute("DROP TABLE IF EXISTS monitoring_measurement_1991_06")

    def make() -> None:
        with connection.cursor() as cursor:
            for month in ("1991-05-31Z", "1991-06-01Z"):
                cursor.execute("SELECT monitoring_add_month(%s)", [month])

    together(make, make, make, make)
    assert count("pg_class WHERE relname ~ '^monitoring_measurement_1991_0[56]$'") == 2


def test_what_arrives_during_an_evaluation_waits_for_nobody_and_is_judged_after_it() -> None:
    api = machine("measurements:write", "monitors:write").api
    monitor = watched(api)
    send(api, 0, 1)
    row = Evaluation.objects.get()
    held, release = threading.Event(), threading.Event()

    def evaluate_slowly() -> None:
        with transaction.atomic():
            Evaluation.objects.select_for_update().get(monitor=monitor)
            held.set()
            assert release.wait(20)
        evaluation._look_again([row])

    def send_meanwhile() -> None:
        assert held.wait(20)
        send(api, 1, 99)
        release.set()

    evaluation.evaluate_due()
    row.refresh_from_db()
    together(evaluate_slowly, send_meanwhile)
    evaluation.evaluate_due()
    assert BreachRow.objects.get().onset == BEGAN + timedelta(minutes=1)


def watched(api: Api) -> str:
    body = {
        "name": "Shared",
        "kind": "threshold",
        "parameters": {"value": 10, "needed": 1, "of": 1},
        "series": "shared",
    }
    return str(api.post("monitors", body).data["stream"].partition(":")[2])


def send(api: Api, minute: int, value: float) -> None:
    time = (BEGAN + timedelta(minutes=minute)).isoformat()
    answer = api.post("measurements", [{"series": "shared", "time": time, "value": value}])
    assert answer.status_code == 200, answer.data


def test_a_point_of_an_unwatched_series_makes_nothing_due() -> None:
    assert announce([(123, micros(0))], BEGAN) == 0


def test_one_process_of_a_worker_evaluates_and_the_others_are_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside, leave, found = threading.Event(), threading.Event(), list[int]()

    def evaluate(seconds: float) -> int:
        inside.set()
        assert leave.wait(20)
        return 7

    monkeypatch.setattr(evaluation, "keep_evaluating", evaluate)
    monkeypatch.setattr(evaluation, "next_due_in", lambda: None)
    first = threading.Thread(target=lambda: found.append(tasks.evaluate_due()))
    first.start()
    assert inside.wait(20)
    assert tasks.evaluate_due() == 0
    leave.set()
    first.join()
    assert found == [7]
    assert tasks.evaluate_due() == 7


def test_a_lock_file_that_cannot_be_opened_keeps_nobody_from_evaluating(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(evaluation, "keep_evaluating", lambda seconds: 7)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "missing"))
    assert tasks.evaluate_due() == 7


@pytest.mark.parametrize(
    ("pause", "comes_back"), [(0.3, [0.3]), (-2.0, [0]), (5.0, []), (None, [])]
)
def test_who_evaluated_comes_back_for_what_is_due_in_a_moment(
    monkeypatch: pytest.MonkeyPatch, pause: float | None, comes_back: list[float]
) -> None:
    asked = list[float]()
    monkeypatch.setattr(evaluation, "keep_evaluating", lambda seconds: 7)
    monkeypatch.setattr(evaluation, "next_due_in", lambda: pause)
    monkeypatch.setattr(
        tasks.evaluate_due, "apply_async", lambda countdown, **_: asked.append(countdown)
    )
    assert tasks.evaluate_due() == 7
    assert asked == comes_back
