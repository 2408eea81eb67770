"""Monitoring's own metrics: what came in, and whether the monitors themselves are looked after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, connection
from prometheus_client import REGISTRY, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

MEASUREMENTS = Counter(
    "dropstitch_measurements",
    "Measurements by what became of them.",
    ["outcome"],
)
OVERDUE = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - due_at)), 0)::float8"
    " FROM monitoring_evaluation WHERE due_at < clock_timestamp()"
)
HEARD = (
    "SELECT extract(epoch FROM clock_timestamp() - max(heard_at))::float8 FROM monitoring_source"
)
BY_STATUS = "SELECT status, count(*) FROM monitoring_evaluation GROUP BY status"
WAITING_LATE = "SELECT count(*) FROM monitoring_late"


class MonitorFigures(Collector):
    """Reads the figures when asked, so that every process gives the same answer."""

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures; none while the database does not answer, which the log's own say."""
        try:
            overdue, late, statuses = rows(OVERDUE), rows(WAITING_LATE), rows(BY_STATUS)
            silent = rows(HEARD)[0][0]
        except DatabaseError:
            return
        yield GaugeMetricFamily(
            "dropstitch_monitors_overdue_seconds",
            "How long the monitor that has waited longest has been due.",
            value=overdue[0][0],
        )
        yield GaugeMetricFamily(
            "dropstitch_measurements_late_waiting",
            "Late measurements that no evaluation has taken up yet.",
            value=late[0][0],
        )
        if silent is not None:
            yield GaugeMetricFamily(
                "dropstitch_measurements_silent_seconds",
                "How long ago a measurement last arrived, from any source.",
                value=silent,
            )
        by_status = GaugeMetricFamily(
            "dropstitch_monitors", "Monitors by what they last said.", labels=["status"]
        )
        for status, count in statuses:
            by_status.add_metric([status], count)
        yield by_status


def rows(query: str) -> list[Any]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


REGISTRY.register(MonitorFigures())
