"""One event as the rows that pages show: the same templates for the first load and for live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from eventlog.records import Record
from incidents.markup import render
from incidents.models import RoleRow
from incidents.queries import Entry, entries_of

# Notes make no noise, a removed message changes where it stands, and whoever writes is there.
NOT_IN_CHANNEL = frozenset(
    {"incident.note_added", "incident.message_redacted", "incident.participant_joined"}
)
MESSAGE = "incident.message_posted"
# Code may be wider than the column: the keyboard has to be able to scroll it.
SCROLLED = '<pre tabindex="0">'


@dataclass(frozen=True, slots=True)
class Rows:
    """HTML of one event, the same for every reader: empty where a list does not show it."""

    version: int
    channel: str
    timeline: str


def rows_of(records: Sequence[Record]) -> list[Rows]:
    """The rows of events, with one query for each incident that has messages among them."""
    talking = {record.stream for record in records if record.type == MESSAGE}
    held = {stream: roles_held(stream) for stream in talking}
    return [
        Rows(
            version=record.version,
            channel=_channel(said(entry, record, held.get(record.stream, {}))),
            timeline=render_to_string("incidents/_entry.html", {"entry": entry}),
        )
        for entry, record in zip(entries_of(records), records, strict=True)
    ]


def roles_held(stream: str) -> dict[str, str]:
    """The role that each holder of one has now, by ref; the command before all others."""
    held = RoleRow.objects.filter(incident=stream.removeprefix("incident:")).exclude(person="")
    return {row.person: row.role for row in held.order_by("-role")}


def _channel(row: dict[str, Any] | None) -> str:
    return render_to_string("incidents/_said.html", {"row": row}) if row else ""


def said(entry: Entry, record: Record, held: dict[str, str]) -> dict[str, Any] | None:
    """What `_said.html` shows of an event, None if the channel does not show it."""
    if entry.type in NOT_IN_CHANNEL:
        return None
    if entry.type != MESSAGE:
        return {"kind": "system", "entry": entry}
    event: Any = record.event
    return {
        "kind": "message",
        "entry": entry,
        "client_id": event.client_id,
        "role": held.get(entry.actor.ref, ""),
        # Rendered and sanitised on this side only; an erased text leaves nothing.
        "html": SafeString(render(event.text).replace("<pre>", SCROLLED)),
        "redacted": not event.text,
    }
