"""Judging the points of one series in turn, and what is noted of it.

Nothing is read or written here: an evaluation of one monitor and a sweep over hundreds go through
the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from monitoring.kinds import Kind, Point, Verdict
from monitoring.kinds.base import State, span
from monitoring.models import Evaluation

CHECKPOINT_EVERY = 500
CHECKPOINTS = 4
SILENT_AFTER, SILENT_CADENCES = 60.0, 10
CLOCK_EVERY, CLOCK_LONGEST = timedelta(seconds=5), timedelta(seconds=30)
CHECK_EVERY = timedelta(seconds=60)
INSTANT = timedelta(microseconds=1)


def event_now(
    last: tuple[datetime, datetime] | None, watermark: datetime | None, now: datetime
) -> datetime:
    """How far event time has come for a series.

    `last` is the time of its last point and when that was recorded, `watermark` how far its source
    has come. At least to its own last point; to the watermark, for then others are current; and by
    as much wall-clock time as has passed since anything was recorded for the series. A history
    that is being replayed is therefore judged as it was lived.
    """
    if last is None:
        return now
    latest, recorded_at = last
    lived = latest + max(timedelta(0), now - recorded_at)
    return max(latest, lived, watermark or latest)


def judge(row: Evaluation, kind: Kind, points: Sequence[Point], until: datetime) -> list[Verdict]:
    """Runs the kind over the points, leaving checkpoints on the way, and then up to `until`."""
    verdicts, done = list[Verdict](), 0
    row.state = row.state or kind.start()
    if row.cursor is None and points:
        begin(row, points[0].time)
    while done < len(points):
        part = points[done : done + CHECKPOINT_EVERY - row.seen % CHECKPOINT_EVERY]
        row.state, said = kind.evaluate(row.state, part, part[-1].time)
        done += len(part)
        verdicts += said
        _advance(row, part, said)
    if kind.watches_clock:
        row.state, said = kind.evaluate(row.state, [], until)
        verdicts += said
    elif starved := _starving(row, until):
        verdicts.append(starved)
    return verdicts


def _advance(row: Evaluation, part: Sequence[Point], said: Sequence[Verdict]) -> None:
    """Moves the cursor over judged points; each `CHECKPOINT_EVERY` of them leave a checkpoint."""
    times = [point.time for point in part]
    if row.cursor is not None and row.seen:
        times.insert(0, row.cursor)
    for before, after in pairwise(times[-50:]):
        gap = (after - before).total_seconds()
        row.cadence = gap if row.cadence is None else 0.9 * row.cadence + 0.1 * gap
    row.cursor = times[-1]
    row.seen += len(part)
    row.breached = stands_after(said, row.breached)
    leave_checkpoint(row, CHECKPOINT_EVERY)


def begin(row: Evaluation, first: datetime) -> None:
    """Sets out just before the first time there is to judge, a place to go back to."""
    row.cursor = first - INSTANT
    row.checkpoints = [checkpoint(row)]


def leave_checkpoint(row: Evaluation, every: int) -> None:
    """Keeps the state of each `every`-th look: a place to go back to when something arrives late."""
    if row.seen % every == 0:
        row.checkpoints = [*row.checkpoints, checkpoint(row)][-CHECKPOINTS:]


def checkpoint(row: Evaluation) -> dict[str, Any]:
    """What is needed to judge on from here."""
    cursor = row.cursor.isoformat() if row.cursor else ""
    return {"cursor": cursor, "state": row.state, "seen": row.seen, "breached": row.breached}


def go_back(row: Evaluation, late: datetime) -> None:
    """Returns to the last checkpoint before a late measurement, as far back as they reach."""
    if row.cursor is None or late > row.cursor:
        return
    before = [c for c in row.checkpoints if datetime.fromisoformat(c["cursor"]) < late]
    if before:
        row.checkpoints = before
        row.cursor = datetime.fromisoformat(before[-1]["cursor"])
        row.state, row.seen = before[-1]["state"], before[-1]["seen"]
        row.breached = before[-1]["breached"]


def _starving(row: Evaluation, until: datetime) -> Verdict | None:
    """The verdict on a series that has fallen silent: not healthy, and no breach either."""
    if row.cursor is None:
        return Verdict("no_data", until, "No measurement has arrived yet.")
    silent = (until - row.cursor).total_seconds()
    if row.cadence is None or silent <= max(SILENT_AFTER, SILENT_CADENCES * row.cadence):
        return None
    usual = f"they used to come every {span(row.cadence)}"
    return Verdict("no_data", until, f"No measurement for {span(silent)}; {usual}.", n=row.seen)


def is_breached(verdict: Verdict, was: bool) -> bool:
    """No data and errors neither open nor close: what was so is taken to be so still."""
    return was if verdict.status in ("no_data", "error") else verdict.status == "breached"


def stands_after(verdicts: Iterable[Verdict], was: bool) -> bool:
    """Whether a breach stands after all of these."""
    for verdict in verdicts:
        was = is_breached(verdict, was)
    return was


def conclude(row: Evaluation, verdicts: Sequence[Verdict], at: datetime) -> None:
    """Notes that the monitor was evaluated and what it said last."""
    row.evaluated_at, row.failures, row.error = at, 0, ""
    if verdicts:
        last = verdicts[-1]
        if last.status != row.status:
            row.status, row.status_since = last.status, last.at
        row.verdict = {**asdict(last), "at": last.at.isoformat()}


def pause_of(kind: Kind, state: State, until: datetime) -> timedelta:
    """How long a monitor may wait for its next evaluation when nothing arrives meanwhile.

    `until` is where it has come in event time, which may go faster than the clock while a history
    is replayed; so one that watches the clock never waits for long.
    """
    if not kind.watches_clock:
        return CHECK_EVERY
    rest = timedelta(seconds=min(kind.rests(state, until), CLOCK_LONGEST.total_seconds()))
    return max(rest, CLOCK_EVERY)


Corners = tuple[float | None, float | None, float | None]


def new_bands(verdicts: Iterable[Verdict], band: Corners | None) -> dict[datetime, Corners]:
    """When the acceptable range changed from `band`, the last one noted, and to what."""
    changes = {}
    for verdict in verdicts:
        if verdict.band() != (None, None, None) and verdict.band() != band:
            band = changes[verdict.at] = verdict.band()
    return changes
