from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from prometheus_client import CollectorRegistry, generate_latest

from eventlog import metrics, store
from eventlog.core import Context
from eventlog.direct import connect
from eventlog.lead import take_lead
from eventlog.sealer import seal_once
from tests.eventlog.lamps import NOON, Toggle

pytestmark = pytest.mark.django_db


def toggle(times: int = 1) -> None:
    for number in range(times):
        at = NOON + timedelta(seconds=number)
        store.execute(Toggle(lamp="1", by="ann", at=at), Context.by("person:ann"))


def scraped() -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(metrics.LogFigures())
    lines = generate_latest(registry).decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines)
        if not name.startswith("#")
    }


def test_figures_follow_the_log() -> None:
    toggle(3)
    before = scraped()
    assert before["dropstitch_log_events"] == 0
    assert before["dropstitch_log_unsealed_seconds"] > 0
    seal_once()
    after = scraped()
    assert after["dropstitch_log_events"] == 3
    assert after["dropstitch_log_unsealed_seconds"] == 0
    assert after["dropstitch_log_unsigned_events"] == 0
    assert 0 < after['dropstitch_log_seal_seconds{quantile="0.5"}'] < 10


def test_a_writer_that_holds_up_the_sealer_is_seen(owner: Any) -> None:
    _, query = metrics.FIGURES["dropstitch_log_oldest_writer_seconds"]
    assert owner.execute(query).fetchone()[0] == 0
    toggle()  # in the transaction of this test
    assert owner.execute(query).fetchone()[0] > 0


def test_lag_and_parked_events_are_told_by_follower() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO eventlog_follower VALUES ('test.one', 0)")
        cursor.execute(
            "INSERT INTO eventlog_parked (follower, position, stream) VALUES ('test.one', 1, 'x')"
        )
    toggle(2)
    seal_once()
    figures = scraped()
    assert figures['dropstitch_log_follower_lag_events{follower="test.one"}'] == 2
    assert figures['dropstitch_log_parked_events{follower="test.one"}'] == 1


def test_a_leading_sealer_is_seen() -> None:
    assert scraped()["dropstitch_log_sealers"] == 0
    with connect("test") as own:
        assert take_lead(own)
        assert scraped()["dropstitch_log_sealers"] == 1


def test_a_database_that_does_not_answer_is_a_figure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(query: str) -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(metrics, "_rows", fail)
    assert scraped() == {"dropstitch_log_up": 0}


def test_appending_is_timed() -> None:
    def count() -> float:
        return next(
            sample.value
            for family in metrics.APPEND_SECONDS.collect()
            for sample in family.samples
            if sample.name.endswith("_count")
        )

    before = count()
    toggle(2)
    assert count() == before + 2


def test_log_stats_counts_and_shows_the_key() -> None:
    output = StringIO()
    call_command("log_stats", stdout=output)
    assert "public key" in output.getvalue()
    assert "dropstitch+" in output.getvalue()
