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
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from eventlog import store
from eventlog.clock import now
from eventlog.core import Command, Context
from monitoring import counting, kinds, ticking
from monitoring.commands import CloseBreach, OpenBreach, in_utc
from monitoring.kinds import Kind, Point, Verdict
from monitoring.kinds.base import Counting, instant, span
from monitoring.kinds.framed import Framed
from monitoring.measurements import EPOCH, latest_point, points_after, points_until
from monitoring.models import Band, Evaluation, Look, MonitorRow, Series, Source, Watched
from monitoring.onset import onset
from monitoring.slo.definition import Selector
from monitoring.slo.indicator import Measured
from monitoring.state import Urgency

log = logging.getLogger(__name__)

CHUNK = 20_000
# So much of a history with counts is judged in one transaction.
COUNTED_AT_ONCE = timedelta(days=3)
MINUTE = timedelta(minutes=1)
CHECKPOINT_EVERY = 500
CHECKPOINTS = 4
CLOCK_EVERY = timedelta(seconds=5)
CHECK_EVERY = timedelta(seconds=60)
RETRY_AFTER = timedelta(seconds=10)
# Under a steady stream of measurements a monitor is evaluated this often, not for every batch.
SETTLE = timedelta(seconds=0.5)
COLUMNS = [field.name for field in Evaluation._meta.concrete_fields]
SILENT_AFTER, SILENT_CADENCES = 60.0, 10
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
    points: list[Point]
    until: datetime
    checkpoints: list[Any]
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
        defaults={"series": series.id, "revision": 0, "status_since": at, "due_at": at},
    )
    return made


def evaluate_due(limit: int = 1_000) -> int:
    """Evaluates due monitors until none is left that nobody else works at; returns how many."""
    done = 0
    while done < limit and evaluate_next() is not None:
        done += 1
    return done


def keep_evaluating(seconds: float) -> int:
    """The same, and waits for those that fall due within `seconds`; returns how many."""
    give_up, done = time.monotonic() + seconds, evaluate_due()
    while (pause := _next_due_in()) is not None and time.monotonic() + pause < give_up:
        time.sleep(max(pause, 0.01))
        done += evaluate_due()
    return done


def _next_due_in() -> float | None:
    """Seconds until the next monitor falls due; None without monitors."""
    due_at = Evaluation.objects.order_by("due_at").values_list("due_at", flat=True).first()
    return None if due_at is None else (due_at - now()).total_seconds()


def evaluate_next() -> UUID | None:
    """Evaluates the monitor that has been due longest; None if there is none to take."""
    with transaction.atomic():
        row = (
            Evaluation.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=now())
            .order_by("due_at", "monitor")
            .first()
        )
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
    _look_again(row)
    return row.monitor


def _evaluate(row: Evaluation) -> None:
    monitor, checkpoints = MonitorRow.objects.filter(id=row.monitor).first(), row.checkpoints
    if monitor is None:
        row.delete()
        return
    if row.revision != monitor.revision:
        _begin_anew(row, monitor)
    kind = kinds.make(monitor.kind, monitor.parameters)
    if isinstance(kind, Counting):
        was = row.breached
        turn = Turn(row, monitor, kind, [], _event_now(row, []), checkpoints)
        verdicts = _review(turn, kind)
    else:
        _go_back_for_late(row)
        was = row.breached
        if isinstance(kind, Framed):
            turn, verdicts = _look(row, monitor, kind, checkpoints)
        else:
            points = points_after(row.series, row.cursor, CHUNK)
            turn = Turn(row, monitor, kind, points, _event_now(row, points), checkpoints)
            verdicts = _judge(turn)
            # Charts show the points; bounds of other things have no place among them.
            _note_bands(row.monitor, verdicts)
    for verdict in verdicts:
        row.breached = _is_breached(verdict, row.breached)
    _decide(turn, was, verdicts)
    _note_progress(turn, verdicts)


def _look(
    row: Evaluation, monitor: MonitorRow, kind: Framed, checkpoints: list[Any]
) -> tuple[Turn, list[Verdict]]:
    """Has the ticks judged that are due, and notes when to look again."""
    looked = ticking.review(row, kind, Selector(monitor.series, monitor.labels))
    row.wakes_at = looked.wakes_at
    turn = Turn(row, monitor, kind, [], looked.current, checkpoints, more=looked.more)
    if looked.wakes_at is not None:
        turn.pause = min(max(looked.wakes_at - looked.current, SETTLE), CHECK_EVERY)
    return turn, looked.verdicts


def _begin_anew(row: Evaluation, monitor: MonitorRow) -> None:
    """A revised monitor starts from nothing and reads its series again from the beginning."""
    series = Series.objects.get(fingerprint=monitor.fingerprint)
    row.series, row.revision = series.id, monitor.revision
    row.cursor, row.state, row.checkpoints = None, {}, []
    row.status, row.verdict, row.seen, row.breached = "no_data", {}, 0, False
    row.wakes_at, row.urgent = None, monitor.urgency == Urgency.PAGE
    for noted in (Band, Look, Watched):
        noted.objects.filter(monitor=row.monitor).delete()


def _review(turn: Turn, kind: Counting) -> list[Verdict]:
    """Judges the minutes that ended since the last time, and those that late points changed.

    The cursor marks how far the monitor's own series was read, judged or not: a total waits for
    its part, and must not make the monitor due again and again meanwhile.
    """
    row = turn.row
    source = kind.source(Selector(turn.monitor.series, turn.monitor.labels))
    judged = instant(row.state.get("judged"))
    late = _take_late(row)
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


def _go_back_for_late(row: Evaluation) -> None:
    """Returns to the last checkpoint before the earliest late point, as far back as they reach."""
    late = _take_late(row)
    if not late or row.cursor is None or min(late) > row.cursor:
        return
    before = [c for c in row.checkpoints if datetime.fromisoformat(c["cursor"]) < min(late)]
    if before:
        row.checkpoints = before
        row.cursor = datetime.fromisoformat(before[-1]["cursor"])
        row.state, row.seen = before[-1]["state"], before[-1]["seen"]
        row.breached = before[-1]["breached"]


def _event_now(row: Evaluation, points: list[Point]) -> datetime:
    """How far event time has come for a series.

    At least to its own last point; to the watermark of its source, for then others are current;
    and by as much wall-clock time as has passed since anything was recorded for the series. A
    history that is being replayed is therefore judged as it was lived.
    """
    if len(points) == CHUNK:
        return points[-1].time
    last = latest_point(row.series)
    if last is None:
        return now()
    latest, recorded_at = last
    times = [latest, latest + max(timedelta(0), now() - recorded_at)]
    source = Series.objects.filter(id=row.series).values("source")
    times += Source.objects.filter(ref__in=source).values_list("latest", flat=True)
    return max(times)


def _judge(turn: Turn) -> list[Verdict]:
    """Runs the kind over the points, leaving checkpoints on the way."""
    row, verdicts = turn.row, []
    row.state = row.state or turn.kind.start()
    for start in range(0, len(turn.points), CHECKPOINT_EVERY):
        part = turn.points[start : start + CHECKPOINT_EVERY]
        row.state, said = turn.kind.evaluate(row.state, part, part[-1].time)
        verdicts += said
        _advance(row, part, said)
    if turn.kind.watches_clock:
        row.state, said = turn.kind.evaluate(row.state, [], turn.until)
        verdicts += said
    elif starved := _starving(row, turn.until):
        verdicts.append(starved)
    return verdicts


def _advance(row: Evaluation, part: list[Point], said: list[Verdict]) -> None:
    """Moves the cursor over judged points; a full part leaves a checkpoint."""
    for point in part[-50:]:
        if row.cursor is not None:
            gap = (point.time - row.cursor).total_seconds()
            row.cadence = gap if row.cadence is None else 0.9 * row.cadence + 0.1 * gap
        row.cursor = point.time
    row.seen += len(part)
    for verdict in said:
        row.breached = _is_breached(verdict, row.breached)
    if len(part) == CHECKPOINT_EVERY:
        kept = {
            "cursor": part[-1].time.isoformat(),
            "state": row.state,
            "seen": row.seen,
            "breached": row.breached,
        }
        row.checkpoints = [*row.checkpoints, kept][-CHECKPOINTS:]


def _starving(row: Evaluation, until: datetime) -> Verdict | None:
    """The verdict on a series that has fallen silent: not healthy, and no breach either."""
    if row.cursor is None:
        return Verdict("no_data", until, "No measurement has arrived yet.")
    silent = (until - row.cursor).total_seconds()
    if row.cadence is None or silent <= max(SILENT_AFTER, SILENT_CADENCES * row.cadence):
        return None
    usual = f"they used to come every {span(row.cadence)}"
    return Verdict("no_data", until, f"No measurement for {span(silent)}; {usual}.", n=row.seen)


def _decide(turn: Turn, was: bool, verdicts: list[Verdict]) -> None:
    """Opens and closes breaches where the verdict changes, then where the log still differs."""
    if turn.monitor.paused or not verdicts:
        return
    stands = bool(turn.monitor.breach)
    for verdict in verdicts:
        is_breached = _is_breached(verdict, was)
        if is_breached != was:
            _say(turn, verdict, is_breached)
            stands = _stands(turn)
        was = is_breached
    if stands != was:
        # Late points or a pause hid a change: what is so now is said now.
        _say(turn, verdicts[-1], was)


def _is_breached(verdict: Verdict, was: bool) -> bool:
    """No data and errors neither open nor close: what was so is taken to be so still."""
    return was if verdict.status in ("no_data", "error") else verdict.status == "breached"


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
    """Notes where the acceptable band changed, so that pages can draw what was decided with."""
    latest = Band.objects.filter(monitor=monitor).order_by("-time").first()
    band = latest and (latest.lo, latest.expected, latest.hi)
    rows = []
    for verdict in verdicts:
        if verdict.band() != (None, None, None) and verdict.band() != band:
            band = lo, expected, hi = verdict.band()
            rows.append(Band(monitor=monitor, time=verdict.at, lo=lo, expected=expected, hi=hi))
    unique = {row.time: row for row in rows}
    Band.objects.bulk_create(unique.values(), ignore_conflicts=True)


def _note_progress(turn: Turn, verdicts: list[Verdict]) -> None:
    row, at = turn.row, now()
    row.evaluated_at, row.failures, row.error = at, 0, ""
    if verdicts:
        last = verdicts[-1]
        if last.status != row.status:
            row.status, row.status_since = last.status, last.at
        row.verdict = {**asdict(last), "at": last.at.isoformat()}
    if turn.more or len(turn.points) == CHUNK:
        row.due_at = at
    else:
        usual = CLOCK_EVERY if turn.kind.watches_clock else CHECK_EVERY
        row.due_at = at + (usual if turn.pause is None else turn.pause)
    # The checkpoints hold as many copies of the state, and change once in 500 points.
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


def _look_again(row: Evaluation) -> None:
    """What arrived while the row was taken could not mark it as due; its evaluator does."""
    at = now() + SETTLE
    # Later than this there may be something to judge.
    judged = row.wakes_at - ticking.INSTANT if row.wakes_at else row.cursor or EPOCH
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_evaluation SET due_at = %s WHERE monitor = %s AND due_at > %s"
            " AND failures = 0 AND (EXISTS (SELECT FROM monitoring_measurement"
            " WHERE series_id = %s AND time > %s)"
            " OR EXISTS (SELECT FROM monitoring_late WHERE monitor_id = %s))",
            (at, row.monitor, at, row.series, judged, row.monitor),
        )
