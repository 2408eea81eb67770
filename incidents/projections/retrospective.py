"""Retrospectives as rows: every revision of every part, and how far the review is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eventlog import rows
from eventlog.projections import Projection
from eventlog.records import Record
from incidents import events
from incidents.models import RetrospectiveRow, SectionRow

retrospectives = Projection(
    "incident_retrospectives", tables=["incidents_retrospective", "incidents_section"]
)


@retrospectives.on(events.SectionWritten)
def show_written(event: events.SectionWritten, record: Record) -> None:
    rows.add(
        SectionRow,
        id=_key(event),
        incident=UUID(event.incident),
        section=event.section,
        revision=event.revision,
        version=record.version,
        text=str(event.text),
        written_by=event.person,
        written_at=record.occurred_at,
    )
    _move(record, stage="draft", submitted_by="", accepted_by="")


@retrospectives.on(events.SectionRedacted)
def show_redacted(event: events.SectionRedacted, record: Record) -> None:
    rows.change(
        SectionRow,
        _key(event),
        text="",
        redacted_at=record.occurred_at,
        redacted_by=record.actor,
        reason=event.reason,
    )
    here = SectionRow.objects.filter(incident=UUID(event.incident), section=event.section)
    if not here.filter(revision__gt=event.revision).exists():
        _move(record, stage="draft", submitted_by="", accepted_by="")


@retrospectives.on(events.RetrospectiveSubmitted)
def show_submitted(event: events.RetrospectiveSubmitted, record: Record) -> None:
    _move(record, stage="review", submitted_by=event.person, reason="")


@retrospectives.on(events.RetrospectiveReturned)
def show_returned(event: events.RetrospectiveReturned, record: Record) -> None:
    _move(record, stage="draft", submitted_by="", accepted_by="", reason=event.reason)


@retrospectives.on(events.RetrospectiveAccepted)
def show_accepted(event: events.RetrospectiveAccepted, record: Record) -> None:
    _move(record, stage="accepted", accepted_by=event.person)


def _move(record: Record, **fields: Any) -> None:
    RetrospectiveRow.objects.update_or_create(
        incident=UUID(record.stream.partition(":")[2]),
        defaults={"moved_at": record.occurred_at, **fields},
    )


def _key(event: events.SectionWritten | events.SectionRedacted) -> str:
    return f"{event.incident}:{event.section}:{event.revision}"
