"""Incidents as rows: the board, the incident page and the channel read these."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, NullIf

from eventlog import rows
from eventlog.core import Event
from eventlog.projections import Projection
from eventlog.records import Record
from incidents import events
from incidents.models import (
    BreachRow,
    ImpactRow,
    IncidentRow,
    ParticipantRow,
    PhaseRow,
    RoleRow,
    UpdateRow,
)

board = Projection(
    "incidents",
    tables=[
        "incidents_incident",
        "incidents_role",
        "incidents_participant",
        "incidents_message",
        "incidents_reaction",
        "incidents_breach",
        "incidents_phase",
        "incidents_impact",
        "incidents_update",
    ],
    conflicts={
        "incidents_one_open_per_cause": (
            "same_cause",
            "An incident with the same cause is open already.",
        ),
    },
)


def incident_of(record: Record) -> uuid.UUID:
    """Id of the incident whose stream the record belongs to."""
    return uuid.UUID(record.stream.partition(":")[2])


def change(record: Record, **fields: Any) -> None:
    """Brings the incident's row to the record's version, with these fields changed."""
    now = {"version": record.version, "changed_at": record.occurred_at}
    rows.change(IncidentRow, incident_of(record), **now, **fields)


def _recompute(record: Record, **expressions: Any) -> None:
    """Changes fields of the incident's row by what others of it hold."""
    IncidentRow.objects.filter(id=incident_of(record)).update(**expressions)


def key_of(record: Record, part: object) -> str:
    return f"{incident_of(record)}:{part}"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@board.on(events.IncidentDeclared)
def show_declared(event: events.IncidentDeclared, record: Record) -> None:
    onset = event.onset or {}
    rows.add(
        IncidentRow,
        id=incident_of(record),
        version=record.version,
        number=event.number,
        title=event.title,
        kind=event.kind,
        severity=event.severity,
        phase="detection",
        status="open",
        environment=event.environment,
        subjects=event.subjects,
        dedup_key=event.dedup_key,
        open_key=event.dedup_key or None,
        declared_by=event.declared_by,
        declared_at=record.occurred_at,
        onset_earliest=_moment(onset.get("earliest")),
        onset_best=_moment(onset.get("best")),
        onset_latest=_moment(onset.get("latest")),
        onset_basis=onset.get("basis", ""),
        phase_since=record.occurred_at,
        changed_at=record.occurred_at,
    )
    _enter(record, "detection")


@board.on(events.BreachAttached)
def show_breach(event: events.BreachAttached, record: Record) -> None:
    rows.add(
        BreachRow,
        id=key_of(record, event.breach),
        incident=incident_of(record),
        breach=event.breach,
        monitor=event.monitor,
        monitor_name=event.monitor_name,
        sentence=event.sentence,
        urgency=event.urgency,
        subjects=event.subjects,
        opened_at=datetime.fromisoformat(event.opened_at),
        attached_at=record.occurred_at,
    )
    change(record, breaches=rows.Plus(1), breaches_open=rows.Plus(1))


@board.on(events.BreachRecovered)
def show_recovery(event: events.BreachRecovered, record: Record) -> None:
    recovered_at = datetime.fromisoformat(event.recovered_at)
    rows.change(BreachRow, key_of(record, event.breach), recovered_at=recovered_at)
    change(record, breaches_open=rows.Plus(-1))
    _recompute(record, ended_at=Greatest(F("ended_at"), Value(recovered_at)))


@board.on(events.RoleTaken, events.RoleAccepted)
def show_holder(event: events.RoleTaken | events.RoleAccepted, record: Record) -> None:
    _role(record, event.role, person=event.person, since=record.occurred_at, **NOT_OFFERED)
    _take_part(record, event.person)
    _show_commander(record, event.role, event.person)


@board.on(events.RoleOffered)
def show_offer(event: events.RoleOffered, record: Record) -> None:
    _role(
        record,
        event.role,
        offered_to=event.to,
        offered_by=event.by,
        offered_at=record.occurred_at,
        summary=event.summary,
    )
    change(record)


@board.on(events.RoleDeclined)
def show_declined(event: events.RoleDeclined, record: Record) -> None:
    _role(record, event.role, **NOT_OFFERED)
    change(record)


@board.on(events.RoleReleased)
def show_vacant(event: events.RoleReleased, record: Record) -> None:
    _role(record, event.role, person="", since=None, **NOT_OFFERED)
    _show_commander(record, event.role, "")


NOT_OFFERED: dict[str, Any] = {
    "offered_to": "",
    "offered_by": "",
    "offered_at": None,
    "summary": "",
}


def _role(record: Record, role: str, **fields: Any) -> None:
    defaults = {"incident": incident_of(record), "role": role, **fields}
    RoleRow.objects.update_or_create(id=key_of(record, role), defaults=defaults)


def _show_commander(record: Record, role: str, person: str) -> None:
    change(record, **({"commander": person} if role == "commander" else {}))


@board.on(events.ParticipantJoined)
def show_participant(event: events.ParticipantJoined, record: Record) -> None:
    _take_part(record, event.person, function=event.function)
    change(record)


def _take_part(record: Record, person: str, **fields: str) -> None:
    incident = incident_of(record)
    known = ParticipantRow.objects.filter(id=key_of(record, person))
    if known.exists():
        if fields:
            known.update(**fields)
        return
    rows.add(
        ParticipantRow,
        id=key_of(record, person),
        incident=incident,
        person=person,
        joined_at=record.occurred_at,
        **fields,
    )
    rows.change(IncidentRow, incident, participants=rows.Plus(1))


@board.on(events.PhaseEntered)
def show_phase(event: events.PhaseEntered, record: Record) -> None:
    _enter(record, event.phase)
    change(record, phase=event.phase, phase_since=record.occurred_at)


def _enter(record: Record, phase: str) -> None:
    rows.add(
        PhaseRow,
        id=key_of(record, record.version),
        incident=incident_of(record),
        version=record.version,
        phase=phase,
        entered_at=record.occurred_at,
    )


@board.on(events.SeverityChanged)
def show_severity(event: events.SeverityChanged, record: Record) -> None:
    change(record, severity=event.severity)


@board.on(events.IncidentRetitled)
def show_title(event: events.IncidentRetitled, record: Record) -> None:
    change(record, title=event.title)


@board.on(events.ImpactStated)
def show_impact(event: events.ImpactStated, record: Record) -> None:
    rows.add(
        ImpactRow,
        id=key_of(record, record.version),
        incident=incident_of(record),
        version=record.version,
        text=event.text,
        unit=event.unit,
        low=event.low,
        best=event.best,
        high=event.high,
        stated_at=record.occurred_at,
        stated_by=record.actor,
    )
    change(record, impact=event.text)


@board.on(events.UpdatePosted)
def show_update(event: events.UpdatePosted, record: Record) -> None:
    rows.add(
        UpdateRow,
        id=key_of(record, record.version),
        incident=incident_of(record),
        version=record.version,
        audience=event.audience,
        text=event.text,
        posted_at=record.occurred_at,
        posted_by=record.actor,
    )
    change(record, told_at=record.occurred_at, updates=rows.Plus(1))


@board.on(
    events.NoteAdded,
    events.FollowUpChanged,
    events.FollowUpPlaced,
    events.FollowUpEvidenceAdded,
    events.FollowUpDropped,
    events.FollowUpReminded,
    events.SectionWritten,
    events.SectionRedacted,
    events.RetrospectiveSubmitted,
    events.RetrospectiveReturned,
    events.RetrospectiveAccepted,
)
def show_version(event: Event, record: Record) -> None:
    """What other rows show moves the incident's version on, too."""
    change(record)


@board.on(events.FollowUpAdded)
def count_follow_up(event: events.FollowUpAdded, record: Record) -> None:
    change(record, follow_ups=rows.Plus(1))


@board.on(events.FollowUpDone)
def count_done(event: events.FollowUpDone, record: Record) -> None:
    change(record, follow_ups_done=rows.Plus(1))


@board.on(events.FollowUpReopened)
def count_reopened(event: events.FollowUpReopened, record: Record) -> None:
    change(record, follow_ups_done=rows.Plus(-1 if event.was == "done" else 0))


@board.on(events.IncidentResolved)
def show_resolved(event: events.IncidentResolved, record: Record) -> None:
    incident = IncidentRow.objects.get(id=incident_of(record))
    if incident.status == "open":
        _enter(record, "follow-up")
        change(record, phase="follow-up", phase_since=record.occurred_at, status="resolved")
    change(
        record,
        open_key=None,
        outcome=event.outcome,
        confidence=event.confidence,
        verified=event.verified,
        resolution=event.summary,
        duplicate_of=event.duplicate_of,
    )
    _recompute(record, resolved_at=Coalesce(F("resolved_at"), Value(record.occurred_at)))


@board.on(events.IncidentReopened)
def show_reopened(event: events.IncidentReopened, record: Record) -> None:
    _enter(record, event.phase)
    change(
        record,
        phase=event.phase,
        phase_since=record.occurred_at,
        status="open",
        outcome="",
        confidence="",
        verified=False,
        resolution="",
        duplicate_of=0,
        resolved_at=None,
        ended_at=None,
        closed_at=None,
    )
    _recompute(record, open_key=NullIf(F("dedup_key"), Value("")))


@board.on(events.IncidentClosed)
def show_closed(event: events.IncidentClosed, record: Record) -> None:
    _enter(record, "closed")
    change(
        record,
        phase="closed",
        phase_since=record.occurred_at,
        status="closed",
        closed_at=record.occurred_at,
    )
