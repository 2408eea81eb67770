"""Fans the sealed log out to everybody who listens in this process: it is read once for all.

One connection LISTENs for the sealer's doorbell. A doorbell is a hint: the hub looks by itself
every second, so a lost one costs that second and no event. Nothing is read while nobody listens.

A subscriber starts *behind*: the hub keeps what arrives for it while it reads the log up to the
end; what both delivered is dropped by version, and from then on it is *live*. An event is
therefore never missed between reading and listening, and never seen twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import psycopg
import structlog
from django.db import DatabaseError, connection

from eventlog.db import with_connection
from eventlog.direct import AsyncConnection
from eventlog.outbox import MOST_ITEMS, Item, Outbox
from eventlog.reading import head, read_after
from eventlog.records import Record

log = structlog.get_logger(__name__)

CHANNEL = "eventlog"
POLL_SECONDS = 1.0
RETRY_SECONDS = (0.1, 5.0)
PAGE = 1_000
REST_SECONDS = 0.25

T = TypeVar("T")
Encode = Callable[[list[Record], frozenset[str]], list[Item]]
Watch = Callable[[list[Record]], None]
Restored = Callable[[], None]
OpenListener = Callable[[], Awaitable[AsyncConnection]]


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a topic's past: items, how far it reaches, and whether there is more."""

    items: list[Item]
    last: int
    more: bool


ReadPage = Callable[[int], Awaitable[Page]]


def epoch() -> str:
    """Names this history. After a restore it is another: versions may then mean other events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),"
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
            " FROM pg_control_system()"
        )
        return hashlib.blake2b(repr(cursor.fetchone()).encode(), digest_size=6).hexdigest()


class Subscription:
    """One socket's place in one topic. `last` is the version of the newest item passed on."""

    def __init__(self, topic: str, last: int, outbox: Outbox):
        self.topic, self.last, self.live = topic, last, False
        self.left = False
        self._outbox = outbox
        self._kept: list[Item] = []
        self._missed = False

    def offer(self, item: Item) -> None:
        """Takes an item from the hub: sends it when live, keeps it while behind."""
        if self.live:
            self._pass(item)
        elif len(self._kept) < MOST_ITEMS:
            self._kept.append(item)
        else:
            self._missed = True

    def _pass(self, item: Item) -> None:
        if item.version > self.last and not self.left:
            self.last = item.version
            self._outbox.put(item)

    async def catch_up(self, read: ReadPage) -> None:
        """Sends the past from `last` on, a page at a time, and goes live."""
        while True:
            self._kept, self._missed = [], False
            await self._read_to_the_end(read)
            if not self._missed:
                break
        # No await from here on: nothing can come between the last kept item and going live.
        kept, self._kept, self.live = self._kept, [], True
        for item in kept:
            self._pass(item)

    async def _read_to_the_end(self, read: ReadPage) -> None:
        while True:
            page = await read(self.last)
            for item in page.items:
                if self._outbox.crowded:
                    await self._outbox.sent()
                self._pass(item)
            self.last = max(self.last, page.last)
            await self._outbox.sent()
            if not page.more:
                return


class Hub:
    """Reads each sealed event once and offers it to the subscriptions of its topic.

    `encode(records, topics)` makes the items of new events for the topics that somebody follows;
    it runs in the hub's own thread. `watch(records)` sees every event that is read, on the loop.
    `restored()` is called when the database turns out to hold another history than before.
    """

    def __init__(
        self,
        encode: Encode,
        open_listener: OpenListener,
        *,
        watch: Watch = lambda records: None,
        restored: Restored = lambda: None,
        poll_seconds: float = POLL_SECONDS,
    ):
        self._encode, self._open, self._watch = encode, open_listener, watch
        self._restored, self._poll_seconds = restored, poll_seconds
        self.epoch = ""
        self._followers: dict[str, set[Subscription]] = {}
        self._position: int | None = None
        self._rung = asyncio.Event()
        self._reading = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "hub")
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins to listen and to follow, on the running loop. Raises `DatabaseError`."""
        self.epoch = await self._in_thread(epoch)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._follow())]

    async def stop(self) -> None:
        """Ends both."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._thread.shutdown(wait=False)

    async def join(self, subscription: Subscription) -> None:
        """From here on the subscription is offered every event sealed later."""
        self._followers.setdefault(subscription.topic, set()).add(subscription)
        if self._position is None:
            async with self._reading:
                if self._position is None:
                    self._position = await self._in_thread(head)

    def leave(self, subscription: Subscription) -> None:
        """The subscription is given nothing more. Harmless twice."""
        subscription.left = True
        followers = self._followers.get(subscription.topic, set())
        followers.discard(subscription)
        if not followers:
            self._followers.pop(subscription.topic, None)
        if not self._followers:
            self._position = None

    def followers(self, topic: str) -> Iterable[Subscription]:
        """The subscriptions of a topic."""
        return tuple(self._followers.get(topic, ()))

    async def _listen(self) -> None:
        pause = RETRY_SECONDS[0]
        while True:
            try:
                async with await self._open() as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    await self._compare_epochs()
                    self._rung.set()  # for what was rung while nobody listened
                    pause = RETRY_SECONDS[0]
                    async for _ in listener.notifies():
                        self._rung.set()
            except (psycopg.Error, DatabaseError, OSError) as error:
                log.warning("hub.listener_lost", error=repr(error), retry_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_SECONDS[1])

    async def _compare_epochs(self) -> None:
        found = await self._in_thread(epoch)
        if found != self.epoch:
            self.epoch, self._position = found, None
            self._restored()

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), self._poll_seconds)
            self._rung.clear()
            try:
                async with self._reading:
                    await self._read()
            except Exception as error:
                # Whatever it is: everybody waits for this loop, and it starts where it was.
                log.error("hub.read_failed", error=repr(error))
                await asyncio.sleep(RETRY_SECONDS[0])

    async def _read(self) -> None:
        if not self._followers:
            self._position = None  # a join that was under way may have set it again
        while self._position is not None:
            records, items = await self._in_thread(self._fetch, self._position)
            # The last follower may have left while this was being read.
            if not records or not self._followers:
                return
            self._position = int(records[-1].position or 0)
            self._watch(records)
            await self._fan_out(items)

    async def _fan_out(self, items: list[Item]) -> None:
        """Offers items, and then leaves the loop to others for as long as the sending took.

        Events that come meanwhile go out together, so that much talk in a full room costs fewer
        frames and leaves time for those who talk.
        """
        began = time.monotonic()
        for item in items:
            for subscription in self.followers(item.topic):
                subscription.offer(item)
        # Woken sockets send in the next two turns of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(min(time.monotonic() - began, REST_SECONDS))

    def _fetch(self, position: int) -> tuple[list[Record], list[Item]]:
        records = read_after(position, PAGE)
        # Asked only after reading: whoever joins later reads the log later still, and finds there
        # what this batch does not bring.
        topics = frozenset(list(self._followers))
        return records, self._encode(records, topics) if records else []

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, with_connection, function, *arguments)
