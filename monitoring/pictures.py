"""Series as pages draw them: plain values that the template tags of charts understand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest
from typing import Any
from uuid import UUID

from eventlog.db import fast_cursor
from monitoring import happenings, kinds, queries
from monitoring.kinds import Kind
from monitoring.kinds.base import figure
from monitoring.kinds.framed import Framed
from monitoring.models import Band, BreachRow, Look, Series
from monitoring.queries import Chart, MonitorView

SPARK_CELLS = 30
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPARK_SPAN = DAY
NEVER = datetime(1, 1, 1, tzinfo=UTC)
CELLS = 300
MAX_BREACHES = 50
SPARKS = """
SELECT s.ref, width_bucket(extract(epoch FROM m.time)::float8, s.until - %(span)s, s.until,
    %(cells)s) AS cell, avg(m.value)
FROM unnest(%(refs)s::text[], %(ids)s::{kind}[], %(ends)s::float8[]) AS s(ref, id, until)
JOIN {table} m ON m.{key} = s.id AND m.value IS NOT NULL
    AND m.time > to_timestamp(s.until - %(span)s) AND m.time <= to_timestamp(s.until)
GROUP BY 1, 2 ORDER BY 1, 2
"""
POINTS = {"table": "monitoring_measurement", "key": "series_id", "kind": "bigint"}


@dataclass(frozen=True, slots=True)
class Spark:
    """The last day of a series: means of its cells, and the first bad one."""

    values: list[float]
    bad_from: int | None
    words: str


def sparks(monitors: Sequence[MonitorView]) -> dict[str, Spark]:
    """The last day of data of each monitor, by its ref, in two queries however many there are."""
    drawn = [m for m in monitors if m.series_id is not None and m.last_at is not None]
    looking = [m for m in drawn if issubclass(kinds.named(m.kind), Framed)]
    others = [m for m in drawn if not issubclass(kinds.named(m.kind), Framed)]
    found = _cells(others, [m.series_id for m in others], POINTS)
    looks = {"table": "monitoring_look", "key": "monitor", "kind": "uuid"}
    found |= _cells(looking, [m.id for m in looking], looks)
    return {m.ref: _spark(m, found.get(m.ref, [])) for m in drawn}


def _cells(
    monitors: Sequence[MonitorView], ids: Sequence[int | UUID | None], of: dict[str, str]
) -> dict[str, list[tuple[int, float]]]:
    """Means of the cells of the last day, by the monitor's ref."""
    ends = [m.last_at.timestamp() for m in monitors if m.last_at]
    return _cells_of([m.ref for m in monitors], ids, ends, SPARK_SPAN, of)


def _cells_of(
    refs: Sequence[str],
    ids: Sequence[int | UUID | None],
    ends: Sequence[float],
    length: timedelta,
    of: dict[str, str],
) -> dict[str, list[tuple[int, float]]]:
    if not refs:
        return {}
    found: dict[str, list[tuple[int, float]]] = {}
    asked = {"refs": refs, "ids": list(ids), "ends": ends}
    asked |= {"span": length.total_seconds(), "cells": SPARK_CELLS}
    with fast_cursor() as cursor:
        cursor.execute(SPARKS.format(**of), asked)
        for ref, cell, mean in cursor.fetchall():
            found.setdefault(ref, []).append((cell, mean))
    return found


def lines(ends: Mapping[int, datetime], length: timedelta) -> dict[int, Spark]:
    """The last `length` of each series up to the time given for it, in one query."""
    times = [at.timestamp() for at in ends.values()]
    cells = _cells_of([str(id) for id in ends], list(ends), times, length, POINTS)
    found = {}
    for ref, each in cells.items():
        values = [mean for _, mean in each]
        said = f"between {figure(min(values))} and {figure(max(values))}"
        found[int(ref)] = Spark(values, None, said)
    return found


def _spark(monitor: MonitorView, cells: Sequence[tuple[int, float]]) -> Spark:
    begin = (monitor.last_at or monitor.created_at) - SPARK_SPAN
    kind = kinds.make(monitor.kind, monitor.parameters)
    values = [kind.drawn(begin + cell * SPARK_SPAN / SPARK_CELLS, mean) for cell, mean in cells]
    bad_from = None
    if monitor.status == "breached" and monitor.breached_since and monitor.last_at:
        since = monitor.breached_since - (monitor.last_at - SPARK_SPAN)
        first = since / SPARK_SPAN * SPARK_CELLS
        bad_from = sum(cell <= first for cell, _ in cells)
    return Spark(values, bad_from, _spark_words(monitor, kind, values))


def _spark_words(monitor: MonitorView, kind: Kind, values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{monitor.name}: no line to draw yet"
    ends = f"from {kind.read(values[0])} to {kind.read(values[-1])}"
    extremes = f"between {kind.read(min(values))} and {kind.read(max(values))}"
    return f"{monitor.name}, last day of data: {ends}, {extremes}"


def picture(
    monitor: MonitorView,
    start: datetime,
    end: datetime,
    onset: tuple[datetime, datetime, datetime] | None = None,
) -> dict[str, Any] | None:
    """A monitor's series from `start` to `end` with all it was judged by, None without data."""
    if monitor.series_id is None:
        return None
    kind = kinds.make(monitor.kind, monitor.parameters)
    if isinstance(kind, Framed):
        # What it judges is no measurement: the chart shows what it found at each look.
        chart = queries.looked(monitor.id, start, end, CELLS)
        band = _band(queries.looks(monitor.id, start, end), start, end)
    else:
        chart = _as_drawn(kind, queries.chart(monitor.series_id, start, end, CELLS))
        band = _band(queries.bands(monitor.id, start, end), start, end)
    if not chart.buckets:
        return None
    breaches = _breaches_within(monitor, start, end)
    holes = _holes(chart)
    last = chart.buckets[-1]
    return {
        "since": start,
        "until": end,
        "cells": [(b.time, b.lo, b.mean, b.hi) for b in chart.buckets],
        "band": band,
        "bound": None,
        "spans": [
            *happenings.spans(start, end),
            *holes,
            *(_span(b, end) for b in breaches),
        ],
        "onset": onset,
        "name": monitor.name,
        "last": kind.read(last.mean),
        "sampled": chart.sampled,
        "words": _words(monitor, kind, chart, len(breaches), len(holes)),
        "key": str(monitor.id),
    }


def of_series(series: Series, start: datetime, end: datetime) -> dict[str, Any] | None:
    """A series from `start` to `end` as it was measured, None without data."""
    chart = queries.chart(series.id, start, end, CELLS)
    if not chart.buckets:
        return None
    holes, last = _holes(chart), chart.buckets[-1]
    low, high = min(b.lo for b in chart.buckets), max(b.hi for b in chart.buckets)
    count = sum(b.n for b in chart.buckets)
    said = f"{count:,} measurements between {figure(low)} and {figure(high)}"
    said += f", {len(holes)} stretch{'' if len(holes) == 1 else 'es'} without data" if holes else ""
    return {
        "since": start,
        "until": end,
        "cells": [(b.time, b.lo, b.mean, b.hi) for b in chart.buckets],
        "band": [],
        "bound": None,
        "spans": [*happenings.spans(start, end), *holes],
        "onset": None,
        "name": series.unit or series.name,
        "last": figure(last.mean),
        "sampled": chart.sampled,
        "words": said + (", down-sampled, extremes kept" if chart.sampled else ""),
        "key": f"series-{series.id}",
    }


def _as_drawn(kind: Kind, chart: Chart) -> Chart:
    buckets = []
    for b in chart.buckets:
        lo, mean, hi = (kind.drawn(b.time, value) for value in (b.lo, b.mean, b.hi))
        buckets.append(replace(b, lo=min(lo, hi), mean=mean, hi=max(lo, hi)))
    return replace(chart, buckets=buckets)


def _breaches_within(monitor: MonitorView, start: datetime, end: datetime) -> list[BreachRow]:
    rows = queries.breaches(monitor.id).filter(onset__lte=end).order_by("-onset")[:MAX_BREACHES]
    return [row for row in rows if row.closed_at is None or row.closed_at >= start]


def _span(breach: BreachRow, end: datetime) -> tuple[datetime, datetime, str, str]:
    return breach.onset, min(breach.closed_at or end, end), "breach", ""


def _holes(chart: Chart) -> list[tuple[datetime, datetime, str, str]]:
    """Stretches without data: much longer than is usual between two buckets."""
    times = [bucket.time for bucket in chart.buckets]
    steps = sorted(after - before for before, after in pairwise(times))
    usual = steps[len(steps) // 2] if steps else (chart.end - chart.start) / CELLS
    limit = max(4 * usual, (chart.end - chart.start) / CELLS)
    ends = [chart.start, *times, chart.end]
    return [
        (before, after, "nodata", "") for before, after in pairwise(ends) if after - before > limit
    ]


def _band(
    rows: Sequence[Band | Look], start: datetime, end: datetime
) -> list[tuple[datetime, float | None, float | None, float | None]]:
    """Steps of what was acceptable: each holds until the next."""
    corners = []
    for row, following in zip_longest(rows, rows[1:]):
        until = following.time if following is not None else end
        values = (row.lo, row.expected, row.hi)
        corners += [(max(row.time, start), *values), (until, *values)]
    return corners


def _words(monitor: MonitorView, kind: Kind, chart: Chart, breaches: int, holes: int) -> str:
    lows, highs = [b.lo for b in chart.buckets], [b.hi for b in chart.buckets]
    count = sum(b.n for b in chart.buckets)
    what = "looks" if isinstance(kind, Framed) else "measurements"
    parts = [
        f"{count:,} {what} between {kind.read(min(lows))} and {kind.read(max(highs))}",
        f"{breaches} breach{'' if breaches == 1 else 'es'}" if breaches else "no breach",
    ]
    if holes:
        parts.append(f"{holes} stretch{'' if holes == 1 else 'es'} without data")
    if chart.sampled:
        parts.append("down-sampled, extremes kept")
    return f"{monitor.name}: {', '.join(parts)}"
