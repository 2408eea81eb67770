"""The channel and the timeline of an incident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventlog import keys
from eventlog.core import UnknownEvent
from eventlog.reading import those
from eventlog.records import Record
from eventlog.store import read_stream
from incidents.models import EntryRow, MessageRow, ReactionRow, RoleRow
from incidents.parts import key_types
from incidents.queries.names import actor, named, names_of
from incidents.queries.values import (
    Entry,
    Message,
    Messages,
    Named,
    Reaction,
    Reply,
    Said,
    Timeline,
)
from incidents.sentences import told
from incidents.state import REACTIONS

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


def message(id: UUID | str) -> Message | None:
    """One message as it stands."""
    row = MessageRow.objects.filter(id=id).first()
    return _messages(row.incident, [row])[0] if row else None


def is_message(id: UUID | str, incident: UUID | str) -> bool:
    """Whether an incident has this message."""
    return MessageRow.objects.filter(id=id, incident=incident).exists()


def messages_of(incident: UUID | str, ids: Collection[str]) -> dict[str, Message]:
    """Messages of an incident as they stand, by id."""
    rows = list(MessageRow.objects.filter(id__in=ids)) if ids else []
    return {str(found.id): found for found in _messages(incident, rows)}


def pinned(incident: UUID | str) -> list[Message]:
    """Messages that are pinned, the latest pin first."""
    rows = MessageRow.objects.filter(incident=incident, pinned_at__isnull=False)
    return _messages(incident, list(rows.order_by("-pinned_at")))


def history(id: UUID | str) -> list[Said]:
    """What a message said, oldest first."""
    row = MessageRow.objects.get(id=id)
    stream = f"incident:{row.incident}"
    records = [read_stream(stream, at - 1, 1)[0] for at in (row.version, *row.edits)]
    # Whatever this process remembers: the key may be gone by now.
    keys.refresh(record.text for record in records)
    return [Said(r.version, r.occurred_at, str(_known(r).text)) for r in records]


def _messages(incident: UUID | str, rows: Sequence[MessageRow]) -> list[Message]:
    if not rows:
        return []
    held = RoleRow.objects.filter(incident=incident).exclude(person="")
    roles = {row.person: row.role for row in held.order_by("-role")}
    answered = MessageRow.objects.in_bulk([row.reply_to for row in rows if row.reply_to])
    signs = defaultdict(list)
    ids = [row.id for row in rows]
    for sign in ReactionRow.objects.filter(message__in=ids).order_by("added_at", "id"):
        signs[sign.message].append(sign)
    names = names_of(
        ref
        for row in [*rows, *answered.values()]
        for ref in (row.author, row.redacted_by, row.pinned_by, *(s.person for s in signs[row.id]))
    )
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
            reply_to=_reply(answered[row.reply_to], names) if row.reply_to else None,
            edits=len(row.edits),
            pinned_at=row.pinned_at,
            pinned_by=named(row.pinned_by, names),
            reactions=_reactions(signs[row.id], names),
        )
        for row in rows
    ]


def _reply(row: MessageRow, names: Mapping[str, str]) -> Reply:
    return Reply(row.id, row.version, actor(row.author, names))


def _reactions(signs: Sequence[ReactionRow], names: Mapping[str, str]) -> list[Reaction]:
    people: dict[str, list[Named]] = {}
    for sign in signs:
        people.setdefault(sign.reaction, []).append(actor(sign.person, names))
    return [Reaction(name, REACTIONS.get(name, name), who) for name, who in people.items()]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events of a timeline: each condition that is given has to hold."""

    parts: Sequence[str] = ()
    key: bool = False
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Wanted()


def timeline(
    incident: UUID | str,
    after: int = 0,
    limit: int = TIMELINE_PAGE,
    wanted: Wanted = EVERYTHING,
) -> Timeline:
    """Events of an incident with a version above `after`, oldest first, in words."""
    records = records_of(incident, after, limit + 1, wanted)
    keys.refresh(record.text for record in records)
    entries = entries_of(records[:limit])
    more = len(records) > limit
    return Timeline(entries, entries[-1].version if more else None)


def records_of(
    incident: UUID | str,
    after: int = 0,
    limit: int = TIMELINE_PAGE,
    wanted: Wanted = EVERYTHING,
) -> list[Record]:
    """Events of an incident with a version above `after`, oldest first."""
    if wanted == EVERYTHING:
        return read_stream(f"incident:{incident}", after, limit)
    rows = EntryRow.objects.filter(incident=incident, version__gt=after)
    if wanted.parts:
        rows = rows.filter(part__in=wanted.parts)
    if wanted.key:
        rows = rows.filter(type__in=key_types())
    if wanted.actor:
        rows = rows.filter(actor=wanted.actor)
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    return those(list(rows.order_by("version").values_list("id", flat=True)[:limit]))


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
