"""What a client lives through with nothing lost and nothing twice."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import psycopg
import pytest

from config.environment import ROOT
from eventlog.reading import read_stream
from eventlog.sealing import SealingProcess
from tests.cast import Player
from tests.live.conftest import in_thread, opened, said, versions
from tests.processes import Server

QUIET_SECONDS = 20


def load_example() -> ModuleType:
    """The reference client of the documentation."""
    path = ROOT / "docs" / "examples" / "live_bot.py"
    spec = importlib.util.spec_from_file_location("live_bot", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["live_bot"] = module
    spec.loader.exec_module(module)
    return module


class Listener:
    """The reference client, and what it has heard."""

    def __init__(self, client: Any, heard: list[dict[str, Any]]):
        self.client, self.heard = client, heard

    async def until(self, version: int) -> None:
        """Waits until it has heard an event."""
        async with asyncio.timeout(QUIET_SECONDS):
            while not self.heard or self.heard[-1]["v"] < version:
                await asyncio.sleep(0.02)

    async def until_live(self) -> None:
        """Waits until it hears what happens."""
        async with asyncio.timeout(QUIET_SECONDS):
            while not self.client.live:
                await asyncio.sleep(0.02)

    @property
    def versions(self) -> list[int]:
        """The versions it has heard, in order."""
        return [event["v"] for event in self.heard]


@asynccontextmanager
async def listening(server: Server, token: str, stream: str) -> AsyncIterator[Listener]:
    """The reference client at work."""
    heard: list[dict[str, Any]] = []
    client = load_example().Client(
        server.url, token, {stream: 0}, lambda _, event: heard.append(event)
    )
    running = asyncio.create_task(client.run())
    try:
        yield Listener(client, heard)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_killed_web_process_costs_a_client_nothing_but_time(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    async with listening(server, bot, incident) as listener:
        await listener.until_live()
        await said(incident, ana, *(f"before {n}" for n in range(10)))
        await asyncio.to_thread(server.end, signal.SIGKILL)
        await said(incident, ana, *(f"meanwhile {n}" for n in range(20)))
        server.start()
        await asyncio.to_thread(server.wait)
        await said(incident, ana, *(f"after {n}" for n in range(10)))
        head = len(await in_thread(read_stream, incident))
        await listener.until(head)
    assert listener.versions == list(range(1, head + 1))
    assert listener.client.connections == 2


async def test_a_post_in_flight_while_the_process_is_killed_is_posted_once(
    server: Server, incident: str, bot: str
) -> None:
    async with listening(server, bot, incident) as listener:
        await listener.until_live()
        posts = [
            asyncio.create_task(listener.client.post(incident, f"text {n}", cid=f"c{n}"))
            for n in range(10)
        ]
        await asyncio.sleep(0.01)
        await asyncio.to_thread(server.end, signal.SIGKILL)
        server.start()
        answers = await asyncio.gather(*posts)
        head = max(answer["v"] for answer in answers)
        await listener.until(head)
    texts = [e["data"]["text"] for e in listener.heard if e["type"] == "incident.message_posted"]
    assert sorted(texts) == sorted(f"text {n}" for n in range(10))
    assert listener.versions == list(range(1, len(listener.heard) + 1))


async def test_an_orderly_end_tells_clients_to_come_again(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        await socket.follow(incident)
        ending = asyncio.to_thread(server.end, signal.SIGTERM)
        task = asyncio.ensure_future(ending)
        assert (await socket.hear("drain"))["spread_ms"] > 0
        assert await socket.closed() == 1012
        await task


def deafen(owner: psycopg.Connection[Any]) -> int:
    """Ends the connections that listen for the doorbell; returns how many there were."""
    found = owner.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'dropstitch hub' AND datname = current_database()"
    ).fetchone()
    return int(found[0]) if found else 0


async def test_a_hub_whose_connection_is_cut_listens_again(
    server: Server, incident: str, bot: str, ana: Player, owner: psycopg.Connection[Any]
) -> None:
    async with opened(server, bot) as socket:
        await socket.follow(incident)
        for _ in range(3):
            assert await in_thread(deafen, owner) == 1
            await asyncio.sleep(0.7)
            await said(incident, ana, "again")
            assert (await socket.event("incident.message_posted"))["data"]["text"] == "again"


async def test_a_sealer_that_is_away_delays_and_loses_nothing(
    server: Server, sealer: SealingProcess, incident: str, bot: str, ana: Player
) -> None:
    async with opened(server, bot) as socket:
        head = (await socket.follow(incident))[0]["head"]
        sealer.stop()
        await asyncio.sleep(0.3)
        await said(incident, ana, "one", "two")
        # whoever asks the log itself is told what is committed, sealed or not
        async with opened(server, bot) as second:
            told = [
                e for f in await second.follow(incident, after=head) for e in f.get("events", [])
            ]
            texts = [e["data"]["text"] for e in told if e["type"] == "incident.message_posted"]
            assert texts == ["one", "two"]
        last = told[-1]["v"]
        again = SealingProcess(lambda types: None)
        running = asyncio.create_task(asyncio.to_thread(again.run))
        heard: list[int] = []
        while not heard or heard[-1] < last:
            heard += versions([await socket.hear("ev")])
        assert heard == list(range(head + 1, last + 1))
        again.stop()
        await running


async def test_a_client_that_does_not_read_is_detached_and_hurts_nobody(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    text = "x" * 7_000
    async with (
        opened(server, bot, max_queue=1, ping_interval=None) as slow,
        opened(server, bot) as quick,
    ):
        head = (await quick.follow(incident))[0]["head"]
        await slow.follow(incident, after=head)
        heard: list[int] = []
        # Past what the network and the queue hold: 512 events, or one MiB.
        for _ in range(8):
            await said(incident, ana, *[text] * 50)
            last = len(await in_thread(read_stream, incident))
            while not heard or heard[-1] < last:
                heard += versions([await quick.hear("ev")])
        assert heard == list(range(head + 1, last + 1))
        told = [await slow.hear("ev", "lag")]
        while told[-1]["t"] != "lag":
            told.append(await slow.hear("ev", "lag"))
        seen = versions(told)[-1]
        caught_up = versions(await slow.follow(incident, after=seen))
        assert caught_up == list(range(seen + 1, last + 1))


@pytest.mark.parametrize("after", [0, 3])
async def test_who_comes_while_much_is_said_misses_nothing(
    server: Server, incident: str, bot: str, ana: Player, after: int
) -> None:
    await said(incident, ana, "one", "two", "three")
    talking = asyncio.create_task(said(incident, ana, *(f"{n}" for n in range(60))))
    found: list[list[int]] = []
    while not talking.done():
        async with opened(server, bot) as socket:
            seen = versions(await socket.follow(incident, after=after))
            while len(seen) < 5:
                seen += versions([await socket.hear("ev")])
            found.append(seen)
        await asyncio.sleep(0.05)
    await talking
    assert found
    for seen in found:
        assert seen == list(range(after + 1, after + 1 + len(seen)))
