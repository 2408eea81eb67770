"""Incidents on the live channel: who may follow one, how its events look, what a text does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from access.rights import Actor, can
from eventlog import keys
from eventlog.reading import read_stream
from eventlog.records import Record
from eventlog.store import Receipt
from incidents.acting import say
from incidents.events import (
    FollowUpAdded,
    FollowUpChanged,
    FollowUpDone,
    FollowUpDropped,
    FollowUpEvidenceAdded,
    FollowUpPlaced,
    FollowUpReminded,
    FollowUpReopened,
    MessagePosted,
    NoteAdded,
    ParticipantJoined,
    RetrospectiveAccepted,
    RetrospectiveReturned,
    RetrospectiveSubmitted,
    SectionRedacted,
    SectionWritten,
)
from incidents.fragments import OF_A_MESSAGE, SIGNS, rows_of
from incidents.models import IncidentRow, MessageRow
from incidents.queries import names_of

# What changes nothing that the board shows.
QUIET = {
    event.type
    for event in (
        FollowUpAdded,
        FollowUpChanged,
        FollowUpDone,
        FollowUpDropped,
        FollowUpEvidenceAdded,
        FollowUpPlaced,
        FollowUpReminded,
        FollowUpReopened,
        MessagePosted,
        NoteAdded,
        ParticipantJoined,
        RetrospectiveAccepted,
        RetrospectiveReturned,
        RetrospectiveSubmitted,
        SectionRedacted,
        SectionWritten,
        *OF_A_MESSAGE,
        *SIGNS,
    )
}
ON_BOARD = ("incident:", "monitor:")


class IncidentStreams:
    """The streams ``incident:<id>``."""

    def rights(self, actor: Actor, stream: str) -> list[str]:
        """Reading for those who may read incidents; posting and commands for those who work them."""
        if not can(actor, "incidents:read", stream):
            return []
        return ["read", "post", "command"] if can(actor, "incidents:write", stream) else ["read"]

    def snapshot(self, stream: str) -> str:
        """The incident's page."""
        found = IncidentRow.objects.filter(id=incident_of(stream)).values_list("number", flat=True)
        return f"/incidents/{found[0]}"

    def show(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Who did it, the event's fields, and how it looks in the channel and the timeline."""
        names = names_of(record.actor for record in records)
        return [
            {
                "actor": {"ref": record.actor, "name": names[record.actor]},
                "data": record.event.payload(),
                "html": {"channel": rows.channel, "timeline": rows.timeline, **_changed(record)},
                **_client_id(record),
            }
            for record, rows in zip(records, rows_of(records), strict=True)
        ]

    def say(self, actor: Actor, stream: str, cid: str, text: str, at: datetime) -> Receipt:
        """Posts a message or carries out a slash command, once for each `cid` of an author."""
        return say(incident_of(stream), actor.ref, cid, text, at)


class Board:
    """The situation board: says which incidents and monitors look different now."""

    name = "board"

    def may_follow(self, actor: Actor) -> bool:
        """Those who may read incidents."""
        return can(actor, "incidents:read")

    def touched(self, records: Sequence[Record]) -> list[tuple[str, int]]:
        """Each entity once, with the position of its newest event."""
        found = {
            record.stream: int(record.position or 0)
            for record in records
            if record.stream.startswith(ON_BOARD) and record.type not in QUIET
        }
        return sorted(found.items(), key=lambda touched: touched[1])


def _client_id(record: Record) -> dict[str, str]:
    return {"cid": record.event.client_id} if isinstance(record.event, MessagePosted) else {}


def _changed(record: Record) -> dict[str, str]:
    """The row of a message as it stands after something became of it."""
    if not isinstance(record.event, (*OF_A_MESSAGE, *SIGNS)):
        return {}
    posted = MessageRow.objects.filter(id=record.event.message).first()
    found = read_stream(record.stream, posted.version - 1, 1) if posted else []
    # Whatever this process remembers: the key may be gone, and so the text.
    keys.refresh(message.text for message in found)
    return {"message": rows_of(found)[0].channel} if found else {}


def incident_of(stream: str) -> str:
    """The id in a stream's name."""
    return stream.partition(":")[2]
