"""Events of monitors and objectives → the rows that pages and the API read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from eventlog.projections import Projection
from eventlog.records import Record
from monitoring.events import (
    BreachClosed,
    BreachJudged,
    BreachOpened,
    FreshnessPlanned,
    FreshnessRetired,
    HappeningNoted,
    HappeningWithdrawn,
    MissRecorded,
    MissWithdrawn,
    MonitorCreated,
    MonitorPaused,
    MonitorRemoved,
    MonitorResumed,
    MonitorRevised,
    OwnersTold,
    SloChanged,
    SloCreated,
    SloRetired,
    SloReviewed,
)
from monitoring.labels import fingerprint
from monitoring.models import (
    BreachRow,
    FreshnessRow,
    HappeningRow,
    MissRow,
    MonitorRow,
    NoticeRow,
    SloRow,
)

monitors = Projection(
    "monitoring", tables=["monitoring_monitor", "monitoring_breach", "monitoring_miss"]
)
objectives = Projection("objectives", tables=["monitoring_slo"])
freshness = Projection("freshness", tables=["monitoring_freshness"])
notices = Projection("notices", tables=["monitoring_notice"])
happenings = Projection("happenings", tables=["monitoring_happening"])


def _id(ref: str) -> UUID:
    return UUID(ref.partition(":")[2])


def _change(record: Record, **changes: Any) -> None:
    MonitorRow.objects.filter(id=_id(record.stream)).update(version=record.version, **changes)


def _definition(event: MonitorCreated | MonitorRevised) -> dict[str, Any]:
    return {
        "name": event.name,
        "kind": event.kind,
        "parameters": event.parameters,
        "series": event.series,
        "labels": event.labels,
        "fingerprint": fingerprint(event.series, event.labels),
        "subjects": event.subjects,
        "urgency": event.urgency,
        "severity": event.severity,
        "environment": event.environment,
        "description": event.description,
        "signal": event.signal,
    }


@monitors.on(MonitorCreated)
def show_created(event: MonitorCreated, record: Record) -> None:
    MonitorRow.objects.create(
        id=_id(record.stream),
        version=record.version,
        revision=1,
        created_at=record.occurred_at,
        changed_at=record.occurred_at,
        **_definition(event),
    )


@monitors.on(MonitorRevised)
def show_revised(event: MonitorRevised, record: Record) -> None:
    defined = _definition(event)
    _change(record, revision=event.revision, changed_at=record.occurred_at, **defined)


@monitors.on(MonitorPaused)
def show_paused(event: MonitorPaused, record: Record) -> None:
    _change(record, paused=True, pause_reason=event.reason, changed_at=record.occurred_at)


@monitors.on(MonitorResumed)
def show_resumed(event: MonitorResumed, record: Record) -> None:
    _change(record, paused=False, pause_reason="", changed_at=record.occurred_at)


@monitors.on(MonitorRemoved)
def hide_removed(event: MonitorRemoved, record: Record) -> None:
    MonitorRow.objects.filter(id=_id(record.stream)).delete()
    MissRow.objects.filter(monitor=_id(record.stream)).delete()


@monitors.on(BreachOpened)
def show_opened(event: BreachOpened, record: Record) -> None:
    onset = datetime.fromisoformat(event.onset)
    BreachRow.objects.create(
        id=_id(event.breach),
        monitor=_id(record.stream),
        name=event.name,
        kind=event.kind,
        urgency=event.urgency,
        subjects=event.subjects,
        onset=onset,
        opened_at=record.recorded_at,
        sentence=event.sentence,
        evidence=event.evidence,
    )
    _change(record, breach=event.breach, breached_since=onset, breaches=F("breaches") + 1)


@monitors.on(BreachClosed)
def show_closed(event: BreachClosed, record: Record) -> None:
    BreachRow.objects.filter(id=_id(event.breach)).update(
        closed_at=datetime.fromisoformat(event.closed_at),
        closing_sentence=event.sentence,
        closing_reason=event.reason,
    )
    _change(record, breach="", breached_since=None)


@monitors.on(BreachJudged)
def show_judged(event: BreachJudged, record: Record) -> None:
    BreachRow.objects.filter(id=_id(event.breach)).update(
        judgement=event.judgement,
        note=event.note,
        judged_at=record.occurred_at,
        judged_by=record.actor,
    )


@monitors.on(MissRecorded)
def show_missed(event: MissRecorded, record: Record) -> None:
    MissRow.objects.create(
        id=_id(event.miss),
        monitor=_id(record.stream),
        since=datetime.fromisoformat(event.since),
        until=datetime.fromisoformat(event.until),
        note=event.note,
        about=event.about,
        recorded_at=record.occurred_at,
        recorded_by=record.actor,
    )
    _change(record)


@monitors.on(MissWithdrawn)
def hide_withdrawn(event: MissWithdrawn, record: Record) -> None:
    MissRow.objects.filter(id=_id(event.miss)).delete()
    _change(record)


def _promise(event: SloCreated | SloChanged) -> dict[str, Any]:
    return {
        "name": event.name,
        "description": event.description,
        "owner": event.owner,
        "layer": event.layer,
        "subjects": event.subjects,
        "environment": event.environment,
        "severity": event.severity,
        "review_on": date.fromisoformat(event.review_on),
        "settings": event.settings,
        "document": event.document,
    }


def _target(event: SloCreated | SloChanged, record: Record) -> list[str]:
    return [record.occurred_at.isoformat(), event.settings["target"]]


@objectives.on(SloCreated)
def show_promised(event: SloCreated, record: Record) -> None:
    SloRow.objects.create(
        key=record.stream.partition(":")[2],
        version=record.version,
        revision=1,
        targets=[_target(event, record)],
        created_at=record.occurred_at,
        changed_at=record.occurred_at,
        **_promise(event),
    )


@objectives.on(SloChanged)
def show_promised_anew(event: SloChanged, record: Record) -> None:
    row = SloRow.objects.get(key=record.stream.partition(":")[2])
    targets = row.targets
    if targets[-1][1] != event.settings["target"]:
        targets = [*targets, _target(event, record)]
    SloRow.objects.filter(key=row.key).update(
        version=record.version,
        revision=event.revision,
        reason=event.reason,
        targets=targets,
        changed_at=record.occurred_at,
        **_promise(event),
    )


@objectives.on(SloReviewed)
def show_reviewed(event: SloReviewed, record: Record) -> None:
    SloRow.objects.filter(key=record.stream.partition(":")[2]).update(
        version=record.version,
        review_on=date.fromisoformat(event.review_on),
        reviewed_at=record.occurred_at,
        reviewed_by=record.actor,
        review=event.reason,
    )


@objectives.on(SloRetired)
def show_retired(event: SloRetired, record: Record) -> None:
    SloRow.objects.filter(key=record.stream.partition(":")[2]).update(
        version=record.version,
        reason=event.reason,
        retired_at=record.occurred_at,
        changed_at=record.occurred_at,
    )


@happenings.on(HappeningNoted)
def show_happening(event: HappeningNoted, record: Record) -> None:
    said = {
        "version": record.version,
        "title": event.title,
        "category": event.category,
        "regions": event.regions,
        "since": datetime.fromisoformat(event.since),
        "until": datetime.fromisoformat(event.until) if event.until else None,
        "source": event.source,
        "url": event.url,
        "note": event.note,
        "subjects": event.subjects,
        "noted_at": record.occurred_at,
        "noted_by": record.actor,
    }
    HappeningRow.objects.update_or_create(id=_id(record.stream), defaults=said)


@happenings.on(HappeningWithdrawn)
def hide_happening(event: HappeningWithdrawn, record: Record) -> None:
    HappeningRow.objects.filter(id=_id(record.stream)).delete()


@freshness.on(FreshnessPlanned)
def show_freshness(event: FreshnessPlanned, record: Record) -> None:
    said = {
        "version": record.version,
        "name": event.name,
        "plan": event.plan,
        "subjects": event.subjects,
        "changed_at": record.occurred_at,
        "changed_by": record.actor,
    }
    FreshnessRow.objects.update_or_create(key=record.stream.partition(":")[2], defaults=said)


@freshness.on(FreshnessRetired)
def hide_freshness(event: FreshnessRetired, record: Record) -> None:
    FreshnessRow.objects.filter(key=record.stream.partition(":")[2]).delete()


@notices.on(OwnersTold)
def show_told(event: OwnersTold, record: Record) -> None:
    NoticeRow.objects.create(
        id=_id(record.stream),
        monitor=_id(event.monitor),
        name=event.name,
        change=event.change,
        entity=event.entity,
        family=event.family,
        sentence=event.sentence,
        made_at=datetime.fromisoformat(event.made_at),
        made_by=event.made_by,
        owners=event.owners,
        subjects=event.subjects,
        unowned=event.unowned,
        others=event.others,
        whole=event.whole,
        watched_until=datetime.fromisoformat(event.watched_until),
        told_at=record.occurred_at,
    )
