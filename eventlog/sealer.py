"""Seals the log: gives every committed event its gapless global position and its Merkle leaf.

Events are numbered (`seq`) when they are inserted and become visible when they are committed, in
another order. A reader that went by `seq` would pass by events that are committed late. So one
process fences the log before it reads: it notes the newest number drawn, then waits until every
transaction that was inserting events at that moment has ended. From then on, what is visible up
to that number is all there will ever be. Numbers of rolled-back events simply do not appear; no
timeout and no guess is involved, and writers pay nothing.

An INSERT locks its table (RowExclusiveLock) before it draws a number, and a transaction's rows
become visible before its locks go: that is what the fence rests on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection as django_connection

from eventlog.checkpoints import Signer, own_signer
from eventlog.direct import Connection
from eventlog.merkle import WIDTH, Frontier

BATCH = 20_000
CHECKPOINT_EVENTS = 1_000
CHECKPOINT_SECONDS = 1.0
FENCE_PAUSE = (0.0003, 0.005)
CHANNEL = "eventlog"
SEAL = (Path(__file__).parent / "sql" / "seal.sql").read_text()

WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND granted AND mode = 'RowExclusiveLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND pid IS DISTINCT FROM pg_backend_pid()
AND relation IN (SELECT 'eventlog_event'::regclass
    UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog_event'::regclass)
"""
MOVE_HEAD = """
WITH moved AS (
    UPDATE eventlog_head SET position = %s, seq = %s WHERE position = %s RETURNING position
)
SELECT pg_notify(%s, position::text) FROM moved
"""


class LostLead(Exception):
    """Another sealer has moved the log's head; this one starts again from there."""


@dataclass(frozen=True)
class Head:
    """How far the log is sealed: the last position given, and up to which `seq` it is final."""

    position: int
    seq: int


@dataclass(frozen=True)
class Round:
    """What one round sealed: the number of events, their types, and the log's new head."""

    sealed: int
    types: frozenset[str]
    position: int


class Sealer:
    """Seals over one psycopg connection. At most one does at a time; two cannot do harm.

    `stopping` is asked while the fence waits: a sealer that shall end does not wait for writers.
    """

    def __init__(
        self,
        connection: Connection,
        signer: Signer,
        *,
        batch: int = BATCH,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._connection, self._signer = connection, signer
        self._batch, self._stopping, self._clock = batch, stopping, clock
        self._cursor = psycopg.Cursor(connection)
        self._head: Head | None = None
        self._frontier = Frontier()
        self._signed_size = 0
        self._signed_at: float | None = None
        self._sequence = self._value(
            "SELECT pg_get_serial_sequence('eventlog_event', 'seq')::regclass::text"
        )

    def round(self) -> Round:
        """Seals all that is final now. Raises `LostLead`, and `psycopg.Error` as it comes."""
        try:
            return self._round()
        except psycopg.errors.UniqueViolation as error:
            self._head = None
            raise LostLead("another sealer placed these events") from error
        except BaseException:
            self._head = None
            raise

    def checkpoint(self, *, force: bool = False) -> str | None:
        """Signs and stores a checkpoint when one is due; returns its note if it is new."""
        head = self._head or self._load()
        if head.position == self._signed_size or not (force or self._due(head)):
            return None
        note, root = self._signer.sign(head.position, self._frontier.root()), self._frontier.root()
        self._cursor.execute(
            "INSERT INTO eventlog_checkpoint (size, root, note, key_id) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (head.position, root, note, self._signer.verifier.key_id.hex()),
        )
        self._signed_size, self._signed_at = head.position, self._clock()
        return note if self._cursor.rowcount else None

    def root(self) -> bytes:
        """Merkle root of what this sealer has last seen sealed."""
        return self._frontier.root()

    def _due(self, head: Head) -> bool:
        if self._signed_at is None or head.position - self._signed_size >= CHECKPOINT_EVENTS:
            return True
        return self._clock() - self._signed_at >= CHECKPOINT_SECONDS

    def _round(self) -> Round:
        head = first = self._head or self._load()
        high = self._last_drawn()
        types: set[str] = set()
        if high > head.seq and self._writers_ended():
            while head.seq < high and not self._stopping():
                head = self._seal(head, high, types)
        return Round(head.position - first.position, frozenset(types), head.position)

    def _last_drawn(self) -> int:
        self._cursor.execute(f"SELECT last_value, is_called FROM {self._sequence}")
        value, called = self._cursor.fetchone() or (0, False)
        return int(value) if called else 0

    def _writers_ended(self) -> bool:
        """Waits until no transaction is left that was inserting events when this was called."""
        writers, pause = self._writers(), FENCE_PAUSE[0]
        while writers and not self._stopping():
            time.sleep(pause)
            writers &= self._writers()
            pause = min(pause * 1.5, FENCE_PAUSE[1])
        return not writers

    def _writers(self) -> set[str]:
        self._cursor.execute(WRITERS)
        return {name for (name,) in self._cursor.fetchall()}

    def _seal(self, head: Head, high: int, types: set[str]) -> Head:
        """Seals one batch of what the fence has made final, in one transaction."""
        with self._connection.transaction():
            count, last, leaves, kinds = self._place(head, high)
            moved = Head(head.position + count, last if count == self._batch else high)
            self._store(self._frontier.extend(split(leaves)))
            if count:
                self._move(head, moved)
        # A run of rolled-back numbers moves nothing in the table: it is passed by in memory.
        self._head = moved
        types.update(kinds)
        return moved

    def _place(self, head: Head, high: int) -> tuple[int, int, bytes, list[str]]:
        self._cursor.execute(
            SEAL,
            {"position": head.position, "seq": head.seq, "high": high, "batch": self._batch},
            binary=True,
        )
        count, last, leaves, kinds = self._cursor.fetchone() or (0, 0, b"", [])
        return count, last, leaves, kinds

    def _store(self, tiles: list[tuple[int, int, bytes]]) -> None:
        if tiles:
            levels, indexes, hashes = (list(column) for column in zip(*tiles, strict=True))
            self._cursor.execute(
                "INSERT INTO eventlog_tile (level, index, hash)"
                " SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])",
                (levels, indexes, hashes),
            )

    def _move(self, old: Head, new: Head) -> None:
        self._cursor.execute(MOVE_HEAD, (new.position, new.seq, old.position, CHANNEL))
        if self._cursor.rowcount != 1:
            raise LostLead(f"another sealer has moved the log past {old.position}")

    def _load(self) -> Head:
        self._cursor.execute("SELECT position, seq FROM eventlog_head")
        self._head = Head(*(self._cursor.fetchone() or (0, 0)))
        self._frontier = Frontier.load(self._head.position, self.read_block)
        self._signed_size = self._value("SELECT coalesce(max(size), 0) FROM eventlog_checkpoint")
        return self._head

    def read_block(self, level: int, block: int) -> list[bytes]:
        """Stored hashes of one block of the tree (see `merkle.Tree`)."""
        return read_block(self._cursor, level, block)

    def _value(self, query: str) -> Any:
        self._cursor.execute(query)
        row = self._cursor.fetchone()
        return row[0] if row else None


def split(leaves: bytes) -> list[bytes]:
    """Hashes that were stored end to end."""
    return [leaves[at : at + 32] for at in range(0, len(leaves), 32)]


def read_block(cursor: psycopg.Cursor[Any], level: int, block: int) -> list[bytes]:
    """Up to 256 stored hashes of a level: leaves for level 0, tiles above."""
    if level == 0:
        query = "SELECT leaf FROM eventlog_position WHERE position > %s AND position <= %s"
        order = "position"
        given: tuple[int, ...] = (block * WIDTH, block * WIDTH + WIDTH)
    else:
        query = "SELECT hash FROM eventlog_tile WHERE level = %s AND index >= %s AND index < %s"
        order = "index"
        given = (level, block * WIDTH, block * WIDTH + WIDTH)
    cursor.execute(f"{query} ORDER BY {order}", given)
    return [bytes(value) for (value,) in cursor.fetchall()]


def seal_once(*, checkpoint: bool = True) -> int:
    """Seals what is final, on Django's own connection; returns the log's head.

    For tests, and where no sealer runs. Events of the current transaction count as final.
    """
    django_connection.ensure_connection()
    sealer = Sealer(django_connection.connection, own_signer())
    position = sealer.round().position
    if checkpoint:
        sealer.checkpoint(force=True)
    return position
