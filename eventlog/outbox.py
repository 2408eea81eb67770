"""What waits to be sent on one socket: bounded, and joined into few frames.

An event is encoded once for everybody, so a queue holds references and not copies. A reader who
is too slow loses its queue, is told so, and catches up from the log; nobody else waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST_ITEMS = 512
MOST_BYTES = 2**20
FRAME_EVENTS = 100
FRAME_BYTES = 64 * 2**10
CACHED_FRAMES = 64


@dataclass(frozen=True, slots=True)
class Item:
    """One event as the followers of a topic are sent it.

    `version` orders the items of a topic. `body` is JSON: of an event that shares a frame with
    others, or, if `whole`, of a frame of its own.
    """

    topic: str
    version: int
    body: bytes
    whole: bool = False


class Frames:
    """Joins events into `ev` frames, and remembers the newest: most sockets send the same ones."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, tuple[bytes, ...]], str] = {}

    def join(self, items: list[Item]) -> str:
        """The frame of consecutive items of one topic."""
        # By content and not by version: an event whose text was erased has another body.
        key = (items[0].topic, tuple(item.body for item in items))
        frame = self._made.get(key)
        if frame is None:
            if len(self._made) >= CACHED_FRAMES:
                self._made.clear()
            frame = self._made[key] = _joined(items)
        return frame

    def forget(self) -> None:
        """Drops the remembered frames."""
        self._made.clear()


def _joined(items: list[Item]) -> str:
    first, last = items[0], items[-1]
    events = b",".join(item.body for item in items).decode()
    span = f'"from":{first.version},"to":{last.version}'
    return f'{{"t":"ev","stream":"{first.topic}",{span},"events":[{events}]}}'


class Outbox:
    """The queue of one socket. `overflowed` is given the topics whose items were thrown away."""

    def __init__(self, frames: Frames, overflowed: Callable[[set[str]], None]):
        self._frames, self._overflowed = frames, overflowed
        self._entries: deque[Item | str] = deque()
        self._items = self._bytes = 0
        self._filled, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()

    def put(self, item: Item) -> None:
        """Queues an event, or throws away all that are queued."""
        if self._items >= MOST_ITEMS or self._bytes >= MOST_BYTES:
            self._overflowed({item.topic, *self._discard()})
            return
        self._items += 1
        self._bytes += len(item.body)
        self._add(item)

    def say(self, frame: str) -> None:
        """Queues a frame that is no event: an answer, a greeting. These are never thrown away."""
        self._add(frame)

    def _add(self, entry: Item | str) -> None:
        self._entries.append(entry)
        self._empty.clear()
        self._filled.set()

    def _discard(self) -> set[str]:
        lost = {entry.topic for entry in self._entries if isinstance(entry, Item)}
        self._entries = deque(entry for entry in self._entries if isinstance(entry, str))
        self._items = self._bytes = 0
        return lost

    async def take(self) -> list[str]:
        """Everything queued, as frames, once there is something."""
        if not self._entries:
            self._empty.set()
            self._filled.clear()
            await self._filled.wait()
        entries, self._entries = self._entries, deque()
        self._items = self._bytes = 0
        return list(self._as_frames(entries))

    @property
    def crowded(self) -> bool:
        """Whether more should wait until this much is sent."""
        return self._items >= FRAME_EVENTS or self._bytes >= FRAME_BYTES

    async def sent(self) -> None:
        """Waits until everything queued has been handed to the network."""
        await self._empty.wait()

    def _as_frames(self, entries: deque[Item | str]) -> Iterator[str]:
        run: list[Item] = []
        size = 0
        for entry in entries:
            if run and (isinstance(entry, str) or not _fits(entry, run, size)):
                yield self._frames.join(run)
                run, size = [], 0
            if isinstance(entry, str):
                yield entry
            elif entry.whole:
                yield entry.body.decode()
            else:
                run.append(entry)
                size += len(entry.body)
        if run:
            yield self._frames.join(run)


def _fits(item: Item, run: list[Item], size: int) -> bool:
    same = item.topic == run[-1].topic and not item.whole
    return same and len(run) < FRAME_EVENTS and size + len(item.body) <= FRAME_BYTES
