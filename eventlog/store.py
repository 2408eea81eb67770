"""The only writer of the log, and the ways to read it.

`execute` is the one call every door makes: it loads the stream, lets the command decide, appends
the events, shows them in the inline read models, and commits all of it or nothing.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, connection, transaction

from eventlog import keys, projections
from eventlog.core import (
    GENESIS,
    Command,
    Conflict,
    Context,
    Event,
    OccurrenceRevised,
    canonical,
    chain,
    content_digest,
    personal_fields,
    uuid7,
)
from eventlog.db import fast_cursor, only_row
from eventlog.records import COLUMNS, Record

State = TypeVar("State")
ATTEMPTS = 5
CACHED_STREAMS = 4_096
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command led to: the stream's version and the events; `repeated` if said before."""

    stream: str
    version: int
    events: tuple[Record, ...]
    repeated: bool


class _Stale(Exception):
    """The stream moved on between reading and appending."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    version: int
    head: bytes
    state: Any


class _Cache:
    """States of recently used streams, so that a command reads only what is new.

    An entry is trusted only while its hash is still part of the stream's chain.
    """

    def __init__(self, size: int):
        self._size, self._lock = size, threading.Lock()
        self._entries: OrderedDict[tuple[str, type], _Loaded] = OrderedDict()

    def get(self, key: tuple[str, type]) -> _Loaded | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: tuple[str, type], entry: _Loaded) -> None:
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


_cache = _Cache(CACHED_STREAMS)


def forget() -> None:
    """Forgets the remembered states; they are read again when next needed."""
    _cache.clear()


keys.on_shred(forget)


def execute(command: Command[Any], context: Context) -> Receipt:
    """Carries out one command; its events are durable when this returns.

    Said twice with the same `context.command_id`, it returns the first receipt. Raises `Refused`
    when a rule says no and `Conflict` when the id was used for another request or other writers
    kept coming first.
    """
    return execute_together([command], context)[0]


def execute_together(commands: Sequence[Command[Any]], context: Context) -> list[Receipt]:
    """Carries out commands over different streams in one transaction, under one command id."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _attempt(commands, context, lock_first=attempt > 0)
        except _Stale:
            continue
        except IntegrityError as error:
            raise projections.conflict_of(error) or error from error
    raise Conflict("others kept changing this at the same moment; try again", code="busy")


def _attempt(commands: Sequence[Command[Any]], context: Context, lock_first: bool) -> list[Receipt]:
    streams = [command.stream for command in commands]
    if lock_first:
        # After losing once, queue for the stream: whoever holds its row decides undisturbed.
        _lock(streams)
    request = commands[0].fingerprint()
    loaded = []
    for command in commands:
        before, answered = _load(command.stream, command.blank, context.command_id)
        if answered is not None:
            return _repeat(answered, request)
        loaded.append(before)
    drafts = [
        _draft(command, before, command.decide(before.state), context)
        for command, before in zip(commands, loaded, strict=True)
    ]
    return _append(commands, loaded, drafts, context, request)


def _lock(streams: Iterable[str]) -> None:
    with fast_cursor() as cursor:
        cursor.execute("SELECT eventlog_lock(%s)", (sorted(streams),))


def _load(stream: str, blank: Any, command_id: uuid.UUID) -> tuple[_Loaded, Any]:
    """The stream as it stands, and the command's recorded answer if it was given before."""
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT s.version, s.head_hash, c.request, c.streams, c.first_versions,"
            " c.last_versions FROM (SELECT) AS one"
            " LEFT JOIN eventlog_stream s ON s.stream = %s"
            " LEFT JOIN eventlog_command c ON c.command_id = %s",
            (stream, command_id),
        )
        version, head, *answered = only_row(cursor)
    if answered[0] is not None:
        return _Loaded(0, GENESIS, blank), answered
    return _bring_up_to(stream, blank, version or 0, head or GENESIS), None


def _bring_up_to(stream: str, blank: Any, version: int, head: bytes) -> _Loaded:
    key = (stream, type(blank))
    known = _cache.get(key)
    if known is None or known.version > version:
        known = _Loaded(0, GENESIS, blank)
    if known.version == version and known.head == head:
        return known
    state = known.state
    last = known
    for record in read_stream(stream, after=known.version, limit=version - known.version):
        if chain(last.head, record.version, record.content) != record.hash:
            # The cached state belongs to a transaction that never committed: start afresh.
            return _bring_up_to_from_scratch(stream, blank, version, head)
        state = record.event.evolve(state)
        last = _Loaded(record.version, record.hash, state)
    if last.version != version or last.head != head:
        return _bring_up_to_from_scratch(stream, blank, version, head)
    if version:
        _remember_after_commit(key, last)
    return last


def _bring_up_to_from_scratch(stream: str, blank: Any, version: int, head: bytes) -> _Loaded:
    state = blank
    for record in read_stream(stream, limit=version):
        state = record.event.evolve(state)
    return _Loaded(version, head, state)


def _remember_after_commit(key: tuple[str, type], loaded: _Loaded) -> None:
    transaction.on_commit(lambda: _cache.put(key, loaded))


def _draft(
    command: Command[Any], before: _Loaded, events: list[Event], context: Context
) -> list[Record]:
    """Records of the decided events, chained to the stream, not yet stored."""
    drafts, head, version = [], before.head, before.version
    for event in events:
        version += 1
        event_id = uuid7()
        payload = event.payload()
        if personal_fields(type(event)):
            payload = keys.seal_fields(event, payload, event_id)
        text = canonical(payload)
        refs = event.touched()
        content = content_digest(
            event_id=event_id,
            stream=command.stream,
            type=event.type,
            schema=event.schema,
            occurred_at=command.at,
            actor=context.actor,
            command_id=context.command_id,
            correlation_id=context.correlation_id,
            causation_id=context.causation_id,
            refs=refs,
            payload=text,
        )
        head = chain(head, version, content)
        drafts.append(
            Record(
                None,
                event_id,
                command.stream,
                version,
                event.type,
                event.schema,
                command.at,
                command.at,
                context.actor,
                context.command_id,
                context.correlation_id,
                context.causation_id,
                refs,
                text.decode(),
                content,
                head,
                event=event,
            )
        )
    return drafts


def _append(
    commands: Sequence[Command[Any]],
    loaded: list[_Loaded],
    drafts: list[list[Record]],
    context: Context,
    request: bytes,
) -> list[Receipt]:
    # Streams in sorted order, so that two commands never wait for each other in a circle.
    order = sorted(range(len(commands)), key=lambda i: commands[i].stream)
    events = [record for i in order for record in drafts[i]]
    after = [drafts[i][-1] if drafts[i] else loaded[i] for i in range(len(commands))]
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT * FROM eventlog_append(%s, %s, %s, %s, %s, %s, %s::int[], %s::int[], %s,"
            " %s, %s, %s, %s::int[], %s, %s::smallint[], %s, %s, %s, %s, %s)",
            (
                context.command_id,
                request,
                context.actor,
                context.correlation_id,
                context.causation_id,
                [commands[i].stream for i in order],
                [loaded[i].version for i in order],
                [after[i].version for i in order],
                [loaded[i].head for i in order],
                [_head(after[i]) for i in order],
                [e.event_id for e in events],
                [e.stream for e in events],
                [e.version for e in events],
                [e.type for e in events],
                [e.schema for e in events],
                [e.occurred_at for e in events],
                ["\n".join(e.refs) for e in events],
                [e.text for e in events],
                [e.content for e in events],
                [e.hash for e in events],
            ),
        )
        status, *answered, recorded_at = only_row(cursor)
    if status == "stale":
        raise _Stale
    if status != "appended":
        return _repeat([request if status == "repeated" else b"", *answered], request)
    for record in events:
        record.recorded_at = recorded_at
    projections.show(events)
    return [
        _receipt(commands[i], loaded[i], drafts[i], after[i].version) for i in range(len(commands))
    ]


def _head(last: Record | _Loaded) -> bytes:
    return last.hash if isinstance(last, Record) else last.head


def _receipt(
    command: Command[Any], before: _Loaded, records: list[Record], version: int
) -> Receipt:
    if records:
        state = before.state
        for record in records:
            state = record.event.evolve(state)
        entry = _Loaded(version, records[-1].hash, state)
        _remember_after_commit((command.stream, type(command.blank)), entry)
    return Receipt(command.stream, version, tuple(records), repeated=False)


def _repeat(answered: list[Any], request: bytes) -> list[Receipt]:
    first_request, streams, before, after = answered
    if bytes(first_request) != request:
        raise Conflict("this idempotency key was used for another request", code="key_reused")
    return [
        Receipt(stream, last, tuple(read_stream(stream, first, last - first)), repeated=True)
        for stream, first, last in zip(streams, before, after, strict=True)
    ]


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
        return [Record(*row) for row in cursor.fetchall()]


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
        return [Record(*row) for row in cursor.fetchall()]


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
        return [Record(*row) for row in cursor.fetchall()]


def head() -> int:
    """Position of the newest sealed event, 0 for an empty log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM eventlog_head")
        return int(cursor.fetchone()[0])
