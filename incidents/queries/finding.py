"""Full-text search over everything that is recorded of incidents (PostgreSQL `tsvector`).

What is found by its words is shown from the log, so that a text whose key is gone is never
shown, whatever a row still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from access.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from eventlog import keys
from eventlog.db import fast_cursor
from eventlog.reading import those
from eventlog.records import Record
from incidents import words
from incidents.events import MessagePosted, SectionWritten
from incidents.models import IncidentRow
from incidents.parts import part_of
from incidents.queries.looking_back import permalink
from incidents.queries.names import named, names_of
from incidents.queries.record import entries_of
from incidents.queries.values import Entry, Named
from incidents.sentences import SECTION_WORDS

Readable = Callable[[str], bool]
LIST = "incidents.search"
QUERY_LIMIT = 400
WHOLE = 400  # characters up to which a text is shown whole
BEGIN, END = "\ue000", "\ue001"  # private use: no text of ours needs them
MATCHING = """
    SELECT e.id, e.at FROM incidents_entry e
    WHERE e.words @@ websearch_to_tsquery('english', %(text)s)
"""
HEADLINES = f"""
    SELECT ts_headline('english', s, websearch_to_tsquery('english', %(text)s),
        CASE WHEN length(s) <= {WHOLE} THEN 'HighlightAll=true'
             ELSE 'MaxFragments=2, MinWords=12, MaxWords=30, FragmentDelimiter=" … "' END
        || ', StartSel={BEGIN}, StopSel={END}')
    FROM unnest(%(shown)s::text[]) WITH ORDINALITY AS t (s, n) ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: words as in a search engine (quotes, or, minus), and conditions."""

    text: str
    parts: Sequence[str] = ()
    number: int | None = None
    severities: Sequence[int] = ()
    statuses: Sequence[str] = ()
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text; `hit` marks the words that were looked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One event whose words fit, of an incident that the reader may read."""

    event_id: UUID
    incident: UUID
    number: int
    title: str
    severity: int
    status: str
    part: str
    version: int
    at: datetime
    actor: Named
    icon: str
    url: str
    excerpt: list[Piece]


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of hits, newest first, and the cursor of the next one, None at the end."""

    hits: list[Hit]
    next: str | None


def find(
    sought: Sought, readable: Readable, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Hits:
    """Events whose words fit, newest first. Raises `BadCursor`.

    `readable` says of an incident's ref whether the reader may read it; what they may not is
    left out, so that a page may hold fewer than `limit`.
    """
    text = words.sought(_plain(sought.text)[:QUERY_LIMIT])
    if not text.strip():
        return Hits([], None)
    found = _matching(sought, text, cursor, limit + 1)
    more = None
    if len(found) > limit:
        id, at = found[limit - 1]
        more = write_cursor([at, str(id)], LIST)
    return Hits(_shown([id for id, _ in found[:limit]], text, readable), more)


def _matching(
    sought: Sought, text: str, cursor: str | None, limit: int
) -> list[tuple[UUID, datetime]]:
    conditions, values = _conditions(sought)
    if cursor:
        at, id = read_cursor(cursor, LIST, 2)
        conditions += " AND (e.at, e.id) < (%(at)s::timestamptz, %(id)s::uuid)"
        values |= {"at": at, "id": id}
    with fast_cursor() as database:
        database.execute(
            f"{MATCHING} {conditions} ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s",
            {**values, "text": text, "limit": limit},
        )
        return [(row[0], row[1]) for row in database.fetchall()]


def _conditions(sought: Sought) -> tuple[str, dict[str, Any]]:
    given: dict[str, tuple[str, Any]] = {
        "parts": ("e.part = ANY(%(parts)s)", list(sought.parts)),
        "number": (_of_incidents("number = %(number)s"), sought.number),
        "severities": (_of_incidents("severity = ANY(%(severities)s)"), list(sought.severities)),
        "statuses": (_of_incidents("status = ANY(%(statuses)s)"), list(sought.statuses)),
        "actor": ("e.actor = %(actor)s", sought.actor),
        "since": ("e.at >= %(since)s", sought.since),
        "until": ("e.at < %(until)s", sought.until),
    }
    kept = {name: pair for name, pair in given.items() if pair[1] not in (None, "", [])}
    narrowed = "".join(f" AND {condition}" for condition, _ in kept.values())
    return narrowed, {name: value for name, (_, value) in kept.items()}


def _of_incidents(condition: str) -> str:
    return f"e.incident IN (SELECT id FROM incidents_incident WHERE {condition})"


def _shown(ids: Sequence[UUID], text: str, readable: Readable) -> list[Hit]:
    records = [record for record in those(ids) if readable(record.stream)]
    keys.refresh(record.text for record in records)
    entries = entries_of(records)
    names = names_of(record.actor for record in records)
    incidents = IncidentRow.objects.in_bulk([_incident(record) for record in records])
    told = [_told(entry, record) for entry, record in zip(entries, records, strict=True)]
    return [
        _hit(entry, record, incidents[_incident(record)], names, pieces)
        for entry, record, pieces in zip(entries, records, _marked(told, text), strict=True)
    ]


def _incident(record: Record) -> UUID:
    return UUID(record.stream.partition(":")[2])


def _told(entry: Entry, record: Record) -> str:
    """What is shown of an event: of long texts the text itself, of others the sentence."""
    event: Any = record.event
    match event:
        case MessagePosted():
            return _plain(event.text)
        case SectionWritten():
            return _plain(f"{SECTION_WORDS[event.section]}: {event.text}")
    return _plain(entry.sentence)


def _plain(text: str) -> str:
    return text.translate({0: None, ord(BEGIN): None, ord(END): None})


def _marked(texts: Sequence[str], text: str) -> list[list[Piece]]:
    if not texts:
        return []
    with fast_cursor() as database:
        database.execute(HEADLINES, {"text": text, "shown": [words.parted(t) for t in texts]})
        return [_pieces(words.joined(row[0])) for row in database.fetchall()]


def _pieces(headline: str) -> list[Piece]:
    before, *rest = headline.split(BEGIN)
    found = [Piece(before, hit=False)]
    for one in rest:
        hit, _, after = one.partition(END)
        found += [Piece(hit, hit=True), Piece(after, hit=False)]
    return [piece for piece in found if piece.text]


def _hit(
    entry: Entry, record: Record, row: IncidentRow, names: dict[str, str], pieces: list[Piece]
) -> Hit:
    who = named(record.actor, names)
    assert who is not None, "every event has an actor"
    return Hit(
        event_id=record.event_id,
        incident=row.id,
        number=row.number,
        title=row.title,
        severity=row.severity,
        status=row.status,
        part=part_of(record.type),
        version=record.version,
        at=record.occurred_at,
        actor=who,
        icon=entry.icon,
        url=permalink(row.number, record.version),
        excerpt=pieces,
    )
