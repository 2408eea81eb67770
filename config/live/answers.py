"""What sockets ask of the database, answered in worker threads that give their connections back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog
from django.db import connection

from access.rights import Actor
from config.live.encoding import Encoder
from config.live.protocol import Nack
from config.live.streams import Board, Streams
from eventlog.clock import now
from eventlog.core import Conflict, Refused
from eventlog.db import with_connection
from eventlog.hub import Page
from eventlog.outbox import FRAME_EVENTS
from eventlog.reading import head, read_after, read_stream
from eventlog.store import Receipt

log = structlog.get_logger(__name__)

THREADS = 4
HELP = "help"
T = TypeVar("T")

# how refusals of rules are called on this door; the others are `refused`
CODES = {
    "busy": "busy",
    "closed": "closed_incident",
    "erased": "not_found",
    "key_reused": "duplicate_cid_conflict",
    "too_long": "too_long",
    "unknown_command": "unknown_command",
    "unknown_incident": "not_found",
}


class Answers:
    """Rights, positions, past events and commands, for streams by the kind in their name."""

    def __init__(self, streams: dict[str, Streams], board: Board, encoder: Encoder):
        self._streams, self._board, self._encoder = streams, board, encoder
        self._pool = ThreadPoolExecutor(THREADS, "live")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a function that uses the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, with_connection, function, *arguments)

    async def rights(self, actor: Actor, stream: str) -> list[str]:
        """What somebody may do with a stream; nothing for those who may not follow it."""
        return await self.in_thread(self._rights, actor, stream)

    async def admit(self, actor: Actor, stream: str) -> tuple[int, list[str]]:
        """Head and rights of a stream that somebody wants to follow. Raises `Nack`."""
        return await self.in_thread(self._admit, actor, stream)

    async def page(self, stream: str, after: int) -> Page:
        """A stretch of a stream's past."""
        return await self.in_thread(self._page, stream, after)

    async def heads(self, streams: list[str]) -> dict[str, int]:
        """The newest version of each stream; the board has none."""
        wanted = [stream for stream in streams if stream != self._board.name]
        return await self.in_thread(_heads, wanted) if wanted else {}

    async def snapshot(self, stream: str) -> str:
        """Address of the page that shows where a stream stands."""
        return await self.in_thread(self._snapshot, stream)

    async def carry_out(
        self, actor: Actor, right: str, stream: str, cid: str, text: str
    ) -> tuple[Receipt | None, str]:
        """Posts a text or carries out a command; durable once it returns. Raises `Nack`."""
        # Those who write to one stream would only collide in the database: they queue here.
        async with self._turns.setdefault(stream, asyncio.Lock()):
            return await self.in_thread(self._carry_out, actor, right, stream, cid, text)

    def _of(self, stream: str) -> Streams:
        found = self._streams.get(stream.partition(":")[0])
        if found is None:
            raise Nack("not_found", "There is no such stream.")
        return found

    def _rights(self, actor: Actor, stream: str) -> list[str]:
        if stream == self._board.name:
            return ["read"] if self._board.may_follow(actor) else []
        return self._of(stream).rights(actor, stream)

    def _admit(self, actor: Actor, stream: str) -> tuple[int, list[str]]:
        can = self._rights(actor, stream)
        if not can:
            raise Nack("forbidden", "You may not follow this stream.")
        if stream == self._board.name:
            return head(), can
        version = _heads([stream]).get(stream)
        if version is None:
            raise Nack("not_found", "There is no such stream.")
        return version, can

    def _page(self, stream: str, after: int) -> Page:
        if stream == self._board.name:
            records = read_after(after, FRAME_EVENTS)
            items = self._encoder.touches(records)
            last = int(records[-1].position or 0) if records else after
        else:
            records = read_stream(stream, after, FRAME_EVENTS)
            items = self._encoder.items(records)
            last = records[-1].version if records else after
        return Page(items, last, more=len(records) == FRAME_EVENTS)

    def _snapshot(self, stream: str) -> str:
        return "/" if stream == self._board.name else self._of(stream).snapshot(stream)

    def _carry_out(
        self, actor: Actor, right: str, stream: str, cid: str, text: str
    ) -> tuple[Receipt | None, str]:
        streams = self._of(stream)
        if right not in streams.rights(actor, stream):
            raise Nack("forbidden", "You may not do that here.")
        try:
            return streams.say(actor, stream, cid, text, now()), ""
        except Refused as refusal:
            if refusal.code == HELP:
                return None, refusal.message
            raise nack_of(refusal) from refusal


def nack_of(refusal: Refused) -> Nack:
    """The answer that tells of a refusal. A conflict shows the value that stands."""
    other = "stale" if isinstance(refusal, Conflict) else "refused"
    code = CODES.get(refusal.code, other)
    more = {"reason": refusal.code, "field": refusal.field, "current": refusal.current}
    return Nack(code, refusal.message, retry=refusal.code == "busy", **more)


def _heads(streams: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream, version FROM eventlog_stream WHERE stream = ANY(%s)", [streams]
        )
        return dict(cursor.fetchall())
