"""Judging the kinds that look at several series together, tick by tick in event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from eventlog.clock import now
from eventlog.db import fast_cursor
from monitoring import frames
from monitoring.judging import begin, leave_checkpoint, stands_after
from monitoring.kinds import Verdict
from monitoring.kinds.framed import Framed, Wanted, tick_after, ticks_between
from monitoring.models import Evaluation
from monitoring.slo.definition import Selector

AT_ONCE = 500
CHECKPOINT_EVERY = 60


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of the ticks that were due.

    `wakes_at` is the event time from which on there is more to judge, None while nothing that the
    kind wants has arrived; `current` is how far event time has come. `more` says that ticks which
    are due already were left for the next transaction.
    """

    verdicts: list[Verdict]
    current: datetime
    wakes_at: datetime | None
    more: bool = False


def review(row: Evaluation, kind: Framed, own: Selector) -> Looked:
    """Judges the ticks after the cursor that have settled, at most `AT_ONCE` of them.

    Moves the cursor, the state and the checkpoints of `row`, and notes what was found. Raises `frames.TooMuch`.
    """
    wanted = kind.wanted(own)
    steps = {role: want for role, want in wanted.items() if not want.series}
    found = frames.find(wanted)
    ids = frames.ids_in(found)
    frames.watch(row.monitor, ids)
    at = now()
    extent = frames.extent(ids, at)
    if extent is None and any(not want.happenings for want in steps.values()):
        # Monitors go on as time does, whether or not anything is measured for this one.
        extent = frames.Extent(at, at, at)
    if any(want.changes for want in steps.values()):
        # Changes are made in the time of the clock, wherever measurements have come.
        extent = frames.Extent(at, at, at)
    if extent is None:
        return Looked([Verdict("no_data", at, "No measurement has arrived yet.")], at, None)
    settle = timedelta(seconds=kind.settle)
    if row.cursor is None:
        begin(row, extent.first)
    due = ticks_between(kind.tick, row.cursor, extent.current - settle)
    ticks = list(islice(due, AT_ONCE))
    verdicts = _judge(row, kind, found, steps, ticks) if ticks else []
    _note(row, verdicts)
    wakes_at = tick_after(kind.tick, row.cursor) + settle
    return Looked(verdicts, extent.current, wakes_at, more=wakes_at <= extent.current)


def _judge(
    row: Evaluation,
    kind: Framed,
    found: frames.Found,
    steps: Mapping[str, Wanted],
    ticks: Sequence[datetime],
) -> list[Verdict]:
    after, until = ticks[0] - kind.lookback, ticks[-1]
    frame = frames.read(found, after, until)
    frame |= {role: frames.steps(want, after, until) for role, want in steps.items()}
    row.state = row.state or kind.start()
    verdicts, done = list[Verdict](), 0
    while done < len(ticks):
        # Whole multiples, so that a live monitor keeps as few states as one that catches up.
        part = ticks[done : done + CHECKPOINT_EVERY - row.seen % CHECKPOINT_EVERY]
        row.state, said = kind.review(row.state, frame, part)
        row.cursor, row.seen, done = part[-1], row.seen + len(part), done + len(part)
        row.breached = stands_after(said, row.breached)
        leave_checkpoint(row, CHECKPOINT_EVERY)
        verdicts += said
    return verdicts


LOOKS = """
INSERT INTO monitoring_look (monitor, time, status, value, expected, lo, hi, score, n)
SELECT %s, * FROM unnest(%s::timestamptz[], %s::text[], %s::float8[], %s::float8[], %s::float8[],
    %s::float8[], %s::float8[], %s::bigint[])
ON CONFLICT (monitor, time) DO UPDATE SET status = excluded.status, value = excluded.value,
    expected = excluded.expected, lo = excluded.lo, hi = excluded.hi, score = excluded.score,
    n = excluded.n
"""


def _note(row: Evaluation, verdicts: Sequence[Verdict]) -> None:
    """Keeps what was found at each tick, for charts; what was found again replaces it."""
    if not verdicts:
        return
    columns = zip(
        *((v.at, v.status, v.value, v.expected, v.lo, v.hi, v.score, v.n) for v in verdicts),
        strict=True,
    )
    with fast_cursor() as cursor:
        cursor.execute(LOOKS, (row.monitor, *map(list, columns)))
