"""The log's own metrics: how long appending takes, and, read at each scrape, how things stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, connection
from prometheus_client import REGISTRY, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from eventlog.lead import LOCK

APPEND_SECONDS = Histogram(
    "dropstitch_log_append_seconds",
    "Time from a command to its durable events, deciding and retries included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)

FIGURES = {
    "dropstitch_log_events": (
        "Sealed events.",
        "SELECT position FROM eventlog_head",
    ),
    "dropstitch_log_unsealed_seconds": (
        "Age of the oldest committed event that is not sealed yet.",
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)"
        " FROM eventlog_event WHERE seq > (SELECT seq FROM eventlog_head)",
    ),
    "dropstitch_log_oldest_writer_seconds": (
        "Age of the oldest open transaction that has inserted events: sealing waits for it.",
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)"
        " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE l.relation = 'eventlog_event'::regclass AND l.mode = 'RowExclusiveLock'",
    ),
    "dropstitch_log_unsigned_events": (
        "Sealed events that no checkpoint covers yet.",
        "SELECT position - coalesce((SELECT max(size) FROM eventlog_checkpoint), 0)"
        " FROM eventlog_head",
    ),
    "dropstitch_log_sealers": (
        "Sealers that lead: one, or none.",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        f" AND classid = {LOCK[0]} AND objid = {LOCK[1]} AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ),
}
SEAL_LAG = """
SELECT share::text, percentile_cont(share) WITHIN GROUP (ORDER BY lag) FROM (
    SELECT greatest(0, extract(epoch FROM p.sealed_at - e.recorded_at))::float8 AS lag
    FROM eventlog_position p JOIN eventlog_event e USING (seq)
    WHERE p.position > (SELECT position - 500 FROM eventlog_head)
) AS recent, unnest(ARRAY[0.5, 0.99]) AS share GROUP BY share
"""
FOLLOWER_LAG = """
SELECT name, greatest(0, head.position - f.position) FROM eventlog_follower f, eventlog_head head
"""
PARKED = "SELECT follower, count(*) FROM eventlog_parked GROUP BY follower"


class LogFigures(Collector):
    """Reads the log's figures when asked, so that every process gives the same answer."""

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All figures, or only that the database does not answer."""
        up = GaugeMetricFamily("dropstitch_log_up", "Whether the log's database answers.")
        try:
            figures = _read()
        except DatabaseError:
            figures = []
        up.add_metric([], float(bool(figures)))
        yield up
        yield from figures


def _read() -> list[Metric]:
    return [
        *(_single(name, text, query) for name, (text, query) in FIGURES.items()),
        _labelled(
            "dropstitch_log_seal_seconds",
            "Time from recording to sealing, over the last 500 events.",
            "quantile",
            SEAL_LAG,
        ),
        _labelled(
            "dropstitch_log_follower_lag_events",
            "Sealed events that a follower has not passed yet.",
            "follower",
            FOLLOWER_LAG,
        ),
        _labelled(
            "dropstitch_log_parked_events", "Events that wait for a retry.", "follower", PARKED
        ),
    ]


def _single(name: str, text: str, query: str) -> Metric:
    return GaugeMetricFamily(name, text, value=float(_rows(query)[0][0]))


def _labelled(name: str, text: str, label: str, query: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, figure in _rows(query):
        family.add_metric([value], float(figure))
    return family


def _rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


REGISTRY.register(LogFigures())
