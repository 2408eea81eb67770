"""The channel and the timeline of an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from eventlog.core import UnknownEvent
from eventlog.records import Record
from eventlog.store import read_stream
from incidents.models import MessageRow, RoleRow
from incidents.queries.names import actor, named, names_of
from incidents.queries.values import Entry, Message, Messages, Timeline
from incidents.sentences import told

TIMELINE_PAGE = 200
MESSAGES_PAGE = 50


def messages(
    incident: UUID | str,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = MESSAGES_PAGE,
) -> Messages:
    """Messages around a version of the stream: the newest, those before, or those after it."""
    rows = MessageRow.objects.filter(incident=incident)
    if after is not None:
        found = list(rows.filter(version__gt=after).order_by("version")[: limit + 1])
        earlier, later = rows.filter(version__lte=after).exists(), len(found) > limit
        shown = found[:limit]
    else:
        wanted = rows if before is None else rows.filter(version__lt=before)
        found = list(wanted.order_by("-version")[: limit + 1])
        earlier, later = len(found) > limit, before is not None
        shown = found[:limit][::-1]
    return Messages(_messages(incident, shown), earlier, later)


def _messages(incident: UUID | str, rows: Sequence[MessageRow]) -> list[Message]:
    held = RoleRow.objects.filter(incident=incident).exclude(person="")
    roles = {row.person: row.role for row in held.order_by("-role")}
    names = names_of([row.author for row in rows] + [row.redacted_by for row in rows])
    return [
        Message(
            id=row.id,
            version=row.version,
            client_id=row.client_id,
            author=actor(row.author, names),
            role=roles.get(row.author, ""),
            posted_at=row.posted_at,
            text=row.text,
            html=row.html,
            mentions=row.mentions,
            redacted_at=row.redacted_at,
            redacted_by=named(row.redacted_by, names),
            reason=row.reason,
        )
        for row in rows
    ]


def timeline(incident: UUID | str, after: int = 0, limit: int = TIMELINE_PAGE) -> Timeline:
    """Events of an incident with a version above `after`, oldest first, in words."""
    records = read_stream(f"incident:{incident}", after, limit + 1)
    entries = entries_of(records[:limit])
    more = len(records) > limit
    return Timeline(entries, entries[-1].version if more else None)


def entries_of(records: Sequence[Record]) -> list[Entry]:
    """Events of the log in words, with the names of everybody they mention."""
    names = names_of(ref for record in records for ref in [record.actor, *record.refs])
    return [_entry(record, names) for record in records]


def _known(record: Record) -> Any:
    try:
        return record.event
    except UnknownEvent:
        return None


def _entry(record: Record, names: Mapping[str, str]) -> Entry:
    event = _known(record)
    how = told(record.type if event is not None else "")
    words = how.tell(event, lambda ref: names.get(ref, ref)) if event else record.type
    return Entry(
        version=record.version,
        event_id=record.event_id,
        type=record.type,
        at=record.occurred_at,
        recorded_at=record.recorded_at,
        icon=how.icon,
        key=how.key,
        actor=actor(record.actor, names),
        sentence=words,
        message=getattr(event, "message", ""),
    )
