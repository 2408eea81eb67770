"""Events as JSON, made once and remembered: after a restart hundreds ask for the same ones.

An event whose personal fields were erased is made anew, however lately it was remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import structlog

from config.live.streams import Board, Streams
from eventlog import keys
from eventlog.core import UnknownEvent
from eventlog.outbox import Item
from eventlog.records import Record

log = structlog.get_logger(__name__)

REMEMBERED = 4_096


class Encoder:
    """Makes the items that followers are sent. Used from several threads."""

    def __init__(self, streams: dict[str, Streams], board: Board):
        self._streams, self._board = streams, board
        self._lock = threading.Lock()
        self._bodies: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        keys.on_shred(self.forget)

    def forget(self) -> None:
        """Drops what is remembered, such as names that have changed."""
        with self._lock:
            self._bodies.clear()

    def news(self, records: Sequence[Record], topics: frozenset[str]) -> list[Item]:
        """Items of newly sealed events for the topics that somebody follows."""
        items = self.items(record for record in records if record.stream in topics)
        if self._board.name in topics:
            items += self.touches(records)
        return items

    def touches(self, records: Sequence[Record]) -> list[Item]:
        """Frames for those who look at the board."""
        name = self._board.name
        return [
            Item(name, at, _dumped({"t": "touch", "stream": name, "ref": ref, "position": at}), True)
            for ref, at in self._board.touched(records)
        ]

    def items(self, records: Iterable[Record]) -> list[Item]:
        """Items of events of any followed streams."""
        wanted = list(records)
        erased = keys.refresh(record.text for record in wanted)
        return [Item(r.stream, r.version, self._body(r, erased)) for r in wanted]

    def _body(self, record: Record, erased: set[str]) -> bytes:
        whole = erased.isdisjoint(keys.subjects_in(record.text))
        key = (record.stream, record.version)
        with self._lock:
            known = self._bodies.get(key) if whole else None
        if known is not None:
            return known
        body = _dumped(self._event(record))
        if whole:
            self._remember(key, body)
        return body

    def _remember(self, key: tuple[str, int], body: bytes) -> None:
        with self._lock:
            self._bodies[key] = body
            while len(self._bodies) > REMEMBERED:
                self._bodies.popitem(last=False)

    def _event(self, record: Record) -> dict[str, Any]:
        entry = {
            "v": record.version,
            "id": str(record.event_id),
            "type": record.type,
            "at": record.occurred_at.isoformat(),
        }
        try:
            return entry | self._streams[record.stream.partition(":")[0]].show(record)
        except UnknownEvent as error:
            # Written by a newer release. It still has a place in the order of versions.
            log.warning("live.unknown_event", event=str(record.event_id), error=repr(error))
            return entry | {"actor": {"ref": record.actor, "name": ""}, "data": None}


def _dumped(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value)
