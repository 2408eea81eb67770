"""The ways to read the log: by stream, by position, by entity, and as of a past instant."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection

from eventlog import keys
from eventlog.core import OccurrenceRevised
from eventlog.db import fast_cursor
from eventlog.records import COLUMNS, Record

State = TypeVar("State")
PAGE = 1_000


def load(
    stream: str,
    blank: State,
    *,
    known_at: datetime | None = None,
    true_at: datetime | None = None,
) -> tuple[State, int]:
    """The state of a stream and its version, now or as of a past instant.

    `known_at` keeps to what was recorded by then, `true_at` to what had occurred by then in the
    light of all later corrections.
    """
    records = _all_of(stream)
    if known_at is not None:
        records = [r for r in records if r.recorded_at <= known_at]
    if true_at is not None:
        occurred = _revised_times(records)
        records = [r for r in records if occurred.get(r.event_id, r.occurred_at) <= true_at]
    state: Any = blank
    for record in records:
        state = record.event.evolve(state)
    return state, records[-1].version if records else 0


def _revised_times(records: list[Record]) -> dict[uuid.UUID, datetime]:
    return {
        uuid.UUID(r.event.event): datetime.fromisoformat(r.event.occurred_at)
        for r in records
        if isinstance(r.event, OccurrenceRevised)
    }


def _all_of(stream: str) -> list[Record]:
    records: list[Record] = []
    while page := read_stream(stream, after=len(records)):
        records += page
    return records


def read_stream(stream: str, after: int = 0, limit: int = PAGE) -> list[Record]:
    """Events of one stream with a version above `after`, oldest first."""
    if limit <= 0:
        return []
    with fast_cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM eventlog_event e"
            " WHERE e.stream = %s AND e.version > %s ORDER BY e.version LIMIT %s",
            (stream, after, limit),
        )
        return _records(cursor.fetchall())


def _records(rows: list[Any]) -> list[Record]:
    """The records of rows, the keys of their personal fields fetched all at once."""
    records = [Record(*row) for row in rows]
    keys.warm(record.text for record in records)
    return records


def read_after(
    position: int, limit: int = PAGE, types: Sequence[str] | None = None
) -> list[Record]:
    """Sealed events above a position, in the log's order; of the given types only, if given."""
    wanted = "" if types is None else "AND p.type = ANY(%s)"
    arguments = (position, limit) if types is None else (position, list(types), limit)
    with fast_cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS}, p.position FROM eventlog_position p"
            f" JOIN eventlog_event e USING (seq) WHERE p.position > %s {wanted}"
            " ORDER BY p.position LIMIT %s",
            arguments,
        )
        return _records(cursor.fetchall())


def about(
    ref: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = PAGE,
) -> list[Record]:
    """Sealed events of, or touching, an entity, by the time they occurred, half-open [since, until)."""
    with fast_cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS}, p.position FROM eventlog_ref r"
            " JOIN eventlog_position p USING (position) JOIN eventlog_event e USING (seq)"
            " WHERE r.ref = %s AND r.occurred_at >= coalesce(%s, '-infinity'::timestamptz)"
            " AND r.occurred_at < coalesce(%s, 'infinity'::timestamptz)"
            " ORDER BY r.occurred_at, r.position LIMIT %s",
            (ref, since, until, limit),
        )
        return _records(cursor.fetchall())


def those(event_ids: Sequence[uuid.UUID]) -> list[Record]:
    """Events by their ids, in the order of the ids; unknown ones are left out."""
    with fast_cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM eventlog_event e WHERE e.event_id = ANY(%s)",
            (list(event_ids),),
        )
        found = {record.event_id: record for record in _records(cursor.fetchall())}
    return [found[id] for id in event_ids if id in found]


def head() -> int:
    """Position of the newest sealed event, 0 for an empty log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM eventlog_head")
        return int(cursor.fetchone()[0])
