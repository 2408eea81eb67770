"""Events as JSON, made once and remembered: after a restart hundreds ask for the same ones.

An event whose personal fields were erased is made anew, however lately it was remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.db import DatabaseError

from config.live.streams import Board, Streams
from eventlog import keys
from eventlog.outbox import Item
from eventlog.records import Record

log = structlog.get_logger(__name__)

REMEMBERED = 4_096


class Encoder:
    """Makes the items that followers are sent. Used from several threads."""

    def __init__(self, streams: dict[str, Streams], board: Board):
        self._streams, self._board = streams, board
        self._lock = threading.Lock()
        self._bodies: OrderedDict[UUID, bytes] = OrderedDict()
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
            Item(
                name,
                at,
                orjson.dumps({"t": "touch", "stream": name, "ref": ref, "position": at}),
                True,
            )
            for ref, at in self._board.touched(records)
        ]

    def items(self, records: Iterable[Record]) -> list[Item]:
        """Items of events of any followed streams, in the order given."""
        wanted = list(records)
        erased = keys.refresh(record.text for record in wanted)
        bodies = self._known(wanted, erased)
        made = self._made([r for r in wanted if r.event_id not in bodies])
        self._remember(
            {
                r.event_id: made[r.event_id]
                for r in wanted
                if r.event_id in made and _is_whole(r, erased)
            }
        )
        bodies |= made
        return [Item(r.stream, r.version, bodies[r.event_id]) for r in wanted]

    def _known(self, records: list[Record], erased: set[str]) -> dict[UUID, bytes]:
        with self._lock:
            return {
                r.event_id: self._bodies[r.event_id]
                for r in records
                if r.event_id in self._bodies and _is_whole(r, erased)
            }

    def _remember(self, bodies: dict[UUID, bytes]) -> None:
        with self._lock:
            self._bodies |= bodies
            while len(self._bodies) > REMEMBERED:
                self._bodies.popitem(last=False)

    def _made(self, records: list[Record]) -> dict[UUID, bytes]:
        """Bodies by event, the events of a stream shown together."""
        streams: dict[str, list[Record]] = {}
        for record in records:
            streams.setdefault(record.stream, []).append(record)
        return {
            record.event_id: orjson.dumps(_place(record) | shown)
            for stream, its in streams.items()
            for record, shown in zip(its, self._shown(stream, its), strict=True)
        }

    def _shown(self, stream: str, records: list[Record]) -> list[dict[str, Any]]:
        kind = self._streams[stream.partition(":")[0]]
        try:
            return kind.show(records)
        except DatabaseError:
            raise
        except Exception:
            # One that cannot be shown must not keep the others from their followers.
            return [self._shown_alone(kind, record) for record in records]

    def _shown_alone(self, kind: Streams, record: Record) -> dict[str, Any]:
        try:
            return kind.show([record])[0]
        except DatabaseError:
            raise
        except Exception as error:
            # Perhaps written by a newer release. It still has its place in the order of versions.
            log.error("live.cannot_show", event=str(record.event_id), error=repr(error))
            return {"actor": {"ref": record.actor, "name": ""}, "data": None, "html": {}}


def _is_whole(record: Record, erased: set[str]) -> bool:
    return erased.isdisjoint(keys.subjects_in(record.text))


def _place(record: Record) -> dict[str, Any]:
    return {
        "v": record.version,
        "id": str(record.event_id),
        "type": record.type,
        "at": record.occurred_at.isoformat(),
    }
