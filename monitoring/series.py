"""Series at a glance: the newest values of many, a day of each, and what was corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from eventlog.db import fast_cursor
from monitoring import queries
from monitoring.models import MonitorRow, Series, Watched

MANY = 60
LEAST_FRESH, CADENCES = timedelta(minutes=1), 3
CORRECTIONS = 20
MOST_MONITORS = 500


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest measurement of a series.

    `before` is the time of the one before it. `hour_ago` and `day_ago` are the values that stood an
    hour and a day before the newest, if anything was measured shortly before then.
    """

    time: datetime
    value: float
    before: datetime | None
    hour_ago: float | None
    day_ago: float | None

    def is_fresh(self, now: datetime) -> bool:
        """Whether it is no older than three times its distance from the one before."""
        usual = self.time - self.before if self.before else LEAST_FRESH
        return now - self.time <= max(CADENCES * usual, LEAST_FRESH)


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that was replaced: its time, what it was, and when that had been recorded."""

    time: datetime
    revision: int
    value: float
    recorded_at: datetime
    now: float


NEWEST = """
SELECT s.id, n.time, n.value, b.time, h.value, d.value
FROM unnest(%(ids)s::bigint[]) AS s(id)
CROSS JOIN LATERAL (
    SELECT time, value FROM monitoring_measurement
    WHERE series_id = s.id ORDER BY time DESC LIMIT 1
) AS n
LEFT JOIN LATERAL (
    SELECT time FROM monitoring_measurement
    WHERE series_id = s.id AND time < n.time ORDER BY time DESC LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT value FROM monitoring_measurement
    WHERE series_id = s.id AND time <= n.time - interval '1 hour'
        AND time > n.time - interval '2 hours' ORDER BY time DESC LIMIT 1
) AS h ON true
LEFT JOIN LATERAL (
    SELECT value FROM monitoring_measurement
    WHERE series_id = s.id AND time <= n.time - interval '1 day'
        AND time > n.time - interval '25 hours' ORDER BY time DESC LIMIT 1
) AS d ON true
"""


def newest(ids: Iterable[int]) -> dict[int, Newest]:
    """The newest measurement of each series that has any, in one query."""
    with fast_cursor() as cursor:
        cursor.execute(NEWEST, {"ids": list(ids)})
        return {
            id: Newest(at.astimezone(UTC), value, before and before.astimezone(UTC), hour, day)
            for id, at, value, before, hour, day in cursor.fetchall()
        }


CORRECTED = """
SELECT r.time, r.revision, r.value, r.recorded_at, m.value
FROM monitoring_revision r
JOIN monitoring_measurement m ON m.series_id = r.series_id AND m.time = r.time
WHERE r.series_id = %s ORDER BY r.time DESC, r.revision DESC LIMIT %s
"""


def corrections(series: int) -> list[Correction]:
    """The latest values of a series that were replaced by others."""
    with fast_cursor() as cursor:
        cursor.execute(CORRECTED, (series, CORRECTIONS))
        return [
            Correction(at.astimezone(UTC), revision, value, recorded.astimezone(UTC), now)
            for at, revision, value, recorded, now in cursor.fetchall()
        ]


def asked(text: str) -> tuple[str, dict[str, str]]:
    """What a search asks for: ``latency country=FI`` is a part of the name, and labels."""
    words = text.replace("{", " ").replace("}", " ").replace(",", " ").replace('"', "").split()
    labels = dict(word.split("=", 1) for word in words if "=" in word)
    return " ".join(word for word in words if "=" not in word), labels


def watched_by(rows: Sequence[Series]) -> Mapping[int, list[queries.MonitorView]]:
    """The monitors that look at each of these: it is their own series, or one beside others."""
    marks, watched = (
        {row.fingerprint: row.id for row in rows},
        {row.id: set[UUID]() for row in rows},
    )
    beside = Watched.objects.filter(series__in=list(watched))[:MOST_MONITORS]
    for series, monitor in beside.values_list("series", "monitor"):
        watched[series].add(monitor)
    about = Q(fingerprint__in=list(marks)) | Q(id__in=set().union(*watched.values()))
    found = MonitorRow.objects.filter(about).order_by(*queries.BY_NAME)[:MOST_MONITORS]
    views = queries.views(found)
    return {
        id: [v for v in views if v.id in beside_it or marks.get(v.fingerprint) == id]
        for id, beside_it in watched.items()
    }
