"""One event as the rows that pages show: the same templates for the first load and for live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from eventlog.records import Record
from incidents.events import (
    FollowUpEvidenceAdded,
    FollowUpPlaced,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    NoteAdded,
    ParticipantJoined,
    ReactionAdded,
    ReactionRemoved,
    SectionRedacted,
    SectionWritten,
)
from incidents.queries import Entry, Message, entries_of, messages_of

# Notes make no noise, what becomes of a message shows where it stands, and whoever writes is there.
OF_A_MESSAGE = (MessageEdited, MessagePinned, MessageRedacted, MessageUnpinned)
SIGNS = (ReactionAdded, ReactionRemoved)
NOT_IN_CHANNEL = frozenset(
    event.type
    for event in (
        FollowUpEvidenceAdded,
        FollowUpPlaced,
        NoteAdded,
        ParticipantJoined,
        SectionRedacted,
        SectionWritten,
        *OF_A_MESSAGE,
        *SIGNS,
    )
)
MESSAGE = MessagePosted.type
# Code may be wider than the column: the keyboard has to be able to scroll it.
SCROLLED = '<pre tabindex="0">'


@dataclass(frozen=True, slots=True)
class Rows:
    """HTML of one event, the same for every reader: empty where a list does not show it."""

    version: int
    channel: str
    timeline: str


def rows_of(records: Sequence[Record]) -> list[Rows]:
    """The rows of events; messages as they stand, with one look for each incident among them."""
    messages = dict[str, Message]()
    for stream, theirs in groupby(sorted(records, key=_stream), key=_stream):
        messages |= messages_in(stream, list(theirs))
    return [
        Rows(
            version=record.version,
            channel=_channel(said(entry, messages)),
            timeline=render_to_string("incidents/_entry.html", {"entry": entry}),
        )
        for entry, record in zip(entries_of(records), records, strict=True)
    ]


def messages_in(stream: str, records: Sequence[Record]) -> dict[str, Message]:
    """The messages that these events of one incident posted, as they stand, by id."""
    ids = [record.payload["message"] for record in records if record.type == MESSAGE]
    return messages_of(stream.partition(":")[2], ids)


def _stream(record: Record) -> str:
    return record.stream


def _channel(row: dict[str, Any] | None) -> str:
    return render_to_string("incidents/_said.html", {"row": row}) if row else ""


def said(entry: Entry, messages: Mapping[str, Message]) -> dict[str, Any] | None:
    """What `_said.html` shows of an event, None if the channel does not show it."""
    if entry.type in NOT_IN_CHANNEL:
        return None
    message = messages.get(entry.message) if entry.type == MESSAGE else None
    if message is None:
        return {"kind": "system", "entry": entry}
    return {
        "kind": "message",
        "entry": entry,
        "message": message,
        # Rendered and sanitised on this side only; an erased text leaves nothing.
        "html": SafeString(message.html.replace("<pre>", SCROLLED)),
    }
