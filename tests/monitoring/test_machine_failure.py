"""The record of a real machine's failure, replayed through the API into the shipped default."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest
from django.db import connection

from benchmarks.nab import labels, points
from eventlog.store import read_stream
from monitoring import evaluation
from monitoring.models import BreachRow
from tests.cast import Api, machine
from tests.monitoring.nab import MACHINE, needs_nab

pytestmark = [needs_nab, pytest.mark.django_db(transaction=True)]
WORKERS = 4


@pytest.fixture
def api(transactional_db: None) -> Api:
    return machine("measurements:write", "monitors:write").api


def watch(api: Api) -> str:
    body = {
        "name": "Machine temperature",
        "kind": "robust_deviation",
        "series": "machine.temperature",
        "subjects": ["machine:press"],
        "urgency": "page",
    }
    response = api.post("monitors", body)
    assert response.status_code == 201, response.data
    return str(response.data["stream"])


def replay(api: Api, file: str) -> dict[str, int]:
    """Sends a whole file in batches of 5,000, evaluated by four racing workers after each."""
    read = points(file)
    sums = {"accepted": 0, "unchanged": 0, "rejected": 0}
    for start in range(0, len(read), 5_000):
        body = b"\n".join(
            orjson.dumps({"series": "machine.temperature", "time": p.time, "value": p.value})
            for p in read[start : start + 5_000]
        )
        response = api.generic("POST", "measurements", body, content_type="application/x-ndjson")
        assert response.status_code == 200, response.data
        for name in sums:
            sums[name] += response.data[name]
        race()
    return sums


def race() -> None:
    """Four workers evaluate what is due at the same moment."""
    start, failures = threading.Barrier(WORKERS), list[BaseException]()

    def work() -> None:
        try:
            start.wait()
            evaluation.evaluate_due()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def breaches() -> Iterator[datetime]:
    yield from BreachRow.objects.order_by("onset").values_list("onset", flat=True)


def test_the_failure_is_declared_inside_its_windows_and_a_second_replay_adds_nothing(
    api: Api,
) -> None:
    stream = watch(api)
    sums = replay(api, MACHINE)
    assert sums == {"accepted": 22_683, "unchanged": 0, "rejected": 0}
    declared, windows = list(breaches()), labels()[MACHINE]
    hit = [window for window in windows if any(window[0] <= at <= window[1] for at in declared)]
    outside = [at for at in declared if not any(a <= at <= b for a, b in windows)]
    assert len(hit) >= 3, declared
    assert len(outside) <= 1, declared
    before = list(read_stream(stream))
    opened = [record for record in before if record.type == "monitor.breach_opened"]
    assert len(opened) == len(declared) == len({record.payload["onset"] for record in opened})

    assert replay(api, MACHINE)["unchanged"] == 22_683
    assert [record.event_id for record in read_stream(stream)] == [r.event_id for r in before]


@pytest.mark.parametrize(
    "file",
    [
        "artificialNoAnomaly/art_daily_no_noise.csv",
        "artificialNoAnomaly/art_daily_small_noise.csv",
        "artificialNoAnomaly/art_flatline.csv",
    ],
)
def test_series_without_anomalies_declare_nothing(api: Api, file: str) -> None:
    watch(api)
    sums: dict[str, Any] = replay(api, file)
    assert sums["accepted"] == 4032
    assert list(breaches()) == []
