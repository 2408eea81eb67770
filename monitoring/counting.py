"""Measurements as counts by minute: good events and all of them, or values within a bound.

Points of two series belong together by their time. What has no partner is not counted: a total
whose good events are still on their way must not look like so many bad ones.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from eventlog.db import fast_cursor
from monitoring.labels import fingerprint
from monitoring.models import Series
from monitoring.slo.definition import Bound, Ratio, Selector, Source
from monitoring.slo.indicator import Measured

PAIRS = """
FROM monitoring_measurement t
JOIN monitoring_measurement p ON p.series_id = %(part)s AND p.time = t.time
WHERE t.series_id = %(total)s
"""

# A minute ends inclusively, and `extract` is exact: it gives a decimal number of microseconds.
MINUTE = "ceil(extract(epoch FROM time) / 60)::bigint"

DELTAS = f"""
SELECT {MINUTE}, sum(part), sum(total)
FROM (
    SELECT t.time, p.value AS part, t.value AS total
    {PAIRS} AND t.time > %(after)s AND t.time <= %(until)s
) AS pair
GROUP BY 1
"""

# A running total that fell began again from 0. The point before the first one is needed as well.
COUNTERS = f"""
SELECT {MINUTE},
    sum(part - CASE WHEN part < part_before THEN 0 ELSE part_before END),
    sum(total - CASE WHEN total < total_before THEN 0 ELSE total_before END)
FROM (
    SELECT t.time, p.value AS part, t.value AS total,
        lag(p.value) OVER in_time AS part_before, lag(t.value) OVER in_time AS total_before
    {PAIRS} AND t.time <= %(until)s
    AND t.time >= coalesce(
        (SELECT t.time {PAIRS} AND t.time <= %(after)s ORDER BY t.time DESC LIMIT 1), %(after)s
    )
    WINDOW in_time AS (ORDER BY t.time)
) AS pair
WHERE part_before IS NOT NULL AND time > %(after)s
GROUP BY 1
"""

OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
# PostgreSQL takes NaN for greater than every number, where it would be good or bad by accident.
VALUES = f"""
SELECT {MINUTE}, count(*) FILTER (WHERE value {{operator}} %(bound)s), count(*)
FROM monitoring_measurement
WHERE series_id = %(total)s AND time > %(after)s AND time <= %(until)s AND value <> 'NaN'
GROUP BY 1
"""

FIRST = """
SELECT time FROM monitoring_measurement
WHERE series_id = %(total)s AND time > %(after)s ORDER BY time LIMIT 1
"""


def counts(source: Source, after: datetime, until: datetime) -> Measured:
    """Counts by minute of the measurements later than `after`, up to and with `until`."""
    asked = _asked(source, after, until)
    if asked is None:
        return {}
    with fast_cursor() as cursor:
        cursor.execute(_statement(source), asked)
        return {minute: (float(part), float(total)) for minute, part, total in cursor.fetchall()}


def first_after(source: Source, after: datetime) -> datetime | None:
    """Time of the first measurement of all events later than `after`."""
    total = series_id(source.total if isinstance(source, Ratio) else source.value)
    with fast_cursor() as cursor:
        cursor.execute(FIRST, {"total": total, "after": after})
        found = cursor.fetchone()
    return found[0] if found else None


def series_id(selector: Selector) -> int | None:
    """The series with this name and labels, if anything ever arrived for it."""
    mark = fingerprint(selector.series, selector.labels)
    return Series.objects.filter(fingerprint=mark).values_list("id", flat=True).first()


LABELS = """
SELECT DISTINCT l.label
FROM monitoring_series s, jsonb_object_keys(s.labels - %(own)s::text[]) AS l(label)
WHERE s.name = %(series)s AND s.labels @> %(labels)s::jsonb
AND s.labels - %(own)s::text[] = jsonb_build_object(l.label, s.labels -> l.label)
ORDER BY 1 LIMIT 20
"""

VALUES_OF = """
SELECT labels ->> %(by)s FROM monitoring_series
WHERE name = %(series)s AND labels - %(by)s::text = %(labels)s::jsonb AND labels ? %(by)s
ORDER BY 1 LIMIT %(limit)s
"""


def slicing_labels(selector: Selector) -> list[str]:
    """Labels that tell slices of a series apart: those of series that have one more than it has."""
    asked = {**_named(selector), "own": list(selector.labels)}
    with fast_cursor() as cursor:
        cursor.execute(LABELS, asked)
        return [name for (name,) in cursor.fetchall()]


def slices_of(selector: Selector, by: str, limit: int) -> list[str]:
    """The values of one more label under which a series arrives, in order."""
    with fast_cursor() as cursor:
        cursor.execute(VALUES_OF, {**_named(selector), "by": by, "limit": limit})
        return [value for (value,) in cursor.fetchall()]


def _named(selector: Selector) -> dict[str, Any]:
    return {"series": selector.series, "labels": json.dumps(selector.labels)}


def sliced_source(source: Source, by: str, value: str) -> Source:
    """Where the counts of one slice come from."""
    if isinstance(source, Bound):
        return replace(source, value=_sliced(source.value, by, value))
    return replace(
        source, part=_sliced(source.part, by, value), total=_sliced(source.total, by, value)
    )


def _sliced(selector: Selector, by: str, value: str) -> Selector:
    return Selector(selector.series, {**selector.labels, by: value})


def _asked(source: Source, after: datetime, until: datetime) -> dict[str, Any] | None:
    within = {"after": after, "until": until}
    if isinstance(source, Bound):
        total = series_id(source.value)
        return None if total is None else {**within, "total": total, "bound": float(source.bound)}
    total, part = series_id(source.total), series_id(source.part)
    return None if total is None or part is None else {**within, "total": total, "part": part}


def _statement(source: Source) -> str:
    if isinstance(source, Bound):
        return VALUES.format(operator=OPERATORS[source.op])
    return COUNTERS if source.counter else DELTAS
