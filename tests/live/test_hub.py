"""The hub by itself: reading once, fanning out, lost doorbells, full queues."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from eventlog.clock import now
from eventlog.core import Context
from eventlog.direct import AsyncConnection, connect_async
from eventlog.hub import Hub, Page, Subscription
from eventlog.outbox import FRAME_BYTES, FRAME_EVENTS, MOST_BYTES, MOST_ITEMS, Frames, Item, Outbox
from eventlog.reading import read_stream
from eventlog.records import Record
from eventlog.sealer import seal_once
from eventlog.store import execute
from tests.eventlog.lamps import Toggle
from tests.live.conftest import in_thread


def encode(records: Sequence[Record], topics: frozenset[str]) -> list[Item]:
    """Items that hold nothing but their version."""
    return [
        Item(r.stream, r.version, str(r.version).encode()) for r in records if r.stream in topics
    ]


def switch(lamp: str, times: int) -> None:
    """Events on the stream of a lamp, sealed."""
    for _ in range(times):
        execute(Toggle(lamp=lamp, by="person:1", at=now()), Context.by("person:1"))
    seal_once()


async def page(topic: str, after: int) -> Page:
    """A stretch of a stream, three events at a time so that pages matter."""
    records = await in_thread(read_stream, topic, after, 3)
    items = encode(records, frozenset({topic}))
    return Page(items, items[-1].version if items else after, more=len(items) == 3)


class Reader:
    """Somebody who follows one lamp."""

    def __init__(self, hub: Hub, topic: str, after: int = 0):
        self.lost: set[str] = set()
        self.outbox = Outbox(Frames(), self.lost.update)
        self.subscription = Subscription(topic, after, self.outbox)
        self.hub, self.topic = hub, topic
        self.frames: list[str] = []

    async def read(self) -> None:
        """Takes what is sent, for ever."""
        while True:
            self.frames += await self.outbox.take()

    async def follow(self) -> None:
        """Joins and catches up."""
        await self.hub.join(self.subscription)
        await self.subscription.catch_up(lambda after: page(self.topic, after))

    @property
    def versions(self) -> list[int]:
        """What arrived, in order."""
        return [int(v) for f in self.frames for v in f.partition('"events":[')[2][:-2].split(",")]


@asynccontextmanager
async def hub(**options: object) -> AsyncIterator[Hub]:
    """A hub at work."""
    started = Hub(encode, lambda: connect_async("hub test"), **options)  # type: ignore[arg-type]
    await started.start()
    try:
        yield started
    finally:
        await started.stop()


@asynccontextmanager
async def reading(reader: Reader) -> AsyncIterator[Reader]:
    """A reader that takes what it is sent."""
    task = asyncio.create_task(reader.read())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: object, seconds: float = 5) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("transactional_db")
async def test_readers_who_join_at_any_moment_get_everything_once_and_in_order() -> None:
    async with hub() as at_work:
        readers: list[Reader] = []
        tasks_reading: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as tasks:
            for _ in range(20):
                reader = Reader(at_work, "lamp:1")
                readers.append(reader)
                reading_task = asyncio.create_task(reader.read())
                tasks.create_task(reader.follow())
                await in_thread(switch, "1", 2)
                await in_thread(switch, "2", 2)
                await asyncio.sleep(random.uniform(0, 0.01))
                tasks_reading.append(reading_task)
        await until(lambda: all(reader.versions[-1:] == [40] for reader in readers))
        for reading_task in tasks_reading:
            reading_task.cancel()
    assert all(reader.versions == list(range(1, 41)) for reader in readers)


@pytest.mark.usefixtures("transactional_db")
async def test_without_any_doorbell_polling_finds_everything() -> None:
    class Deaf:
        async def __aenter__(self) -> Deaf:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def execute(self, _: str) -> None:
            pass

        async def notifies(self) -> AsyncIterator[None]:
            await asyncio.sleep(3600)
            yield

    async def deaf() -> AsyncConnection:
        return Deaf()  # type: ignore[return-value]

    at_work = Hub(encode, deaf, poll_seconds=0.2)
    await at_work.start()
    async with reading(Reader(at_work, "lamp:1")) as reader:
        await reader.follow()
        await asyncio.sleep(0.3)
        await in_thread(switch, "1", 10)
        await until(lambda: reader.versions == list(range(1, 11)), 1)
    await at_work.stop()


@pytest.mark.usefixtures("transactional_db")
async def test_nothing_is_read_while_nobody_listens() -> None:
    seen: list[Record] = []
    async with hub(poll_seconds=0.05, watch=seen.extend) as at_work:
        await in_thread(switch, "1", 6)
        await asyncio.sleep(0.3)
        assert seen == []
        async with reading(Reader(at_work, "lamp:1", after=6)) as reader:
            await reader.follow()
            await in_thread(switch, "2", 2)
            await until(lambda: len(seen) == 2)
            assert {record.stream for record in seen} == {"lamp:2"}
            at_work.leave(reader.subscription)
            await in_thread(switch, "1", 2)
            await asyncio.sleep(0.3)
            assert len(seen) == 2
            assert reader.versions == []


async def test_a_full_queue_is_thrown_away_and_says_whose_it_was() -> None:
    lost: list[set[str]] = []
    outbox = Outbox(Frames(), lost.append)
    outbox.say("greeting")
    for version in range(1, MOST_ITEMS + 2):
        outbox.put(Item("lamp:1" if version % 2 else "lamp:2", version, b"{}"))
    assert lost == [{"lamp:1", "lamp:2"}]
    assert await outbox.take() == ["greeting"]


async def test_a_queue_is_bounded_in_bytes_as_well() -> None:
    lost: list[set[str]] = []
    outbox = Outbox(Frames(), lost.append)
    big = b"x" * (MOST_BYTES // 4)
    for version in range(1, 6):
        outbox.put(Item("lamp:1", version, big))
    assert lost == [{"lamp:1"}]


async def test_frames_join_consecutive_events_of_one_topic_within_bounds() -> None:
    outbox = Outbox(Frames(), lambda topics: None)
    for version in range(1, FRAME_EVENTS + 3):
        outbox.put(Item("lamp:1", version, b"1"))
    outbox.put(Item("lamp:2", 1, b"2"))
    outbox.say("between")
    outbox.put(Item("lamp:1", FRAME_EVENTS + 3, b"x" * FRAME_BYTES))
    outbox.put(Item("lamp:1", FRAME_EVENTS + 4, b"y"))
    outbox.put(Item("board", 9, b"whole", whole=True))
    frames = await outbox.take()
    assert [frame[:48] for frame in frames] == [
        '{"t":"ev","stream":"lamp:1","from":1,"to":100,"e',
        '{"t":"ev","stream":"lamp:1","from":101,"to":102,',
        '{"t":"ev","stream":"lamp:2","from":1,"to":1,"eve',
        "between",
        '{"t":"ev","stream":"lamp:1","from":103,"to":103,',
        '{"t":"ev","stream":"lamp:1","from":104,"to":104,',
        "whole",
    ]


async def test_a_remembered_frame_is_not_sent_for_an_event_that_was_erased_since() -> None:
    frames = Frames()
    assert "secret" in frames.join([Item("lamp:1", 1, b'{"text":"secret"}')])
    assert "secret" not in frames.join([Item("lamp:1", 1, b'{"text":""}')])


async def test_a_subscription_that_misses_too_much_while_behind_reads_again() -> None:
    past = list(range(1, 4))
    outbox = Outbox(Frames(), lambda topics: None)
    subscription = Subscription("lamp:1", 0, outbox)
    reads: list[int] = []

    async def read(after: int) -> Page:
        reads.append(after)
        items = [Item("lamp:1", version, b"1") for version in past if version > after]
        if len(reads) == 1:
            for version in range(4, MOST_ITEMS + 10):
                past.append(version)
                subscription.offer(Item("lamp:1", version, b"1"))
        return Page(items, items[-1].version if items else after, more=False)

    async def drain() -> None:
        while True:
            await outbox.take()

    draining = asyncio.create_task(drain())
    await subscription.catch_up(read)
    draining.cancel()
    assert reads == [0, 3]
    assert (subscription.last, subscription.live) == (past[-1], True)
