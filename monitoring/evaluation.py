"""Judging what arrived: each due monitor once, in event time, with any number of workers.

A worker takes a due monitor's row with ``FOR UPDATE SKIP LOCKED`` and keeps it for one
transaction, in which it judges the points after the cursor, opens or closes breaches, and notes
how far it came. So nobody else evaluates that monitor meanwhile, and a killed worker leaves
everything as it was. Breaches are opened with command ids made from the monitor and the point's
time: judging the same points again adds no event.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet

from eventlog import store
from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.db import fast_cursor, only_row
from monitoring import counting, happenings, judging, kinds, sweeping, ticking
from monitoring.commands import CloseBreach, OpenBreach, in_utc
from monitoring.kinds import Kind, Verdict
from monitoring.kinds.base import Counting, instant
from monitoring.kinds.framed import Framed
from monitoring.measurements import EPOCH, latest_point, points_after, points_until
from monitoring.models import Band, Evaluation, Look, MonitorRow, Series, Source, Watched
from monitoring.onset import onset
from monitoring.slo.definition import Selector
from monitoring.slo.indicator import Measured
from monitoring.state import Urgency

log = logging.getLogger(__name__)

CHUNK = 20_000
# Monitors that are evaluated by themselves between two sweeps.
SINGLES = 20
# So much of a history with counts is judged in one transaction.
COUNTED_AT_ONCE = timedelta(days=3)
MINUTE = timedelta(minutes=1)
RETRY_AFTER = timedelta(seconds=10)
# Under a steady stream of measurements a monitor is evaluated this often, not for every batch.
SETTLE = timedelta(seconds=0.5)
# Whoever waits for a monitor to fall due looks this often whether another one did.
NAP = 0.1
COLUMNS = [field.name for field in Evaluation._meta.concrete_fields]
# Enough for the onset of a change in a series by the minute, and the day before it.
LOOKED_BACK = 2_000


@dataclass(slots=True)
class Turn:
    """What one evaluation has to work with.

    `more` says that it stops before the end, `pause` how long the next one may wait.
    """

    row: Evaluation
    monitor: MonitorRow
    kind: Kind
    checkpoints: list[Any]
    until: datetime
    more: bool = False
    pause: timedelta | None = None


def adopt() -> int:
    """Gives every monitor in service its evaluation, and takes it from those that are not."""
    living = MonitorRow.objects.values("id")
    for noted in (Evaluation, Watched):
        noted.objects.exclude(monitor__in=living).delete()
    orphans = MonitorRow.objects.exclude(id__in=Evaluation.objects.values("monitor"))
    return sum(watch(monitor) for monitor in orphans)


def watch(monitor: MonitorRow) -> bool:
    """Makes the evaluation of a monitor, due at once; the series with it if nothing arrived yet."""
    at = now()
    series, _ = Series.objects.get_or_create(
        fingerprint=monitor.fingerprint,
        defaults={"name": monitor.series, "labels": monitor.labels, "created_at": at},
    )
    _, made = Evaluation.objects.get_or_create(
        monitor=monitor.id,
        defaults={
            "series": series.id,
            "revision": 0,
            "status_since": at,
            "due_at": at,
            **_standing(monitor),
        },
    )
    return made


def _standing(monitor: MonitorRow) -> dict[str, bool]:
    """How a monitor is evaluated: before others, by itself."""
    return {
        "urgent": monitor.urgency == Urgency.PAGE,
        "alone": monitor.kind not in sweeping.by_points(),
    }


def evaluate_due(limit: int = 20_000) -> int:
    """Evaluates due monitors until none is left that nobody else works at; returns how many."""
    done = 0
    while done < limit:
        swept = sweeping.sweep()
        _look_again(swept.rows)
        alone = sum(evaluate(monitor) for monitor in swept.others)
        alone += _evaluate_alone(SINGLES)
        if not swept.rows and not alone:
            break
        done += len(swept.rows) + alone
    return done


def _evaluate_alone(limit: int) -> int:
    """Evaluates due monitors that no sweep takes; returns how many, at most `limit`."""
    alone = Evaluation.objects.filter(alone=True).order_by("-urgent", "due_at", "monitor")
    return next((n for n in range(limit) if _evaluate_one(alone) is None), limit)


def keep_evaluating(seconds: float) -> int:
    """The same, and waits for those that fall due within `seconds`; returns how many."""
    give_up, done = time.monotonic() + seconds, evaluate_due()
    while (pause := next_due_in()) is not None and time.monotonic() + pause < give_up:
        # What arrives makes monitors due meanwhile: a nudge finds this process at work.
        time.sleep(min(max(pause, 0.01), NAP))
        done += evaluate_due() if pause <= NAP else 0
    return done


# A look into the index for each: `due_at` comes last in it.
NEXT_DUE = "SELECT extract(epoch FROM least({}) - clock_timestamp())::float8".format(
    ", ".join(
        f"(SELECT min(due_at) FROM monitoring_evaluation WHERE {alone} AND {urgent})"
        for alone in ("alone", "NOT alone")
        for urgent in ("urgent", "NOT urgent")
    )
)


def next_due_in() -> float | None:
    """Seconds until the next monitor falls due; None without monitors."""
    with fast_cursor() as cursor:
        cursor.execute(NEXT_DUE)
        (seconds,) = only_row(cursor)
    return seconds


def evaluate(monitor: UUID) -> bool:
    """Evaluates a monitor by itself, if it is due and nobody else works at it."""
    return _evaluate_one(Evaluation.objects.filter(monitor=monitor)) is not None


def evaluate_next() -> UUID | None:
    """Evaluates the monitor that has been due longest; None if there is none to take.

    Those that page somebody come first.
    """
    return _evaluate_one(Evaluation.objects.order_by("-urgent", "due_at", "monitor"))


def _evaluate_one(candidates: QuerySet[Evaluation]) -> UUID | None:
    with transaction.atomic():
        free = candidates.select_for_update(skip_locked=True).filter(due_at__lte=now())
        row = free.first()
        if row is None:
            return None
        try:
            with transaction.atomic():
                _evaluate(row)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("evaluation of monitor %s failed", row.monitor)
            _note_failure(row, error)
    _look_again([row])
    return row.monitor


def _evaluate(row: Evaluation) -> None:
    monitor = MonitorRow.objects.filter(id=row.monitor).first()
    if monitor is None:
        row.delete()
        return
    checkpoints = row.checkpoints
    if row.revision != monitor.revision:
        _begin_anew(row, monitor)
    row.alone = _standing(monitor)["alone"]
    kind = kinds.make(monitor.kind, monitor.parameters)
    late = _take_late(row)
    turn = Turn(row, monitor, kind, checkpoints, now())
    if isinstance(kind, Counting):
        was = row.breached
        verdicts = _review(turn, kind, late)
    else:
        if late:
            judging.go_back(row, min(late))
        was = row.breached
        verdicts = _look(turn, kind) if isinstance(kind, Framed) else _judge(turn)
    row.breached = judging.stands_after(verdicts, row.breached)
    _decide(turn, was, verdicts)
    _note_progress(turn, verdicts)


def _judge(turn: Turn) -> list[Verdict]:
    """Judges the points that arrived since the last time."""
    row = turn.row
    points = happenings.mark(turn.kind, points_after(row.series, row.cursor, CHUNK))
    turn.more = len(points) == CHUNK
    turn.until = points[-1].time if turn.more else _event_now(row)
    verdicts = judging.judge(row, turn.kind, points, turn.until)
    # Charts show the points; bounds of other things than these have no place among them.
    _note_bands(row.monitor, verdicts)
    return verdicts


def _look(turn: Turn, kind: Framed) -> list[Verdict]:
    """Has the ticks judged that are due, and notes when to look again."""
    row, monitor = turn.row, turn.monitor
    looked = ticking.review(row, kind, Selector(monitor.series, monitor.labels))
    row.wakes_at, turn.until, turn.more = looked.wakes_at, looked.current, looked.more
    if looked.wakes_at is not None:
        turn.pause = min(max(looked.wakes_at - looked.current, SETTLE), judging.CHECK_EVERY)
    return looked.verdicts


def _begin_anew(row: Evaluation, monitor: MonitorRow) -> None:
    """A revised monitor starts from nothing and reads its series again from the beginning."""
    series = Series.objects.get(fingerprint=monitor.fingerprint)
    row.series, row.revision = series.id, monitor.revision
    row.cursor, row.state, row.checkpoints = None, {}, []
    row.status, row.verdict, row.seen, row.breached = "no_data", {}, 0, False
    row.wakes_at = None
    row.urgent = _standing(monitor)["urgent"] or row.closely_until is not None
    for noted in (Band, Look, Watched):
        noted.objects.filter(monitor=row.monitor).delete()


def _review(turn: Turn, kind: Counting, late: list[datetime]) -> list[Verdict]:
    """Judges the minutes that ended since the last time, and those that late points changed.

    The cursor marks how far the monitor's own series was read, judged or not: a total waits for
    its part, and must not make the monitor due again and again meanwhile.
    """
    row = turn.row
    turn.until = _event_now(row)
    source = kind.source(Selector(turn.monitor.series, turn.monitor.labels))
    judged = instant(row.state.get("judged"))
    if late and judged is not None:
        judged = min(judged, min(late) - MINUTE)
    fresh = counting.first_after(source, judged or EPOCH)
    until = turn.until if fresh is None else min(turn.until, fresh + COUNTED_AT_ONCE)
    turn.more = until < turn.until
    counts: Measured = {}
    if fresh is not None and (judged is None or until - judged >= MINUTE):
        # Windows of days are read once for each minute, and not whenever a clock ticks.
        counts = counting.counts(source, (judged or fresh) - kind.lookback, until)
    was = judged
    judged, verdicts = kind.review(counts, judged, until)
    if turn.more and judged == was:
        # Totals that no part ever came for would be looked at for ever.
        judged = until
    row.state = {"judged": judged.isoformat()} if judged else {}
    latest = latest_point(row.series)
    row.cursor = min(latest[0], until) if latest else None
    row.seen += len(verdicts)
    return verdicts


def _take_late(row: Evaluation) -> list[datetime]:
    """Times of late points that were noted for a monitor, which are forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM monitoring_late WHERE monitor_id = %s RETURNING time", (row.monitor,)
        )
        late = [time for (time,) in cursor.fetchall()]
    row.late += len(late)
    return late


def _event_now(row: Evaluation) -> datetime:
    """How far event time has come for a monitor's own series."""
    source = Series.objects.filter(id=row.series).values("source")
    watermark = Source.objects.filter(ref__in=source).values_list("latest", flat=True).first()
    return judging.event_now(latest_point(row.series), watermark, now())


def _decide(turn: Turn, was: bool, verdicts: list[Verdict]) -> None:
    """Opens and closes breaches where the verdict changes, then where the log still differs."""
    if turn.monitor.paused or not verdicts:
        return
    stands = bool(turn.monitor.breach)
    for verdict in verdicts:
        is_breached = judging.is_breached(verdict, was)
        if is_breached != was:
            _say(turn, verdict, is_breached)
            stands = _stands(turn)
        was = is_breached
    if stands != was:
        # Late points or a pause hid a change: what is so now is said now.
        _say(turn, verdicts[-1], was)


def _stands(turn: Turn) -> bool:
    """Whether a breach of the monitor is open."""
    return MonitorRow.objects.filter(id=turn.monitor.id).exclude(breach="").exists()


def _say(turn: Turn, verdict: Verdict, is_breached: bool) -> None:
    monitor, at = str(turn.row.monitor), verdict.at
    command: Command[Any]
    if is_breached:
        command = OpenBreach(
            monitor=monitor,
            at=at,
            revision=turn.monitor.revision,
            sentence=verdict.sentence,
            evidence=evidence_of(verdict),
            began=_began(turn, at),
        )
    else:
        command = CloseBreach(
            monitor=monitor, at=at, revision=turn.monitor.revision, sentence=verdict.sentence
        )
    key = f"{type(command).__name__} {turn.monitor.revision} {at.isoformat()}"
    store.execute(command, Context.by(f"monitor:{monitor}", key))


def _began(turn: Turn, at: datetime) -> dict[str, str] | None:
    """When the change that led to a breach began; None where the kind judges no values."""
    if turn.kind.watches_clock:
        return None
    found = onset(points_until(turn.row.series, at, LOOKED_BACK))
    if found is None:
        return None
    return {name: in_utc(when) for name, when in asdict(found).items()}


def evidence_of(verdict: Verdict) -> dict[str, float | int | None]:
    """The numbers of a verdict."""
    return {
        "value": verdict.value,
        "expected": verdict.expected,
        "lo": verdict.lo,
        "hi": verdict.hi,
        "score": verdict.score,
        "n": verdict.n,
    }


def _note_bands(monitor: UUID, verdicts: list[Verdict]) -> None:
    """Notes where the acceptable range changed, so that pages can draw what was decided with."""
    latest = Band.objects.filter(monitor=monitor).order_by("-time").first()
    changes = judging.new_bands(verdicts, latest and (latest.lo, latest.expected, latest.hi))
    rows = [
        Band(monitor=monitor, time=time, lo=lo, expected=expected, hi=hi)
        for time, (lo, expected, hi) in changes.items()
    ]
    Band.objects.bulk_create(rows, ignore_conflicts=True)


def _note_progress(turn: Turn, verdicts: list[Verdict]) -> None:
    row, at = turn.row, now()
    judging.conclude(row, verdicts, at)
    usual = judging.pause_of(turn.kind, row.state, turn.until)
    pause = usual if turn.pause is None else turn.pause
    row.due_at = at if turn.more else at + pause
    # The checkpoints hold as many copies of the state, and change once in hundreds of points.
    untouched = {"monitor", "checkpoints"} if row.checkpoints is turn.checkpoints else {"monitor"}
    row.save(update_fields=[name for name in COLUMNS if name not in untouched])


def _note_failure(row: Evaluation, error: Exception) -> None:
    """Makes a failed evaluation visible; it is tried again, ever more rarely."""
    at = now()
    since = at if row.status != "error" else row.status_since
    Evaluation.objects.filter(monitor=row.monitor).update(
        status="error",
        status_since=since,
        error=f"{type(error).__name__}: {error}"[:500],
        failures=F("failures") + 1,
        evaluated_at=at,
        due_at=at + RETRY_AFTER * 2 ** min(row.failures, 8),
    )


AGAIN = """
UPDATE monitoring_evaluation AS e SET due_at = %(at)s
FROM unnest(%(monitors)s::uuid[], %(series)s::bigint[], %(judged)s::timestamptz[])
    AS r(monitor, series, judged)
WHERE e.monitor = r.monitor AND e.due_at > %(at)s AND e.failures = 0 AND (
    EXISTS (SELECT FROM monitoring_measurement WHERE series_id = r.series AND time > r.judged)
    OR EXISTS (SELECT FROM monitoring_late WHERE monitor_id = r.monitor))
"""


def _look_again(rows: Sequence[Evaluation]) -> None:
    """What arrived while a row was taken could not mark it as due; its evaluator does."""
    if not rows:
        return
    # One that waits for series of which nothing has arrived is woken by them, whatever its own does.
    rows = [row for row in rows if row.cursor is not None or not row.alone]
    asked = {
        "at": now() + SETTLE,
        "monitors": [row.monitor for row in rows],
        "series": [row.series for row in rows],
        # Later than this there may be something to judge.
        "judged": [
            row.wakes_at - judging.INSTANT if row.wakes_at else row.cursor or EPOCH for row in rows
        ],
    }
    with fast_cursor() as cursor:
        cursor.execute(AGAIN, asked)
