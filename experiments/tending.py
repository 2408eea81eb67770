"""What happens to experiments by itself: starting from the queue, looking, ramping, stopping.

Every act is a command with an id made of the experiment, its phase and the act, so that two workers,
a late tick and a repeated one do it once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from eventlog.core import Context, Refused
from eventlog.db import fast_cursor
from experiments import acting, commands, queries
from experiments.analysis import Report
from experiments.assignment.hashing import seed_from
from experiments.commands.experiments import ExperimentCommand
from experiments.ingest import sums
from experiments.models import Backfill, ExperimentRow, Exposure, Look, ServedRevision, TrackedRow
from experiments.reports import evidence_of, report_of
from experiments.state import Status
from experiments.stopping import Standing, Step, next_step

log = structlog.get_logger(__name__)

ACTOR = "system:experiments"
ALIVE = timedelta(seconds=15)  # a process that serves flags says so every few seconds
SEEN_WITHIN = timedelta(seconds=60)
SILENT_AFTER = timedelta(hours=1)
HEARD_OTHERS = 100  # units of another arm within that time
SETTLED = timedelta(minutes=2)  # longer than any batch that had not heard of a metric
CHUNK = 2_000


def seed_of(experiment: str, phase: int) -> str:
    """The seed of a phase; no two phases share one."""
    return seed_from(f"experiment {experiment}\n{phase}")


def start_queued(at: datetime) -> list[str]:
    """Starts what waits and can start. What is refused, for want of room or by a hold, waits on."""
    started = []
    for row in queries.queued(at):
        command = commands.StartExperiment(
            experiment=row.key,
            at=at,
            seed=seed_of(row.key, row.phase + 1),
            definitions=queries.definitions(one["metric"] for one in row.design["metrics"]),
            reason="its turn in the queue",
        )
        if _do(command, f"{row.key}:{row.version}:start"):
            started.append(row.key)
    return started


def tend(at: datetime) -> list[str]:
    """Looks at every running experiment and does what its rules say; returns what was done."""
    done = []
    for row in queries.running():
        if row.status != Status.RUNNING:
            continue
        report = report_of(row, at)
        record_look(row, report, at)
        step = next_step(standing_of(row, at), report)
        if step is not None and _take(row, step, report, at):
            done.append(f"{row.key}: {step.action} {step.cause}".strip())
    return done


def standing_of(row: ExperimentRow, at: datetime) -> Standing:
    """Where an experiment stands now."""
    return Standing(
        design=row.design,
        step=row.step,
        hours=_hours(row.started_at, at),
        hours_in_step=_hours(row.step_since, at),
        silent=_silent(row, at),
    )


def _hours(since: datetime | None, at: datetime) -> float:
    return (at - since).total_seconds() / 3_600 if since else 0.0


def _silent(row: ExperimentRow, at: datetime) -> list[str]:
    """Arms that had no new unit for an hour in which another arm had many."""
    heard = queries.last_heard(row.key, row.phase)
    keys = [one["key"] for one in row.design["variations"]]
    recent = {key for key in keys if key in heard and heard[key] > at - SILENT_AFTER}
    if not recent or row.started_at is None or row.started_at > at - SILENT_AFTER:
        return []
    missing = [key for key in keys if key not in recent]
    if not missing:
        return []
    since = at - SILENT_AFTER
    rows = Exposure.objects.filter(experiment=row.key, phase=str(row.phase), recorded_at__gt=since)
    return missing if rows[:HEARD_OTHERS].count() >= HEARD_OTHERS else []


def record_look(row: ExperimentRow, report: Report, at: datetime) -> None:
    """Keeps what was seen, one look an hour: the last figures of it and the least p-value."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    columns: list[list[Any]] = [[], [], [], [], [], [], []]
    for one in report.comparisons:
        if one.is_fixed or one.effect is None or one.lo is None or one.hi is None:
            continue
        figures = (one.metric, one.variation, one.n_control + one.n, one.effect, one.lo, one.hi)
        for column, value in zip(columns, (*figures, one.p_value), strict=True):
            column.append(value)
    if not columns[0]:
        return
    with fast_cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Look._meta.db_table} AS known (experiment, phase, at, metric, variation,"
            " n, effect, lo, hi, p_value)"
            " SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::float8[],"
            " %s::float8[], %s::float8[], %s::float8[])"
            " ON CONFLICT (experiment, phase, metric, variation, at) DO UPDATE SET"
            " n = excluded.n, effect = excluded.effect, lo = excluded.lo, hi = excluded.hi,"
            " p_value = least(known.p_value, excluded.p_value)",
            [row.key, str(row.phase), hour, *columns],
        )


def _take(row: ExperimentRow, step: Step, report: Report, at: datetime) -> bool:
    """Does what the rules say. A ramp that a hold forbids waits; a stop is never held."""
    asked: dict[str, Any] = {"experiment": row.key, "at": at, "reason": step.reason}
    if step.action == "ramp":
        command: ExperimentCommand = commands.RampExperiment(**asked, coverage=step.coverage)
        return _do(command, f"{row.key}:{row.phase}:ramp:{step.coverage}")
    command = commands.StopExperiment(**asked, cause=step.cause, evidence=evidence_of(report))
    return _do(command, f"{row.key}:{row.phase}:stop")


def _do(command: ExperimentCommand, key: str) -> bool:
    try:
        return bool(acting.carry_out(command, Context.by(ACTOR, key)).events)
    except Refused as refusal:
        log.info("experiments.waits", experiment=command.experiment, why=refusal.message)
        return False


def observe(at: datetime) -> list[str]:
    """Notes of each stopped experiment that every process that serves flags serves without it.

    Processes say themselves from which revision they serve. One that does not say it within a
    minute, or none that says anything, is noted too: a stop is done when it was seen.
    """
    seen = []
    for row in queries.unobserved():
        if row.stopped_at is None:
            continue
        needed = queries.revision(row.environment)
        rows = ServedRevision.objects.filter(environment=row.environment, at__gt=at - ALIVE)
        served = {one.process: one.revision for one in rows}
        seconds = (at - row.stopped_at).total_seconds()
        asked: dict[str, Any] = {"experiment": row.key, "at": at, "seconds": seconds}
        if served and min(served.values()) >= needed:
            command: ExperimentCommand = commands.ObserveStop(
                **asked, processes=len(served), revision=needed
            )
            if _do(command, f"{row.key}:{row.phase}:observed"):
                seen.append(row.key)
        elif at - row.stopped_at > SEEN_WITHIN and not row.observation:
            behind = sum(revision < needed for revision in served.values())
            sentence = (
                f"{behind} of {len(served)} processes still serve an older revision."
                if served
                else "No process that serves flags could be asked."
            )
            _do(commands.MissStop(**asked, sentence=sentence), f"{row.key}:{row.phase}:missed")
    return seen


def backfill(at: datetime, chunks: int = 10) -> int:
    """Counts units that were exposed before a metric was kept; returns how many were looked at.

    Goes on where it stopped: each chunk commits how far it came together with what it counted.
    """
    looked_at = 0
    for tracked in TrackedRow.objects.filter(until=None, since__lt=at - SETTLED):
        key = {"experiment": tracked.experiment, "phase": tracked.phase, "metric": tracked.metric}
        progress, _ = Backfill.objects.get_or_create(**key)
        while progress.done_at is None and chunks > 0:
            chunks -= 1
            looked_at += _fill(tracked, key, at)
            progress = Backfill.objects.get(**key)
    return looked_at


def _fill(tracked: TrackedRow, key: dict[str, str], at: datetime) -> int:
    with transaction.atomic(), fast_cursor() as cursor:
        sums.lock(cursor, [(tracked.experiment, tracked.phase)])
        progress = Backfill.objects.get(**key)
        rows = Exposure.objects.filter(
            experiment=tracked.experiment,
            phase=tracked.phase,
            unit__gt=progress.last_unit,
            recorded_at__lt=tracked.since + SETTLED,
        )
        units = list(rows.order_by("unit").values_list("unit", flat=True)[:CHUNK])
        if units:
            places = [[name] * len(units) for name in (tracked.experiment, tracked.phase)]
            sums.refresh(cursor, *places, units, tracked.metric)
        last = units[-1] if units else progress.last_unit
        done = None if len(units) == CHUNK else at
        Backfill.objects.filter(**key).update(
            last_unit=last, units=progress.units + len(units), done_at=done
        )
        return len(units)
