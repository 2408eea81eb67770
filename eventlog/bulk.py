"""Ready-made histories: many events at once, with the same chains as if they had been appended.

For fixtures and for imports. Rules are not asked and nothing is projected: read models are
rebuilt afterwards. Needs the role that owns the tables, since the application's may not insert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from eventlog import followers, keys
from eventlog.checkpoints import own_signer
from eventlog.core import (
    GENESIS,
    Event,
    canonical,
    chain,
    content_digest,
    personal_fields,
    uuid7,
)
from eventlog.direct import Connection, connect
from eventlog.lead import is_led
from eventlog.sealer import Sealer

BATCH = 20_000
COLUMNS = {
    "event_id": "uuid",
    "stream": "text",
    "version": "int4",
    "type": "text",
    "schema": "int2",
    "occurred_at": "timestamptz",
    "recorded_at": "timestamptz",
    "actor": "text",
    "command_id": "uuid",
    "correlation_id": "uuid",
    "causation_id": "uuid",
    "refs": "text[]",
    "payload": "text",  # as it is; "json" would encode the text once more
    "content": "bytea",
    "hash": "bytea",
}

Heads = dict[str, tuple[int, bytes]]
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a ready-made history.

    `recorded_at` is the time of loading unless it is given, as large fixtures do that ask what
    was known when.
    """

    stream: str
    event: Event
    at: datetime
    actor: str = "system:history"
    recorded_at: datetime | None = None


def load_history(history: Iterable[Told], *, connection: Connection | None = None) -> int:
    """Adds a history, oldest event first, and seals it; returns the number of events.

    Each batch of 20,000 is committed by itself. Where a sealer runs, sealing is left to it, and
    the history has its side effects; otherwise those that have read all before are spared it.
    """
    own = connection or connect("load_history", owner=True)
    try:
        return _load(iter(history), own)
    finally:
        if connection is None:
            own.close()


def _load(history: Iterator[Told], connection: Connection) -> int:
    sealer = None if is_led(connection) else Sealer(connection, own_signer())
    loaded = 0
    while batch := list(islice(history, BATCH)):
        with connection.transaction():
            heads = read_heads(connection, {told.stream for told in batch})
            now = _database_time(connection)
            copy_events(connection, [_row(told, heads, now) for told in batch])
            write_heads(connection, heads)
        loaded += len(batch)
        if sealer is not None:
            sealed = sealer.round()
            sealer.checkpoint()
            skip_side_effects(connection, sealed.position - sealed.sealed, sealed.position)
    if sealer is not None:
        sealer.checkpoint(force=True)
    # Whoever asks next would plan for tables of yesterday's size.
    connection.execute("ANALYZE eventlog_event, eventlog_position, eventlog_ref, eventlog_stream")
    return loaded


def _row(told: Told, heads: Heads, now: datetime) -> Row:
    """The stored row of an event, which becomes the head of its stream."""
    event, event_id, command_id = told.event, uuid7(told.at), uuid7(told.at)
    payload = event.payload()
    if personal_fields(type(event)):
        payload = keys.seal_fields(event, payload, event_id)
    text, refs = canonical(payload), event.touched()
    content = content_digest(
        event_id=event_id,
        stream=told.stream,
        type=event.type,
        schema=event.schema,
        occurred_at=told.at,
        actor=told.actor,
        command_id=command_id,
        correlation_id=None,
        causation_id=None,
        refs=refs,
        payload=text,
    )
    version, previous = heads.get(told.stream, (0, GENESIS))
    head = chain(previous, version + 1, content)
    heads[told.stream] = version + 1, head
    place = (event_id, told.stream, version + 1, event.type, event.schema, told.at)
    origin = (told.recorded_at or now, told.actor, command_id, None, None)
    return (*place, *origin, refs, text.decode(), content, head)


def _database_time(connection: Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def read_heads(connection: Connection, streams: set[str]) -> Heads:
    """Version and hash of the newest event of each existing stream, the rows locked."""
    rows = connection.execute(
        "SELECT stream, version, head_hash FROM eventlog_stream WHERE stream = ANY(%s)"
        " ORDER BY stream FOR UPDATE",
        (list(streams),),
    )
    return {stream: (version, head) for stream, version, head in rows}


def write_heads(connection: Connection, heads: Heads) -> None:
    """Stores the heads of streams, new and old."""
    connection.execute(
        "INSERT INTO eventlog_stream (stream, version, head_hash)"
        " SELECT * FROM unnest(%s::text[], %s::int[], %s::bytea[])"
        " ON CONFLICT (stream) DO UPDATE"
        " SET version = excluded.version, head_hash = excluded.head_hash",
        (list(heads), [v for v, _ in heads.values()], [h for _, h in heads.values()]),
    )


def copy_events(connection: Connection, rows: Iterable[Row], *, numbered: bool = False) -> None:
    """Inserts event rows (see `COLUMNS`) by COPY; `numbered` ones begin with their `seq`."""
    columns = {"seq": "int8", **COLUMNS} if numbered else COLUMNS
    into = f"COPY eventlog_event ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def skip_side_effects(connection: Connection, old: int, new: int) -> None:
    """Moves those followers that have read up to `old` and are not read models to `new`."""
    names = [each.name for each in followers.all_followers().values() if not each.from_start]
    connection.execute(
        "UPDATE eventlog_follower SET position = %s, updated_at = clock_timestamp()"
        " WHERE name = ANY(%s) AND position = %s",
        (new, names, old),
    )
