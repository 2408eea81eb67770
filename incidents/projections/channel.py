"""The channel as rows: messages as they stand, and the signs they were answered with."""

from __future__ import annotations

import uuid

from eventlog import rows
from eventlog.records import Record
from incidents import events
from incidents.markup import render
from incidents.models import MessageRow, ReactionRow
from incidents.projections.life import board, change, incident_of


@board.on(events.MessagePosted)
def show_message(event: events.MessagePosted, record: Record) -> None:
    rows.add(
        MessageRow,
        id=uuid.UUID(event.message),
        incident=incident_of(record),
        version=record.version,
        client_id=event.client_id,
        author=event.author,
        posted_at=record.occurred_at,
        text=str(event.text),
        html=render(event.text),
        mentions=event.mentions,
        reply_to=uuid.UUID(event.reply_to) if event.reply_to else None,
    )
    change(record, messages=rows.Plus(1))


@board.on(events.MessageEdited)
def show_edit(event: events.MessageEdited, record: Record) -> None:
    found = MessageRow.objects.filter(id=event.message).values_list("edits", flat=True)
    rows.change(
        MessageRow,
        uuid.UUID(event.message),
        text=str(event.text),
        html=render(event.text),
        mentions=event.mentions,
        edits=[*found[0], record.version],
    )
    change(record)


@board.on(events.MessageRedacted)
def show_redaction(event: events.MessageRedacted, record: Record) -> None:
    rows.change(
        MessageRow,
        uuid.UUID(event.message),
        text="",
        html="",
        redacted_at=record.occurred_at,
        redacted_by=record.actor,
        reason=event.reason,
        pinned_at=None,
        pinned_by="",
    )
    change(record)


@board.on(events.MessagePinned)
def show_pin(event: events.MessagePinned, record: Record) -> None:
    by = {"pinned_at": record.occurred_at, "pinned_by": record.actor}
    rows.change(MessageRow, uuid.UUID(event.message), **by)
    change(record)


@board.on(events.MessageUnpinned)
def show_unpinned(event: events.MessageUnpinned, record: Record) -> None:
    rows.change(MessageRow, uuid.UUID(event.message), pinned_at=None, pinned_by="")
    change(record)


@board.on(events.ReactionAdded)
def show_reaction(event: events.ReactionAdded, record: Record) -> None:
    rows.add(
        ReactionRow,
        id=_sign(event),
        message=uuid.UUID(event.message),
        reaction=event.reaction,
        person=event.person,
        added_at=record.occurred_at,
    )
    change(record)


@board.on(events.ReactionRemoved)
def show_reaction_removed(event: events.ReactionRemoved, record: Record) -> None:
    ReactionRow.objects.filter(id=_sign(event)).delete()
    change(record)


def _sign(event: events.ReactionAdded | events.ReactionRemoved) -> str:
    return f"{event.message}:{event.reaction}:{event.person}"
