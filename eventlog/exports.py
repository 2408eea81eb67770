"""Exports of the log as JSON Lines that prove themselves (see `offline/verify_export.py`).

The first line is a header with a signed checkpoint, the last one counts the others. A whole
export holds every event and checkpoint up to that one; from it everything can be recomputed. A
part of the log (a range of positions, or everything about an entity) holds an inclusion proof for
each event instead. Payloads are the exact stored text, personal fields as ciphertext.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import psycopg

from eventlog.bulk import COLUMNS
from eventlog.checkpoints import Verifier
from eventlog.core import GENESIS
from eventlog.direct import Connection
from eventlog.merkle import Tree
from eventlog.sealer import read_block

QUERY = (Path(__file__).parent / "sql" / "export_events.sql").read_text()
FORMAT = 1
PAGE = 2_000
FIELDS = ("position", *(name for name in COLUMNS if name != "content"))

Line = dict[str, Any]


class NothingSealed(LookupError):
    """There is no checkpoint yet that an export could be proved by."""


@dataclass(frozen=True)
class Scope:
    """Which events: all by default, else a range of positions or an entity's."""

    first: int = 1
    last: int | None = None
    about: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the export is of everything."""
        return self.first == 1 and self.last is None and self.about is None

    def condition(self) -> str:
        """SQL that narrows the export down."""
        only = "AND p.position >= %(first)s"
        if self.last is not None:
            only += " AND p.position <= %(until)s"
        if self.about is not None:
            only += " AND p.position IN (SELECT position FROM eventlog_ref WHERE ref = %(about)s)"
        return only


def export(connection: Connection, verifier: Verifier, scope: Scope) -> Iterator[Line]:
    """The lines of an export, in one snapshot. Raises `NothingSealed`."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        newest = connection.execute(
            "SELECT size, note FROM eventlog_checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
        if newest is None:
            raise NothingSealed("the log has no checkpoint yet; let the sealer run")
        size, note = newest
        yield _header(verifier, scope, size, note)
        counts = {"event": 0, "checkpoint": 0}
        for line in _body(connection, scope, size):
            counts[line["kind"]] += 1
            yield line
        yield {"kind": "end", "events": counts["event"], "checkpoints": counts["checkpoint"]}


def _header(verifier: Verifier, scope: Scope, size: int, note: str) -> Line:
    return {
        "kind": "header",
        "format": FORMAT,
        "origin": verifier.name,
        "key": str(verifier),
        "mode": "whole" if scope.whole else "proved",
        "first": scope.first,
        "last": scope.last or size,
        "about": scope.about,
        "size": size,
        "checkpoint": note,
    }


def _body(connection: Connection, scope: Scope, size: int) -> Iterator[Line]:
    if scope.whole:
        return _with_checkpoints(connection, _events(connection, scope, size), size)
    return _with_proofs(connection, _events(connection, scope, size), size)


def _events(connection: Connection, scope: Scope, size: int) -> Iterator[tuple[Line, bytes]]:
    """Event lines with the hash before each in its stream."""
    given = {"first": scope.first, "last": size, "until": scope.last, "about": scope.about}
    with connection.cursor("export", binary=True) as cursor:
        cursor.itersize = PAGE
        cursor.execute(QUERY.format(only=scope.condition()), given)
        for *values, before in cursor:
            yield _line(values), before or GENESIS


def _line(values: list[Any]) -> Line:
    line = {"kind": "event", **dict(zip(FIELDS, values, strict=True))}
    for name in ("event_id", "command_id", "correlation_id", "causation_id"):
        line[name] = None if line[name] is None else str(line[name])
    for name in ("occurred_at", "recorded_at"):
        line[name] = line[name].astimezone(UTC).isoformat(timespec="microseconds")
    line["hash"] = line["hash"].hex()
    return line


def _with_checkpoints(
    connection: Connection, events: Iterator[tuple[Line, bytes]], size: int
) -> Iterator[Line]:
    checkpoints = _checkpoints(connection, size)
    waiting = next(checkpoints, None)
    for line, _ in events:
        yield line
        while waiting is not None and waiting["size"] <= line["position"]:
            yield waiting
            waiting = next(checkpoints, None)


def _checkpoints(connection: Connection, size: int) -> Iterator[Line]:
    with connection.cursor("export_checkpoints") as cursor:
        cursor.itersize = PAGE
        cursor.execute(
            "SELECT size, created_at, note FROM eventlog_checkpoint WHERE size <= %s ORDER BY size",
            (size,),
        )
        for at_size, created, note in cursor:
            at = created.astimezone(UTC).isoformat()
            yield {"kind": "checkpoint", "size": at_size, "at": at, "note": note}


def _with_proofs(
    connection: Connection, events: Iterator[tuple[Line, bytes]], size: int
) -> Iterator[Line]:
    blocks = psycopg.Cursor(connection)
    tree = Tree(lambda level, block: read_block(blocks, level, block))
    for count, (line, before) in enumerate(events, start=1):
        proof = tree.inclusion(line["position"] - 1, size)
        yield line | {"previous": before.hex(), "proof": [step.hex() for step in proof]}
        if count % PAGE == 0:
            tree = Tree(lambda level, block: read_block(blocks, level, block))
