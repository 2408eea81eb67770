"""Events of metrics and experiments → their rows, and what is kept of each phase."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from eventlog.projections import Projection
from eventlog.records import Record
from experiments import events
from experiments.models import ExperimentRow, MetricRow, TrackedRow
from experiments.state import Status

experiments = Projection(
    "experiments",
    tables=["experiments_metric", "experiments_experiment", "experiments_tracked"],
)


def _key(record: Record) -> str:
    return record.stream.partition(":")[2]


def _change(record: Record, **changes: Any) -> None:
    changes |= {"version": record.version, "changed_at": record.occurred_at}
    ExperimentRow.objects.filter(key=_key(record)).update(**changes)


@experiments.on(events.MetricDefined)
def show_metric(event: events.MetricDefined, record: Record) -> None:
    values = {
        "version": record.version,
        "definition": event.definition,
        "changed_at": record.occurred_at,
    }
    MetricRow.objects.update_or_create(key=_key(record), defaults=values)


@experiments.on(events.ExperimentDesigned)
def show_designed(event: events.ExperimentDesigned, record: Record) -> None:
    at, design = record.occurred_at, event.design
    values: dict[str, Any] = {
        "version": record.version,
        "title": design["title"],
        "owner": design["owner"],
        "flag": design["flag"],
        "environment": design["environment"],
        "layer": design["layer"],
        "design": design,
        "designed_by": event.by,
        "designed_at": at,
        "changed_at": at,
    }
    if event.is_running:
        row = ExperimentRow.objects.get(key=_key(record))
        _track(row.key, row.phase, design, event.definitions, at)
        values["changed_in_run"] = True
    else:
        values |= {"status": Status.DRAFT, "reviewed_by": "", "not_before": None}
    ExperimentRow.objects.update_or_create(
        key=_key(record), defaults=values, create_defaults={**values, "created_at": at}
    )


def _track(
    experiment: str,
    phase: int,
    design: Mapping[str, Any],
    definitions: Mapping[str, Any],
    at: datetime,
) -> None:
    """Keeps the metrics of a design; one that is kept already stays as it came in."""
    for one in design["metrics"]:
        kept = definitions[one["metric"]]
        TrackedRow.objects.get_or_create(
            experiment=experiment,
            phase=str(phase),
            metric=one["metric"],
            defaults={
                **{name: kept[name] for name in ("name", "aggregation", "source", "denominator")},
                **{name: kept[name] for name in ("direction", "unit")},
                "cap": Decimal(kept["cap"]) if kept["cap"] else None,
                "window_hours": kept["window_hours"],
                "before_days": kept["before_days"],
                "slices": design["slices"],
                "since": at,
            },
        )


@experiments.on(events.ReviewAsked)
def show_review_asked(event: events.ReviewAsked, record: Record) -> None:
    _change(record, status=Status.IN_REVIEW)


@experiments.on(events.DesignApproved)
def show_approved(event: events.DesignApproved, record: Record) -> None:
    _change(record, status=Status.APPROVED, reviewed_by=event.by)


@experiments.on(events.DesignSentBack)
def show_sent_back(event: events.DesignSentBack, record: Record) -> None:
    _change(record, status=Status.DRAFT, reviewed_by="", not_before=None)


@experiments.on(events.ExperimentQueued)
def show_queued(event: events.ExperimentQueued, record: Record) -> None:
    begin = datetime.fromisoformat(event.not_before)
    _change(record, status=Status.QUEUED, not_before=begin, rank=event.rank)


@experiments.on(events.ExperimentStarted)
def show_started(event: events.ExperimentStarted, record: Record) -> None:
    row, at = ExperimentRow.objects.get(key=_key(record)), record.occurred_at
    _track(row.key, event.phase, row.design, event.definitions, at)
    _change(
        record,
        status=Status.RUNNING,
        phase=event.phase,
        seed=event.seed,
        coverage=event.coverage,
        step=0,
        step_since=at,
        started_at=at,
        stopped_at=None,
        stop={},
        observed_at=None,
        observation={},
        cleared={},
        changed_in_run=False,
    )


@experiments.on(events.ExperimentRamped)
def show_ramped(event: events.ExperimentRamped, record: Record) -> None:
    _change(record, coverage=event.coverage, step=event.step, step_since=record.occurred_at)


@experiments.on(events.ExperimentPaused)
def show_paused(event: events.ExperimentPaused, record: Record) -> None:
    _change(record, status=Status.PAUSED)


@experiments.on(events.ExperimentResumed)
def show_resumed(event: events.ExperimentResumed, record: Record) -> None:
    _change(record, status=Status.RUNNING)


@experiments.on(events.ExperimentStopped)
def show_stopped(event: events.ExperimentStopped, record: Record) -> None:
    said = {"cause": event.cause, "reason": event.reason, "evidence": event.evidence}
    at = record.occurred_at
    _change(record, status=Status.STOPPED, stopped_at=at, stop=said)
    TrackedRow.objects.filter(experiment=_key(record), phase=str(event.phase)).update(until=at)


@experiments.on(events.StopObserved)
def show_observed(event: events.StopObserved, record: Record) -> None:
    said = {"seconds": event.seconds, "processes": event.processes, "revision": event.revision}
    _change(record, observed_at=record.occurred_at, observation=said)


@experiments.on(events.StopNotObserved)
def show_not_observed(event: events.StopNotObserved, record: Record) -> None:
    _change(record, observation={"seconds": event.seconds, "sentence": event.sentence})


@experiments.on(events.CheckCleared)
def show_cleared(event: events.CheckCleared, record: Record) -> None:
    row = ExperimentRow.objects.get(key=_key(record))
    found = {"finding": event.finding, "by": event.by, "reason": event.reason}
    _change(record, cleared={**row.cleared, event.check: found})


@experiments.on(events.ExperimentDecided)
def show_decided(event: events.ExperimentDecided, record: Record) -> None:
    said = {
        "decision": event.decision,
        "by": event.by,
        "reason": event.reason,
        "variation": event.variation,
        "evidence": event.evidence,
        "at": record.occurred_at.isoformat(),
    }
    _change(record, status=Status.DECIDED, decision=said)


@experiments.on(events.ExperimentArchived)
def show_archived(event: events.ExperimentArchived, record: Record) -> None:
    _change(record, status=Status.ARCHIVED)
