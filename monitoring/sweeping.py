"""Evaluating hundreds of due monitors at once, as long as nothing happens to them.

Most evaluations say what the one before said. A sweep takes such monitors together: it reads
their points with one statement, judges them, and notes how far they came with another. Whatever is
more than that (a breach that opens or closes, a point that came late, an error) is left to an
evaluation of the monitor by itself, which judges the same points again and comes to the same end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from eventlog.clock import now
from eventlog.db import fast_cursor
from monitoring import judging, kinds
from monitoring.happenings import Calendar
from monitoring.kinds import Kind, Point, Verdict
from monitoring.kinds.base import Counting
from monitoring.kinds.framed import Framed
from monitoring.measurements import EPOCH
from monitoring.models import Band, Evaluation, MonitorRow

AT_ONCE = 100  # what pages somebody waits for no more than these
REMEMBERED = 50_000

_kinds: dict[tuple[UUID, int], Kind] = {}


@dataclass(slots=True)
class Swept:
    """The evaluations that were made, and the monitors that need one of their own."""

    rows: list[Evaluation] = field(default_factory=list)
    others: list[UUID] = field(default_factory=list)


class Read(NamedTuple):
    """What arrived for one monitor, and how far event time has come for it."""

    points: list[Point]
    until: datetime


def sweep() -> Swept:
    """Takes the monitors that have been due longest, those that page somebody first."""
    swept = Swept()
    with transaction.atomic():
        rows = _claim()
        monitors = MonitorRow.objects.in_bulk([row.monitor for row in rows])
        late = _with_late([row.monitor for row in rows])
        quiet = [
            row
            for row in rows
            if row.monitor not in late
            and not row.failures
            and (monitor := monitors.get(row.monitor)) is not None
            and monitor.revision == row.revision
        ]
        read = _read(quiet)
        said: dict[UUID, list[Verdict]] = {}
        outside = _calendar(read)
        for row in quiet:
            verdicts = _judge(row, monitors[row.monitor], read.get(row.monitor), outside)
            if verdicts is not None:
                said[row.monitor] = verdicts
                swept.rows.append(row)
        _note_bands(said)
        _write(swept.rows)
    done = {row.monitor for row in swept.rows}
    swept.others = [row.monitor for row in rows if row.monitor not in done]
    return swept


def by_points() -> list[str]:
    """The kinds that judge nothing but the points of their own series."""
    return [n for n, kind in kinds.kinds().items() if not issubclass(kind, (Counting, Framed))]


def _claim() -> list[Evaluation]:
    due = Evaluation.objects.select_for_update(skip_locked=True).filter(
        alone=False, due_at__lte=now()
    )
    # The checkpoints hold several copies of the state, and one point in hundreds leaves one.
    return list(due.defer("checkpoints").order_by("-urgent", "due_at", "monitor")[:AT_ONCE])


def _with_late(monitors: Sequence[UUID]) -> set[UUID]:
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT monitor_id FROM monitoring_late WHERE monitor_id = ANY(%s)",
            (list(monitors),),
        )
        return {monitor for (monitor,) in cursor.fetchall()}


POINTS = """
SELECT r.number, m.time, m.value, m.recorded_at, o.latest
FROM unnest(%s::int[], %s::bigint[], %s::timestamptz[]) AS r(number, series, cursor)
JOIN monitoring_series s ON s.id = r.series
LEFT JOIN monitoring_source o ON o.ref = s.source
LEFT JOIN LATERAL (
    SELECT time, value, recorded_at FROM monitoring_measurement
    WHERE series_id = r.series AND time >= r.cursor ORDER BY time LIMIT %s
) AS m ON true
ORDER BY 1, 2
"""


def _read(rows: Sequence[Evaluation]) -> dict[UUID, Read]:
    """What arrived after each cursor; leaves out those for whom it is more than a few points.

    The point at the cursor comes along, since event time goes on from when it was recorded.
    """
    asked = (
        list(range(len(rows))),
        [row.series for row in rows],
        [row.cursor or EPOCH for row in rows],
        judging.CHECKPOINT_EVERY,
    )
    with fast_cursor() as cursor:
        cursor.execute(POINTS, asked)
        found = defaultdict[int, list[tuple[Any, ...]]](list)
        for number, *rest in cursor.fetchall():
            found[number].append(tuple(rest))
    at = now()
    return {
        rows[number].monitor: _as_read(rows[number], points, at)
        for number, points in found.items()
        if len(points) < judging.CHECKPOINT_EVERY
    }


def _as_read(row: Evaluation, found: list[tuple[Any, ...]], at: datetime) -> Read:
    times = [(time, recorded_at) for time, _, recorded_at, _ in found if time is not None]
    until = judging.event_now(times[-1] if times else None, found[-1][3], at)
    points = [
        Point(time.astimezone(UTC), value)
        for time, value, _, _ in found
        if time is not None and (row.cursor is None or time > row.cursor)
    ]
    return Read(points, until)


def _calendar(read: Mapping[UUID, Read]) -> Calendar:
    """What goes on outside in the time of these points."""
    times = [point.time for each in read.values() for point in each.points]
    return Calendar(min(times, default=EPOCH), max(times, default=EPOCH))


def _judge(
    row: Evaluation, monitor: MonitorRow, read: Read | None, outside: Calendar
) -> list[Verdict] | None:
    """Judges on, and notes it in `row`; None if something happens that is more than a note."""
    if read is None:
        return None
    was = row.breached
    try:
        kind = _kind(monitor)
        points = outside.mark(kind, read.points)
        verdicts = judging.judge(row, kind, points, read.until)
    except Exception:
        return None  # the evaluation by itself fails as well, and says why
    row.breached = judging.stands_after(verdicts, row.breached)
    changes = any(judging.is_breached(verdict, was) != was for verdict in verdicts)
    if changes or (verdicts and not monitor.paused and bool(monitor.breach) != row.breached):
        return None
    at = now()
    judging.conclude(row, verdicts, at)
    row.due_at = at + judging.pause_of(kind, row.state, read.until)
    return verdicts


def _kind(monitor: MonitorRow) -> Kind:
    known = _kinds.get((monitor.id, monitor.revision))
    if known is None:
        if len(_kinds) >= REMEMBERED:
            _kinds.clear()
        known = kinds.make(monitor.kind, monitor.parameters)
        _kinds[monitor.id, monitor.revision] = known
    return known


LATEST_BANDS = """
SELECT m.id, b.lo, b.expected, b.hi FROM unnest(%s::uuid[]) AS m(id)
CROSS JOIN LATERAL (
    SELECT lo, expected, hi FROM monitoring_band WHERE monitor = m.id ORDER BY time DESC LIMIT 1
) AS b
"""


def _note_bands(said: dict[UUID, list[Verdict]]) -> None:
    """Notes where acceptable ranges changed, as the evaluation of one monitor does."""
    with_band = [
        monitor
        for monitor, verdicts in said.items()
        if any(verdict.band() != (None, None, None) for verdict in verdicts)
    ]
    if not with_band:
        return
    with fast_cursor() as cursor:
        cursor.execute(LATEST_BANDS, (with_band,))
        known = {monitor: tuple(band) for monitor, *band in cursor.fetchall()}
    rows = [
        Band(monitor=monitor, time=time, lo=lo, expected=expected, hi=hi)
        for monitor in with_band
        for time, (lo, expected, hi) in judging.new_bands(said[monitor], known.get(monitor)).items()
    ]
    Band.objects.bulk_create(rows, ignore_conflicts=True)


# Everything that a quiet evaluation can change; `state` and `verdict` are sent as texts.
COLUMNS = {
    "cursor": "timestamptz",
    "state": "jsonb",
    "status": "text",
    "verdict": "jsonb",
    "status_since": "timestamptz",
    "due_at": "timestamptz",
    "evaluated_at": "timestamptz",
    "seen": "bigint",
    "cadence": "float8",
    "error": "text",
}
CHECKPOINTS = {"checkpoints": "jsonb"}


def _write(rows: Sequence[Evaluation]) -> None:
    _update(rows, COLUMNS)
    _update([row for row in rows if "checkpoints" not in row.get_deferred_fields()], CHECKPOINTS)


def _update(rows: Sequence[Evaluation], columns: Mapping[str, str]) -> None:
    if not rows:
        return
    values = [
        [json.dumps(getattr(row, name)) if kind == "jsonb" else getattr(row, name) for row in rows]
        for name, kind in columns.items()
    ]
    statement = (
        f"UPDATE monitoring_evaluation AS e SET {', '.join(f'{c} = r.{c}' for c in columns)}"
        f" FROM unnest(%s::uuid[], {', '.join(f'%s::{kind}[]' for kind in columns.values())})"
        f" AS r(monitor, {', '.join(columns)}) WHERE e.monitor = r.monitor"
    )
    with fast_cursor() as cursor:
        cursor.execute(statement, ([row.monitor for row in rows], *values))
