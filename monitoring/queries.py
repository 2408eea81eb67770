"""Monitors, breaches and measurements as plain values, for pages, the API and other apps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from access.paging import DEFAULT_LIMIT, page_of
from eventlog.db import fast_cursor, only_row
from monitoring import kinds
from monitoring.kinds.describe import form_fields, schema
from monitoring.labels import fingerprint
from monitoring.labels import fingerprint as fingerprint_of
from monitoring.measurements import latest_point, points_after
from monitoring.models import Band, BreachRow, Evaluation, Look, MonitorRow, Series

MAX_BUCKETS = 500
BY_NAME = ("name", "id")
LATEST = ("-onset", "-id")


@dataclass(frozen=True)
class MonitorView:
    """One monitor: its definition, and what its last evaluation said.

    `status` is ``ok``, ``pending``, ``breached``, ``no_data``, ``error`` or ``paused``, since
    `since` in event time. `verdict` has value, expected, lo, hi, score and n. `late` counts points
    that arrived behind the evaluation, `error` is why the last attempt failed. It is watched closely
    until `closely_until` after a change to what it depends on.
    """

    id: UUID
    ref: str
    version: int
    revision: int
    name: str
    kind: str
    parameters: dict[str, Any]
    series: str
    labels: dict[str, str]
    fingerprint: str
    series_id: int | None
    subjects: list[str]
    urgency: str
    severity: int | None
    environment: str
    description: str
    signal: str
    paused: bool
    pause_reason: str
    created_at: datetime
    changed_at: datetime
    status: str
    since: datetime | None
    sentence: str
    verdict: dict[str, Any]
    last_at: datetime | None
    evaluated_at: datetime | None
    seen: int
    late: int
    error: str
    closely_until: datetime | None
    breach: str
    breached_since: datetime | None
    breaches: int


@dataclass(frozen=True)
class MonitorPage:
    """Some monitors, and the cursor of what follows."""

    monitors: list[MonitorView]
    next: str | None


@dataclass(frozen=True)
class Bucket:
    """Measurements of a stretch of time: its extremes, mean and count. `time` is the first's."""

    time: datetime
    lo: float
    mean: float
    hi: float
    n: int


@dataclass(frozen=True)
class Chart:
    """A stretch of a series. `sampled` says that buckets stand for several measurements each."""

    start: datetime
    end: datetime
    buckets: list[Bucket]
    sampled: bool


def monitors(search: str = "", status: str = "", kind: str = "") -> QuerySet[MonitorRow]:
    """Monitors in service whose name, series or subjects contain `search`."""
    rows = MonitorRow.objects.all()
    search, status, kind = (without_nul(text) for text in (search, status, kind))
    if search:
        rows = rows.filter(
            Q(name__icontains=search) | Q(series__icontains=search) | Q(subjects__icontains=search)
        )
    if kind:
        rows = rows.filter(kind=kind)
    if status == "paused":
        rows = rows.filter(paused=True)
    elif status == "breached":
        rows = rows.exclude(breach="")
    elif status:
        said = Evaluation.objects.filter(status=status).values("monitor")
        rows = rows.filter(paused=False, breach="", id__in=said)
    return rows


def monitors_page(
    search: str = "", status: str = "", cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> MonitorPage:
    """One page of monitors by name. Raises `access.paging.BadCursor`."""
    page = page_of(monitors(search, status), BY_NAME, cursor, limit)
    return MonitorPage(views(page.rows), page.next)


def views(rows: Iterable[MonitorRow]) -> list[MonitorView]:
    """The monitors with what their evaluations say, in two queries however many there are."""
    rows = list(rows)
    said = Evaluation.objects.in_bulk([row.id for row in rows])
    return [_view(row, said.get(row.id)) for row in rows]


def monitor(monitor_id: UUID | str) -> MonitorView | None:
    """One monitor in service."""
    row = MonitorRow.objects.filter(id=monitor_id).first()
    return views([row])[0] if row else None


def monitors_about(subjects: Sequence[str]) -> list[MonitorView]:
    """Monitors that speak for any of these refs, at most 100."""
    about = Q()
    for subject in subjects:
        about |= Q(subjects__contains=[subject])
    return views(MonitorRow.objects.filter(about).order_by(*BY_NAME)[:100]) if subjects else []


# As `_status` tells them apart.
COUNTS = """
SELECT CASE
    WHEN m.paused THEN 'paused'
    WHEN m.breach <> '' AND coalesce(e.status, '') <> 'error' THEN 'breached'
    ELSE coalesce(e.status, 'no_data') END AS status, count(*)
FROM monitoring_monitor m LEFT JOIN monitoring_evaluation e ON e.monitor = m.id
GROUP BY 1
"""


def status_counts() -> dict[str, int]:
    """How many monitors there are of each status."""
    with fast_cursor() as cursor:
        cursor.execute(COUNTS)
        return dict(cursor.fetchall())


def _view(row: MonitorRow, said: Evaluation | None) -> MonitorView:
    definition = {
        name: getattr(row, name) for name in MonitorView.__dataclass_fields__ if hasattr(row, name)
    }
    status, since = _status(row, said)
    verdict = dict(said.verdict) if said else {}
    return MonitorView(
        **definition,
        ref=f"monitor:{row.id}",
        series_id=said.series if said else None,
        status=status,
        since=since,
        sentence=verdict.pop("sentence", ""),
        verdict={k: v for k, v in verdict.items() if k not in ("status", "at")},
        last_at=said.cursor if said else None,
        evaluated_at=said.evaluated_at if said else None,
        seen=said.seen if said else 0,
        late=said.late if said else 0,
        error=said.error if said else "",
        closely_until=said.closely_until if said else None,
    )


def _status(row: MonitorRow, said: Evaluation | None) -> tuple[str, datetime | None]:
    """An open breach outweighs what is not known just now, and a pause outweighs everything."""
    if row.paused:
        return "paused", row.changed_at
    if row.breach and (said is None or said.status != "error"):
        return "breached", row.breached_since
    return (said.status, said.status_since) if said else ("no_data", row.created_at)


def breaches(monitor_id: UUID | str | None = None, open_only: bool = False) -> QuerySet[BreachRow]:
    """Breaches, of one monitor or of all; a page of them is read in the order `LATEST`."""
    rows = BreachRow.objects.all()
    if monitor_id:
        rows = rows.filter(monitor=monitor_id)
    return rows.filter(closed_at=None) if open_only else rows


def unjudged() -> QuerySet[BreachRow]:
    """Breaches that are over and of which nobody said yet what they were, in the order `LATEST`."""
    return BreachRow.objects.filter(judgement="", closed_at__isnull=False)


def breach(ref: str) -> BreachRow | None:
    """One breach by its ref."""
    return BreachRow.objects.filter(id=ref.removeprefix("breach:")).first()


def catalogue(search: str = "", labels: Mapping[str, str] | None = None) -> QuerySet[Series]:
    """Series whose name contains `search` and that carry these labels."""
    rows = Series.objects.filter(name__icontains=without_nul(search))
    wanted = {without_nul(name): without_nul(value) for name, value in (labels or {}).items()}
    return rows.filter(labels__contains=wanted) if wanted else rows


def without_nul(text: str) -> str:
    """A text without the one character that PostgreSQL cannot hold, and so can never find."""
    return text.replace("\x00", "")


def series_named(mark: str) -> Series | None:
    """The series with this identity."""
    return Series.objects.filter(fingerprint=mark).first()


def arrives(name: str, labels: Mapping[str, str], by: Sequence[str] = ()) -> bool:
    """Whether anything arrived under this name with these labels, and with those in `by`."""
    rows = Series.objects.exclude(source="").filter(name=name, labels__contains=dict(labels))
    if by:
        return rows.filter(labels__has_keys=list(by)).exists()
    return rows.filter(fingerprint=fingerprint_of(name, labels)).exists()


def extent(series_id: int) -> tuple[datetime, datetime] | None:
    """Times of a series' first and last measurement."""
    first, last = points_after(series_id, None, 1), latest_point(series_id)
    return (first[0].time, last[0].astimezone(UTC)) if first and last else None


def reach(series_id: int) -> tuple[datetime, datetime] | None:
    """Times of the first and the last of a series that a chart shows, dropped months included."""
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT min(hour), max(hour) FROM monitoring_hour WHERE series_id = %s", (series_id,)
        )
        hours = only_row(cursor)
    ends = [at.astimezone(UTC) for at in (*(extent(series_id) or ()), *hours) if at is not None]
    return (min(ends), max(ends)) if ends else None


def watched_until(series: str, labels: Mapping[str, str]) -> datetime | None:
    """Time of the last measurement of a series: what came before opens no breach."""
    known = series_named(fingerprint(series, labels))
    reach = extent(known.id) if known else None
    return reach[1] if reach else None


BUCKETS = """
SELECT min(time), min(lo), sum(mean * n) / sum(n), max(hi), sum(n)::bigint
FROM ({rows}) AS of_it
GROUP BY width_bucket(extract(epoch FROM time)::float8, %(low)s, %(high)s, %(count)s)
ORDER BY 1
"""
MEASURED = """
SELECT time, value AS lo, value AS mean, value AS hi, 1 AS n FROM monitoring_measurement
WHERE series_id = %(of)s AND time >= %(start)s AND time <= %(end)s
UNION ALL
SELECT hour, lo, mean, hi, n FROM monitoring_hour
WHERE series_id = %(of)s AND hour >= %(start)s AND hour <= %(end)s
"""
LOOKED = """
SELECT time, value AS lo, value AS mean, value AS hi, 1 AS n FROM monitoring_look
WHERE monitor = %(of)s AND time >= %(start)s AND time <= %(end)s AND value IS NOT NULL
"""


def chart(series_id: int, start: datetime, end: datetime, buckets: int = MAX_BUCKETS) -> Chart:
    """Measurements from `start` to `end`, in at most `buckets` stretches that keep the extremes.

    Of months that were dropped it has what is left of them, by the hour.
    """
    return _bucketed(MEASURED, series_id, start, end, buckets)


def looked(monitor: UUID, start: datetime, end: datetime, buckets: int = MAX_BUCKETS) -> Chart:
    """The same of what a monitor found at its ticks."""
    return _bucketed(LOOKED, monitor, start, end, buckets)


def _bucketed(rows: str, of: int | UUID, start: datetime, end: datetime, buckets: int) -> Chart:
    # The last instant has a bucket of its own, one past those between the bounds.
    count = max(1, min(buckets, MAX_BUCKETS) - 1)
    end = max(end, start + timedelta(microseconds=1))
    asked = {
        "of": of,
        "start": start,
        "end": end,
        "low": start.timestamp(),
        "high": end.timestamp(),
        "count": count,
    }
    with fast_cursor() as cursor:
        cursor.execute(BUCKETS.format(rows=rows), asked)
        found = [Bucket(row[0].astimezone(UTC), *row[1:]) for row in cursor.fetchall()]
    return Chart(start, end, found, sampled=any(bucket.n > 1 for bucket in found))


def bands(monitor_id: UUID | str, start: datetime, end: datetime) -> list[Band]:
    """What was acceptable between two times: each holds until the next."""
    rows = Band.objects.filter(monitor=monitor_id, time__lte=end).order_by("time")
    before = rows.filter(time__lt=start).last()
    return ([before] if before else []) + list(rows.filter(time__gte=start)[:2_000])


def looks(monitor_id: UUID | str, start: datetime, end: datetime) -> list[Look]:
    """What a monitor found at its ticks between two times, oldest first, at most 2,000."""
    rows = Look.objects.filter(monitor=monitor_id, time__gte=start, time__lte=end)
    return list(rows.order_by("-time")[:2_000])[::-1]


def kinds_offered() -> list[dict[str, Any]]:
    """Every kind of monitor, with the schema and the form of its parameters."""
    return [
        {
            "name": name,
            "summary": kind.summary,
            "schema": schema(kind),
            "form": form_fields(kind),
        }
        for name, kind in kinds.kinds().items()
    ]
