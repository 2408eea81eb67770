"""Follow-ups as rows, with the time at which the next reminder is to be decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from eventlog import rows
from eventlog.projections import Projection
from eventlog.records import Record
from incidents import events
from incidents.models import FAR_AWAY, FollowUpEvidenceRow, FollowUpRow
from incidents.policy import reminder_at
from incidents.projections.life import incident_of

follow_ups = Projection(
    "incident_follow_ups", tables=["incidents_follow_up", "incidents_follow_up_evidence"]
)


@follow_ups.on(events.FollowUpAdded)
def show_added(event: events.FollowUpAdded, record: Record) -> None:
    rows.add(
        FollowUpRow,
        id=UUID(event.follow_up),
        incident=incident_of(record),
        added_at=record.occurred_at,
        added_by=record.actor,
        title=event.title,
        intent=event.intent,
        area=event.area,
        owner=event.owner,
        done_when=event.done_when,
        tracker=event.tracker,
        **_dated(event.priority, event.due_at),
    )


@follow_ups.on(events.FollowUpChanged)
def show_changed(event: events.FollowUpChanged, record: Record) -> None:
    changes = {name: getattr(event, name) for name in event.changed}
    if changes.keys() & {"priority", "due_at"}:
        changes |= _dated(event.priority, event.due_at) | {"review_at": None}
    rows.change(FollowUpRow, UUID(event.follow_up), **changes)


@follow_ups.on(events.FollowUpPlaced)
def show_placed(event: events.FollowUpPlaced, record: Record) -> None:
    rows.change(
        FollowUpRow,
        UUID(event.follow_up),
        value=event.value,
        feasibility=event.feasibility,
        placed_by=event.person,
        placed_as=event.function,
        confirmed=event.confirmed,
    )


@follow_ups.on(events.FollowUpEvidenceAdded)
def show_evidence(event: events.FollowUpEvidenceAdded, record: Record) -> None:
    rows.add(
        FollowUpEvidenceRow,
        id=UUID(event.evidence),
        follow_up=UUID(event.follow_up),
        text=event.text,
        url=event.url,
        sha256=event.sha256,
        added_at=record.occurred_at,
        added_by=record.actor,
    )
    rows.change(FollowUpRow, UUID(event.follow_up), evidence=rows.Plus(1))


@follow_ups.on(events.FollowUpDone)
def show_done(event: events.FollowUpDone, record: Record) -> None:
    done = {"done_at": record.occurred_at, "done_by": record.actor}
    _end(event, record, "done", event.note, **done)


@follow_ups.on(events.FollowUpDropped)
def show_dropped(event: events.FollowUpDropped, record: Record) -> None:
    _end(event, record, "dropped", event.reason)


@follow_ups.on(events.FollowUpReopened)
def show_reopened(event: events.FollowUpReopened, record: Record) -> None:
    row = FollowUpRow.objects.get(id=UUID(event.follow_up))
    rows.change(
        FollowUpRow,
        row.id,
        state="open",
        done_at=None,
        done_by="",
        ended_at=None,
        ended_by="",
        ended_why="",
        remind_at=reminder_at(row.priority, row.due_at, 0) if row.due_at else None,
    )


@follow_ups.on(events.FollowUpReminded)
def show_reminded(event: events.FollowUpReminded, record: Record) -> None:
    row = FollowUpRow.objects.get(id=UUID(event.follow_up))
    due_at = datetime.fromisoformat(event.due_at)
    review = {"review_at": record.occurred_at} if event.review else {}
    rows.change(
        FollowUpRow,
        row.id,
        reminders=rows.Plus(1),
        reminded_at=record.occurred_at,
        remind_at=reminder_at(row.priority, due_at, event.step + 1),
        **review,
    )


def _end(
    event: events.FollowUpDone | events.FollowUpDropped,
    record: Record,
    state: str,
    why: str,
    **done: Any,
) -> None:
    rows.change(
        FollowUpRow,
        UUID(event.follow_up),
        state=state,
        ended_at=record.occurred_at,
        ended_by=record.actor,
        ended_why=why,
        remind_at=None,
        review_at=None,
        **done,
    )


def _dated(priority: str, due_at: str | None) -> dict[str, Any]:
    due = datetime.fromisoformat(due_at) if due_at else None
    return {
        "priority": priority,
        "due_at": due,
        "sorts_at": due or FAR_AWAY,
        "remind_at": reminder_at(priority, due, 0) if due else None,
    }
