"""Reading what a framed kind looks at: the series that it wants, and their points together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from eventlog.db import fast_cursor
from monitoring import happenings, hooks
from monitoring.kinds.framed import Numbers, Track, Wanted

# Read and judged at once; a frame of more is refused, for it would take all of a worker's memory.
MAX_POINTS = 4_000_000
MAX_SERIES = 5_000

Found = Mapping[str, Mapping[int, tuple[str, ...]]]


class TooMuch(ValueError):
    """A monitor wants more than one evaluation can read."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The first and the latest time of some series' points, and how far event time has come."""

    first: datetime
    latest: datetime
    current: datetime


SELECTED = """
SELECT id, labels FROM monitoring_series
WHERE name = %s AND labels - %s::text[] = %s::jsonb AND labels ?& %s::text[]
ORDER BY id LIMIT %s
"""


def find(wanted: Mapping[str, Wanted]) -> dict[str, dict[int, tuple[str, ...]]]:
    """The series that there are for each role, by id, with the values of the labels in `by`.

    Raises `TooMuch` for more than `MAX_SERIES` of one role.
    """
    found = {}
    for role, want in wanted.items():
        if not want.series:
            continue  # steps of monitors, which are read as such
        by, labels = list(want.by), json.dumps(dict(want.labels))
        with fast_cursor() as cursor:
            cursor.execute(SELECTED, (want.series, by, labels, by, MAX_SERIES + 1))
            rows = cursor.fetchall()
        if len(rows) > MAX_SERIES:
            raise TooMuch(f"{want.series} has more than {MAX_SERIES:,} series by {', '.join(by)}")
        found[role] = {id: tuple(has[name] for name in by) for id, has in rows}
    return found


def ids_in(found: Found) -> list[int]:
    """Every series of a frame, once."""
    return sorted({id for series in found.values() for id in series})


EXTENT = """
SELECT min(first.time), max(latest.time),
    max(latest.time + greatest(%(now)s - latest.recorded_at, interval '0')),
    (SELECT max(latest) FROM monitoring_source WHERE ref IN
        (SELECT source FROM monitoring_series WHERE id = ANY(%(ids)s::bigint[])))
FROM unnest(%(ids)s::bigint[]) AS s(id)
CROSS JOIN LATERAL (
    SELECT time FROM monitoring_measurement WHERE series_id = s.id ORDER BY time LIMIT 1
) AS first
CROSS JOIN LATERAL (
    SELECT time, recorded_at FROM monitoring_measurement WHERE series_id = s.id
    ORDER BY time DESC LIMIT 1
) AS latest
"""


def extent(ids: Iterable[int], now: datetime) -> Extent | None:
    """How far these series reach; None before anything arrived for any of them.

    Event time has come at least to the latest point of any and to the watermark of their sources,
    and by as much further as wall-clock time has passed since a series' latest point was recorded.
    """
    with fast_cursor() as cursor:
        cursor.execute(EXTENT, {"ids": list(ids), "now": now})
        first, latest, lived, watermark = cursor.fetchone() or (None,) * 4
    if first is None:
        return None
    current = max(time for time in (latest, lived, watermark) if time is not None)
    return Extent(first.astimezone(UTC), latest.astimezone(UTC), current.astimezone(UTC))


POINTS = """
SELECT series_id, extract(epoch FROM time)::float8, value FROM monitoring_measurement
WHERE series_id = ANY(%s::bigint[]) AND time > %s AND time <= %s
ORDER BY series_id, time LIMIT %s
"""


def read(found: Found, after: datetime, until: datetime) -> dict[str, list[Track]]:
    """The points of these series later than `after`, up to and with `until`, in one query.

    Raises `TooMuch` for more than `MAX_POINTS`.
    """
    with fast_cursor() as cursor:
        cursor.execute(POINTS, (ids_in(found), after, until, MAX_POINTS + 1))
        rows = cursor.fetchall()
    if len(rows) > MAX_POINTS:
        raise TooMuch(f"{MAX_POINTS:,} points are the most that a monitor may look at together")
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    ids, starts = np.unique(table[:, 0], return_index=True)
    stops = [*starts[1:], len(table)] if len(table) else []
    parts = {
        int(id): (table[start:stop, 1], table[start:stop, 2])
        for id, start, stop in zip(ids, starts, stops, strict=True)
    }
    nothing = (np.empty(0), np.empty(0))
    return {
        role: [Track(key, *parts.get(id, nothing)) for id, key in series.items()]
        for role, series in found.items()
    }


STEPS = """
SELECT m.id::text, m.paused, e.cursor, e.status IN ('no_data', 'error'), e.status_since,
    ARRAY(SELECT onset FROM monitoring_breach b
        WHERE b.monitor = m.id AND onset <= %(until)s AND coalesce(closed_at, %(until)s) > %(after)s
        ORDER BY onset LIMIT 1000),
    ARRAY(SELECT coalesce(closed_at, '9999-12-31Z') FROM monitoring_breach b
        WHERE b.monitor = m.id AND onset <= %(until)s AND coalesce(closed_at, %(until)s) > %(after)s
        ORDER BY onset LIMIT 1000)
FROM monitoring_monitor m JOIN monitoring_evaluation e ON e.monitor = m.id
WHERE m.id::text = ANY(%(ids)s)
"""
STEP = timedelta(minutes=5)


def steps(wanted: Wanted, after: datetime, until: datetime) -> list[Track]:
    """What monitors said over time: 1 while breached, 0 while fine, NaN where nothing is known.

    `wanted` names them by their ids in its labels. One step each five minutes, and where it changes.
    Of what happens outside likewise: 1 while something of the categories goes on, and 0. Of changes
    to a thing a 1 at each, by what was done and what sort of thing it is.
    """
    if wanted.changes:
        return _changes(wanted.changes, after, until)
    if wanted.happenings:
        return [_outside(wanted.happenings, after, until)]
    asked = {"ids": list(wanted.labels), "after": after, "until": until}
    with fast_cursor() as cursor:
        cursor.execute(STEPS, asked)
        rows = cursor.fetchall()
    grid = np.arange(until.timestamp(), after.timestamp(), -STEP.total_seconds())[::-1]
    return [Track((id,), *_said(grid, *row)) for id, *row in rows]


def _changes(ref: str, after: datetime, until: datetime) -> list[Track]:
    found: dict[tuple[str, ...], list[float]] = {}
    for change in hooks.changes_to(ref, after, until):
        said = (change.sentence, change.family, "routine" if change.routine else "")
        found.setdefault(said, []).append(change.at.timestamp())
    return [Track(said, np.array(times), np.ones(len(times))) for said, times in found.items()]


def _outside(categories: Sequence[str], after: datetime, until: datetime) -> Track:
    grid = np.arange(until.timestamp(), after.timestamp(), -STEP.total_seconds())[::-1]
    found = [
        (start.timestamp(), end.timestamp())
        for start, end in happenings.intervals(categories, after, until)
    ]
    edges = [at for pair in found for at in pair if grid[0] < at <= grid[-1]]
    times = np.unique(np.concatenate([grid, edges]))
    inside = np.zeros(len(times))
    for start, end in found:
        inside[(times >= start) & (times <= end)] = 1.0
    return Track((), times, inside)


def _said(
    grid: Numbers,
    paused: bool,
    cursor: datetime | None,
    silent: bool,
    since: datetime,
    onsets: Sequence[datetime],
    ends: Sequence[datetime],
) -> tuple[Numbers, Numbers]:
    begins, stops = (np.array([_seconds(at) for at in each]) for each in (onsets, ends))
    changes = np.concatenate([begins, stops])
    inside = changes[(changes > grid[0]) & (changes <= grid[-1])]
    times = np.unique(np.concatenate([grid, inside]))
    breached = (times[:, None] >= begins) & (times[:, None] < stops)
    values = breached.any(axis=1).astype(np.float64)
    if paused or cursor is None:
        values[:] = np.nan
    elif silent:
        values[times >= since.timestamp()] = np.nan
    return times, values


def _seconds(at: datetime) -> float:
    return at.timestamp() if at.year < 9999 else np.inf  # which stands for no end


def watch(monitor: UUID, ids: Sequence[int]) -> None:
    """Notes which series a monitor looks at, so that their points can wake it."""
    with fast_cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM monitoring_watched"
            " WHERE monitor = %(monitor)s AND series <> ALL(%(ids)s::bigint[]))"
            " INSERT INTO monitoring_watched (series, monitor)"
            " SELECT id, %(monitor)s FROM unnest(%(ids)s::bigint[]) AS s(id)"
            " ON CONFLICT DO NOTHING",
            {"monitor": monitor, "ids": list(ids)},
        )
