"""Proves the log, or names what is wrong with it.

One pass over all events recomputes every digest, stream chain, leaf and tile, and the Merkle root
at the size of every checkpoint and anchor. That the roots of one growing tree agree with all of
them is also the proof that each checkpoint is a prefix of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import Any

from django.conf import settings

from eventlog import guards
from eventlog.anchors import anchored
from eventlog.checkpoints import BadNote, Checkpoint, Verifier, signed_by
from eventlog.core import GENESIS, chain, content_digest, leaf
from eventlog.direct import Connection
from eventlog.merkle import Frontier

SQL = Path(__file__).parent / "sql"
PAGE = 5_000
PENDING = 4_096
MISSING = """
SELECT p.position, p.seq, p.type, (SELECT string_agg(r.ref, ', ') FROM eventlog_ref r
    WHERE r.position = p.position)
FROM eventlog_position p WHERE NOT EXISTS (SELECT FROM eventlog_event e WHERE e.seq = p.seq)
ORDER BY p.position LIMIT 10
"""
COMMANDS = """
SELECT c.command_id, s.stream, s.after
FROM eventlog_command c, unnest(c.streams, c.first_versions, c.last_versions)
    AS s(stream, before, after)
WHERE s.after > s.before AND NOT EXISTS (SELECT FROM eventlog_event e
    WHERE e.stream = s.stream AND e.version = s.after AND e.command_id = c.command_id)
LIMIT 10
"""
REFS = """
SELECT p.position, e.type, e.stream FROM eventlog_position p JOIN eventlog_event e USING (seq)
CROSS JOIN unnest(e.refs || e.stream) AS named(ref) WHERE NOT EXISTS (SELECT FROM eventlog_ref r
    WHERE r.ref = named.ref AND r.occurred_at = e.occurred_at AND r.position = p.position)
LIMIT 10
"""

Progress = Callable[[int], object]


@dataclass
class Report:
    """What was looked at and what is wrong, the first finding first."""

    events: int = 0
    sealed: int = 0
    checkpoints: int = 0
    anchors: int = 0
    root: bytes = b""
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """A root that somebody signed for a size: a checkpoint of the database or an anchor."""

    size: int
    source: str
    root: bytes


def verify(
    connection: Connection,
    verifiers: Sequence[Verifier],
    anchor: Path | None = None,
    progress: Progress = lambda count: None,
) -> Report:
    """Verifies the whole log in one snapshot. `progress` is told of events as they are read."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _Verification(connection, verifiers, anchor, progress).run()


class _Verification:
    def __init__(
        self,
        connection: Connection,
        verifiers: Sequence[Verifier],
        anchor: Path | None,
        progress: Progress,
    ):
        self._connection, self._verifiers, self._anchor = connection, verifiers, anchor
        self._progress, self.report = progress, Report()
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._frontier, self._pending = Frontier(), list[bytes]()
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._claims: Iterator[Claim] = iter(())
        self._claim: Claim | None = None
        self._agreed = 0

    def run(self) -> Report:
        """One pass, then what can only be compared at the end."""
        head = self._row("SELECT position, seq FROM eventlog_head")
        self._tiles = {
            (level, index): value
            for level, index, value in self._rows("SELECT level, index, hash FROM eventlog_tile")
        }
        self._claims = merge(self._checkpoints(), sorted(self._anchors()))
        self._claim = next(self._claims, None)
        self._events(head[1])
        self._end(head)
        self._compare_streams()
        self._ask_the_database()
        return self.report

    def _bad(self, problem: str) -> None:
        self.report.problems.append(problem)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.cursor(binary=True).execute(query).fetchall()

    def _row(self, query: str) -> tuple[Any, ...]:
        return self._rows(query)[0]

    def _streamed(self, name: str, query: str) -> Iterator[tuple[Any, ...]]:
        with self._connection.cursor(name, binary=True) as cursor:
            cursor.itersize = PAGE
            cursor.execute(query)
            yield from cursor

    # --- claims -------------------------------------------------------------------------------

    def _checkpoints(self) -> Iterator[Claim]:
        query = "SELECT size, root, note FROM eventlog_checkpoint ORDER BY size"
        for size, root, note in self._streamed("checkpoints", query):
            self.report.checkpoints += 1
            signed = self._signed(f"checkpoint at {size}", note)
            if signed is None:
                continue
            if (signed.size, signed.root) != (size, root):
                self._bad(f"checkpoint at {size}: its row says other than its signed note")
            yield Claim(size, f"checkpoint at {size}", signed.root)

    def _anchors(self) -> Iterator[Claim]:
        if self._anchor is None:
            return
        if not self._anchor.exists():
            self._bad(f"anchor file {self._anchor.name} does not exist")
            return
        for number, note in anchored(self._anchor):
            where = f"anchor file line {number}"
            if note is None:
                self.report.remarks.append(f"{where} is torn and proves nothing")
            elif signed := self._signed(where, note):
                self.report.anchors += 1
                yield Claim(signed.size, where, signed.root)

    def _signed(self, where: str, note: str) -> Checkpoint | None:
        try:
            return signed_by(note, self._verifiers)
        except BadNote as error:
            self._bad(f"{where}: {error}")
            return None

    # --- events -------------------------------------------------------------------------------

    def _events(self, final: int) -> None:
        query = (SQL / "verify_events.sql").read_text()
        for row in self._streamed("events", query):
            position, stored_leaf, kind, seq, *event = row
            self._event(event, position)
            if position is not None:
                self._place(position, stored_leaf, kind, event)
            elif seq <= final:
                self._bad(f"{_name(event)} was inserted behind the sealer: it has no position")
            self.report.events += 1
            if not self.report.events % PAGE:
                self._progress(PAGE)
        self._progress(self.report.events % PAGE)

    def _event(self, event: list[Any], position: int | None) -> None:
        content, value, stream, version = event[:4]
        if content != _digest(event):
            self._bad(f"{_name(event, position)}: its text is not what was recorded")
        before, previous = self._heads.get(stream, (0, GENESIS))
        if version != before + 1:
            self._bad(f"{_name(event, position)}: versions {before + 1} to {version - 1} are gone")
        elif value != chain(previous, version, content):
            self._bad(f"{_name(event, position)}: it does not continue the chain of its stream")
        self._heads[stream] = version, value

    def _place(self, position: int, stored: bytes, kind: str, event: list[Any]) -> None:
        expected = self.report.sealed + 1
        if position != expected:
            self._bad(f"positions {expected} to {position - 1} are missing before {_name(event)}")
        value = leaf(position, event[4], event[1])
        if value != stored:
            self._bad(f"{_name(event, position)}: its leaf does not fit its time and hash")
        if kind != event[6]:
            self._bad(f"{_name(event, position)}: the log's index calls it {kind}")
        self.report.sealed = position
        self._grow(value)

    # --- tree ---------------------------------------------------------------------------------

    def _grow(self, value: bytes) -> None:
        self._pending.append(value)
        size = self._frontier.size + len(self._pending)
        if self._claim is not None and self._claim.size == size:
            self._flush()
            self._compare_claims()
        elif len(self._pending) >= PENDING:
            self._flush()

    def _flush(self) -> None:
        for level, index, value in self._frontier.extend(self._pending):
            stored = self._tiles.pop((level, index), None)
            if stored != value:
                first, last = index * 256**level + 1, (index + 1) * 256**level
                state = "missing" if stored is None else "wrong"
                self._bad(f"tile {level}/{index} (positions {first} to {last}) is {state}")
        self._pending.clear()

    def _compare_claims(self) -> None:
        root = self._frontier.root()
        while self._claim is not None and self._claim.size == self._frontier.size:
            if self._claim.root != root:
                between = f"positions {self._agreed + 1} to {self._claim.size}"
                self._bad(f"{self._claim.source}: its root is not that of the log; see {between}")
            else:
                self._agreed = self._claim.size
            self._claim = next(self._claims, None)

    def _end(self, head: tuple[Any, ...]) -> None:
        self._flush()
        self.report.root = self._frontier.root()
        while self._claim is not None:
            removed = f"{self._claim.size} events were signed, the log has {self._frontier.size}"
            self._bad(f"{self._claim.source}: {removed}: the newest have been removed")
            self._claim = next(self._claims, None)
        if head[0] != self.report.sealed:
            self._bad(f"the head says {head[0]}, the newest position is {self.report.sealed}")
        for level, index in sorted(self._tiles):
            self._bad(f"tile {level}/{index} lies beyond the log")

    # --- the rest -----------------------------------------------------------------------------

    def _compare_streams(self) -> None:
        query = "SELECT stream, version, head_hash FROM eventlog_stream"
        for stream, version, head in self._streamed("streams", query):
            found, value = self._heads.pop(stream, (0, GENESIS))
            if version != found:
                self._bad(f"{stream} should have {version} events and has {found}")
            elif version and head != value:
                self._bad(f"{stream} should end with another event than version {version}")
        for stream in sorted(self._heads):
            self._bad(f"{stream} has events and no row of its own")

    def _ask_the_database(self) -> None:
        for position, seq, kind, refs in self._rows(MISSING):
            self._bad(f"position {position} (seq {seq}): {kind} of {refs} is gone")
        for command, stream, version in self._rows(COMMANDS):
            self._bad(f"command {command} led to {stream} version {version}, which is not there")
        for position, kind, stream in self._rows(REFS):
            self._bad(f"position {position}: {kind} of {stream} is not under all of its refs")
        cursor = self._connection.cursor()
        self.report.problems += guards.missing_rights(cursor, settings.ENV.database_app_role)
        self.report.problems += guards.missing_triggers(cursor)


def _digest(event: list[Any]) -> bytes:
    _, _, stream, _, _, event_id, kind, schema, occurred_at, actor, command, *rest = event
    correlation, causation, refs, payload = rest
    return content_digest(
        event_id=event_id,
        stream=stream,
        type=kind,
        schema=schema,
        occurred_at=occurred_at,
        actor=actor,
        command_id=command,
        correlation_id=correlation,
        causation_id=causation,
        refs=refs,
        payload=payload.encode(),
    )


def _name(event: list[Any], position: int | None = None) -> str:
    place = "unsealed" if position is None else f"position {position}"
    return f"{event[6]} {event[5]} ({event[2]} version {event[3]}, {place})"
