"""Brings a whole export into an empty installation: same positions, same hashes, same notes."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from eventlog.bulk import COLUMNS, Heads, Row, copy_events, skip_side_effects, write_heads
from eventlog.checkpoints import BadNote, Signer, Verifier, parse, signed_by
from eventlog.core import GENESIS, chain, content_digest, leaf
from eventlog.direct import Connection
from eventlog.merkle import Frontier
from eventlog.sealer import Sealer

BATCH = 10_000

Line = dict[str, Any]


class NotImported(Exception):
    """The export cannot be imported; nothing of it has been."""


def lines_of(path: Path) -> Iterator[Line]:
    """The lines of an export, packed or not."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def import_log(
    connection: Connection,
    lines: Iterable[Line],
    signer: Signer,
    verifiers: Sequence[Verifier],
    progress: Any = lambda count: None,
) -> int:
    """Imports an export in one transaction, verifying all of it; returns the number of events.

    Needs the owner's role and an empty log. Side effects of the imported events are not run.
    Raises `NotImported`.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE eventlog_event, eventlog_head IN EXCLUSIVE MODE")
        if connection.execute("SELECT FROM eventlog_event LIMIT 1").fetchone() is not None:
            raise NotImported("the log of this installation is not empty")
        loading = _Import(connection, verifiers)
        source = iter(lines)
        loading.header(next(source, {}))
        while batch := list(islice(source, BATCH)):
            loading.batch(batch)
            progress(len(batch))
        loading.finish(Sealer(connection, signer))
    return loading.tree.size


class _Import:
    def __init__(self, connection: Connection, verifiers: Sequence[Verifier]):
        self._connection, self._verifiers = connection, verifiers
        self.tree, self._heads = Frontier(), Heads()
        self._size, self._ended = 0, False

    def header(self, line: Line) -> None:
        if line.get("kind") != "header" or line.get("mode") != "whole":
            raise NotImported("only a whole export can be imported")
        self._size = int(line["size"])

    def batch(self, lines: list[Line]) -> None:
        rows, checkpoints = [], []
        for line in lines:
            match line["kind"]:
                case "event":
                    rows.append(self._row(line))
                case "checkpoint":
                    checkpoints.append(self._checkpoint(line))
                case "end":
                    self._ended = True
        copy_events(self._connection, rows, numbered=True)
        self._connection.cursor().executemany(
            "INSERT INTO eventlog_checkpoint (size, root, note, key_id, created_at)"
            " VALUES (%s, %s, %s, %s, %s)",
            checkpoints,
        )

    def _row(self, line: Line) -> Row:
        values = _values(line)
        place = ("stream", "version", "recorded_at", "payload")
        claims = {name: values[name] for name in COLUMNS if name in values and name not in place}
        content = content_digest(
            **claims, stream=values["stream"], payload=values["payload"].encode()
        )
        stream, version = values["stream"], values["version"]
        before, previous = self._heads.get(stream, (0, GENESIS))
        value = chain(previous, version, content)
        position = self.tree.size + 1
        if (line["position"], version, line["hash"]) != (position, before + 1, value.hex()):
            raise NotImported(f"the event at position {line['position']} is not what was recorded")
        self._heads[stream] = version, value
        self.tree.extend([leaf(position, values["recorded_at"], value)])
        values |= {"content": content, "hash": value}
        return (position, *(values[name] for name in COLUMNS))

    def _checkpoint(self, line: Line) -> Row:
        try:
            signed = signed_by(line["note"], self._verifiers)
        except BadNote as error:
            raise NotImported(f"checkpoint at {line['size']}: {error}") from error
        if (signed.size, signed.root) != (self.tree.size, self.tree.root()):
            raise NotImported(f"checkpoint at {signed.size}: its root is not that of the events")
        _, key_id, _ = parse(line["note"]).signatures[0]
        return signed.size, signed.root, line["note"], key_id.hex(), line["at"]

    def finish(self, sealer: Sealer) -> None:
        """Seals what was copied and sets side effects past it."""
        if not self._ended or self.tree.size != self._size:
            raise NotImported(f"the export is cut off after {self.tree.size} events")
        write_heads(self._connection, self._heads)
        self._connection.execute(
            "SELECT setval(pg_get_serial_sequence('eventlog_event', 'seq'), %s)", (self._size,)
        )
        sealer.round()
        if sealer.root() != self.tree.root():
            raise NotImported("the sealed log has another root than the export")
        skip_side_effects(self._connection, 0, self._size)


def _values(line: Line) -> dict[str, Any]:
    """The values of an event line in the types of its columns."""
    values = {name: line[name] for name in COLUMNS if name in line}
    for name in ("event_id", "command_id", "correlation_id", "causation_id"):
        values[name] = None if values[name] is None else uuid.UUID(values[name])
    for name in ("occurred_at", "recorded_at"):
        values[name] = datetime.fromisoformat(values[name])
    del values["hash"]
    return values
