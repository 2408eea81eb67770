"""The only writer of the log; the ways to read it (`eventlog.reading`) are offered here as well.

`execute` is the one call every door makes: it loads the stream, lets the command decide, appends
the events, shows them in the inline read models, and commits all of it or nothing.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from eventlog import keys, projections
from eventlog.core import (
    GENESIS,
    Command,
    Conflict,
    Context,
    Event,
    canonical,
    chain,
    content_digest,
    fold,
    personal_fields,
    uuid7,
)
from eventlog.db import fast_cursor, only_row
from eventlog.metrics import APPEND_SECONDS
from eventlog.reading import about, head, load, read_after, read_stream
from eventlog.records import Record
from eventlog.states import Loaded, states

__all__ = [
    "Receipt",
    "about",
    "append",
    "execute",
    "execute_together",
    "forget",
    "head",
    "load",
    "read_after",
    "read_stream",
]

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command led to: the stream's version and the events; `repeated` if said before."""

    stream: str
    version: int
    events: tuple[Record, ...]
    repeated: bool


class _Stale(Exception):
    """The stream moved on between reading and appending, or the command was carried out before."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One stream's part in a command: what was known of it, and the records to add."""

    stream: str
    before: Loaded
    records: list[Record]

    @property
    def last(self) -> Record | Loaded:
        """Version and hash of the stream with the new records."""
        return self.records[-1] if self.records else self.before

    @property
    def receipt(self) -> Receipt:
        """What the command's author is told."""
        return Receipt(self.stream, self.last.version, tuple(self.records), repeated=False)


def forget() -> None:
    """Forgets the remembered states; they are read again when next needed."""
    states.clear()


def execute(command: Command[Any], context: Context) -> Receipt:
    """Carries out one command; its events are durable when this returns.

    Said twice with the same `context.command_id`, it returns the first receipt. Raises `Refused`
    when a rule says no and `Conflict` when the id was used for another request or other writers
    kept coming first.
    """
    return execute_together([command], context)[0]


def answered(command: Command[Any], context: Context) -> Receipt | None:
    """The receipt of a command that was carried out under this id already; None for a new one.

    For doors that ask more than the rules before they execute: what has happened stays said.
    Raises `Conflict` when the id was used for another request.
    """
    _, receipts = _look(command.stream, context.command_id)
    return None if receipts is None else _repeat(receipts, command.fingerprint())[0]


@APPEND_SECONDS.time()
def execute_together(commands: Sequence[Command[Any]], context: Context) -> list[Receipt]:
    """Carries out commands over different streams in one transaction, under one command id."""
    for attempt in range(ATTEMPTS):
        try:
            if attempt == 0:
                return _attempt(commands, context)
            # After losing once, queue for the streams: whoever holds their rows is undisturbed.
            with transaction.atomic():
                _lock(command.stream for command in commands)
                return _attempt(commands, context, alone=True)
        except _Stale:
            continue
    raise Conflict("others kept changing this at the same moment; try again", code="busy")


def append(
    stream: str, after: Record | None, events: Sequence[Event], context: Context, *, at: datetime
) -> Receipt:
    """Adds events that need no rule to a stream of which the caller knows the newest record.

    `after` is None for a new stream. One statement, durable when this returns, unless a read
    model is shown along with it. Said twice with the same `context.command_id`, it returns the
    first receipt. Raises `Conflict`: `stale` when the stream has moved on, `key_reused`.
    """
    before = Loaded(after.version, after.hash, None) if after else Loaded(0, GENESIS, None)
    said = [stream, [[event.type, event.payload()] for event in events]]
    request = hashlib.sha256(canonical(said)).digest()
    turn = _Turn(stream, before, _draft(stream, before, events, at, context))
    try:
        _store([turn], context, request)
    except _Stale as stale:
        _, answered = _look(stream, context.command_id)
        if answered is None:
            raise Conflict("this has changed in the meantime", code="stale") from stale
        return _repeat(answered, request)[0]
    return turn.receipt


def _attempt(
    commands: Sequence[Command[Any]], context: Context, *, alone: bool = False
) -> list[Receipt]:
    """Carries the commands out, or raises `_Stale`; `alone` in a transaction made for that."""
    request, turns = commands[0].fingerprint(), []
    for command in commands:
        place, answered = _look(command.stream, context.command_id)
        if answered is not None:
            return _repeat(answered, request)
        before = _bring_up_to(command.stream, command.blank, *place)
        events = command.decide(before.state)
        records = _draft(command.stream, before, events, command.at, context)
        turns.append(_Turn(command.stream, before, records))
    _store(turns, context, request, savepoint=not alone)
    for command, turn in zip(commands, turns, strict=True):
        _remember(turn, type(command.blank))
    return [turn.receipt for turn in turns]


def _lock(streams: Iterable[str]) -> None:
    with fast_cursor() as cursor:
        cursor.execute("SELECT eventlog_lock(%s)", (sorted(streams),))


def _look(stream: str, command_id: uuid.UUID) -> tuple[tuple[int, bytes], list[Any] | None]:
    """Version and hash of a stream, and the command's recorded answer if it was given before."""
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT s.version, s.head_hash, c.request, c.streams, c.first_versions,"
            " c.last_versions FROM (SELECT) AS one"
            " LEFT JOIN eventlog_stream s ON s.stream = %s"
            " LEFT JOIN eventlog_command c ON c.command_id = %s",
            (stream, command_id),
        )
        version, last, *answered = only_row(cursor)
    place = (version or 0, last or GENESIS)
    return place, None if answered[0] is None else answered


def _bring_up_to(stream: str, blank: Any, version: int, last: bytes) -> Loaded:
    """The stream's state at a version and hash, from the remembered one and what came since."""
    key = (stream, type(blank))
    known = states.get(key)
    if known is None or known.version > version:
        known = Loaded(0, GENESIS, blank)
    if known.version == version and known.hash == last:
        return known
    reached = known
    for record in read_stream(stream, after=known.version, limit=version - known.version):
        if chain(reached.hash, record.version, record.content) != record.hash:
            # The known state belongs to a transaction that never committed: start afresh.
            break
        reached = Loaded(record.version, record.hash, record.event.evolve(reached.state))
    if (reached.version, reached.hash) != (version, last):
        return _from_scratch(stream, blank, version, last)
    if version:
        transaction.on_commit(lambda: states.put(key, reached))
    return reached


def _from_scratch(stream: str, blank: Any, version: int, last: bytes) -> Loaded:
    records = read_stream(stream, limit=version)
    return Loaded(version, last, fold(blank, (record.event for record in records)))


def _remember(turn: _Turn, kind: type) -> None:
    if turn.records:
        state = fold(turn.before.state, (record.event for record in turn.records))
        entry = Loaded(turn.last.version, turn.last.hash, state)
        transaction.on_commit(lambda: states.put((turn.stream, kind), entry))


def _draft(
    stream: str, before: Loaded, events: Sequence[Event], at: datetime, context: Context
) -> list[Record]:
    """Records of decided events, chained to the stream, not yet stored."""
    records, last = [], before.hash
    for version, event in enumerate(events, before.version + 1):
        event_id = uuid7()
        payload = event.payload()
        if personal_fields(type(event)):
            payload = keys.seal_fields(event, payload, event_id)
        text = canonical(payload)
        refs = event.touched()
        content = content_digest(
            event_id=event_id,
            stream=stream,
            type=event.type,
            schema=event.schema,
            occurred_at=at,
            actor=context.actor,
            command_id=context.command_id,
            correlation_id=context.correlation_id,
            causation_id=context.causation_id,
            refs=refs,
            payload=text,
        )
        last = chain(last, version, content)
        records.append(
            Record(
                None,
                event_id,
                stream,
                version,
                event.type,
                event.schema,
                at,
                at,
                context.actor,
                context.command_id,
                context.correlation_id,
                context.causation_id,
                refs,
                text.decode(),
                content,
                last,
                event=event,
            )
        )
    return records


def _store(
    turns: Sequence[_Turn], context: Context, request: bytes, *, savepoint: bool = True
) -> None:
    """Appends all records and shows them in the inline read models, or does nothing at all.

    Raises `_Stale`, and `Conflict` where a read model's constraint says so.
    """
    # In sorted order, so that two commands never wait for each other in a circle.
    turns = sorted(turns, key=lambda turn: turn.stream)
    records = [record for turn in turns for record in turn.records]
    only_one = len(turns) == 1 == len(records)
    try:
        with _scope(records, only_one, savepoint):
            if only_one:
                recorded_at = _insert_one(turns[0].before, records[0], request)
            else:
                recorded_at = _insert(turns, records, context, request)
            for record in records:
                record.recorded_at = recorded_at
            projections.show(records)
    except IntegrityError as error:
        if projections.violated(error) == "eventlog_command_pkey":
            raise _Stale from error
        raise projections.conflict_of(error) or error from error


def _scope(records: list[Record], only_one: bool, savepoint: bool) -> AbstractContextManager[None]:
    """A transaction, unless appending one event is all: then its statement is one by itself."""
    if only_one and not connection.in_atomic_block and not projections.are_inline(records):
        return nullcontext()
    return transaction.atomic(savepoint=savepoint)


def _insert_one(before: Loaded, record: Record, request: bytes) -> datetime:
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT eventlog_append_one(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " %s, %s)",
            (
                record.command_id,
                request,
                record.actor,
                record.correlation_id,
                record.causation_id,
                record.stream,
                before.version,
                before.hash,
                record.event_id,
                record.type,
                record.schema,
                record.occurred_at,
                "\n".join(record.refs),
                record.text,
                record.content,
                record.hash,
            ),
        )
        recorded_at: datetime | None = only_row(cursor)[0]
    if recorded_at is None:
        raise _Stale
    return recorded_at


def _insert(
    turns: Sequence[_Turn], records: Sequence[Record], context: Context, request: bytes
) -> datetime:
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT status, recorded_at FROM eventlog_append(%s, %s, %s, %s, %s, %s, %s::int[],"
            " %s::int[], %s, %s, %s, %s, %s::int[], %s, %s::smallint[], %s, %s, %s, %s, %s)",
            (
                context.command_id,
                request,
                context.actor,
                context.correlation_id,
                context.causation_id,
                [turn.stream for turn in turns],
                [turn.before.version for turn in turns],
                [turn.last.version for turn in turns],
                [turn.before.hash for turn in turns],
                [turn.last.hash for turn in turns],
                [record.event_id for record in records],
                [record.stream for record in records],
                [record.version for record in records],
                [record.type for record in records],
                [record.schema for record in records],
                [record.occurred_at for record in records],
                ["\n".join(record.refs) for record in records],
                [record.text for record in records],
                [record.content for record in records],
                [record.hash for record in records],
            ),
        )
        status, recorded_at = only_row(cursor)
    if status != "appended":
        raise _Stale
    return recorded_at  # type: ignore[no-any-return]


def _repeat(answered: list[Any], request: bytes) -> list[Receipt]:
    first_request, streams, before, after = answered
    if bytes(first_request) != request:
        raise Conflict("this idempotency key was used for another request", code="key_reused")
    return [
        Receipt(stream, last, tuple(read_stream(stream, first, last - first)), repeated=True)
        for stream, first, last in zip(streams, before, after, strict=True)
    ]
