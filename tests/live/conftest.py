"""Sockets to talk to a real web process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, uuid7
from eventlog.db import with_connection
from incidents.acting import say
from incidents.commands import Declare
from tests.cast import Player, machine
from tests.processes import Server

SUBPROTOCOL = "dropstitch.v1.json"
ANSWER_SECONDS = 30

Frame = dict[str, Any]


@pytest.fixture
def incident(ana: Player) -> str:
    """The stream of an incident that Ana has declared."""
    number = str(uuid7())
    command = Declare(
        incident=number, at=now(), title="Ranker is slow", severity=2, declared_by=ana.ref, number=1
    )
    store.execute(command, Context.by(ana.ref))
    return f"incident:{number}"


@pytest.fixture
def bot(ana: Player) -> str:
    """Text of a token that may do in incidents what Ana may."""
    return machine("incidents:write", owner=ana.ref, name="bot").secret


async def in_thread(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Runs what uses the database beside the loop."""
    return await asyncio.to_thread(with_connection, partial(function, *arguments, **named))


async def said(stream: str, player: Player, *texts: str) -> None:
    """Somebody says something, by another way than the socket."""

    def say_all() -> None:
        for text in texts:
            say(stream.partition(":")[2], player.ref, str(uuid7()), text, now())

    await in_thread(say_all)


class Socket:
    """One connection, frame by frame."""

    def __init__(self, connection: ClientConnection):
        self.connection = connection

    async def say(self, **frame: Any) -> None:
        """Sends a frame."""
        await self.connection.send(json.dumps(frame))

    async def hear(self, *kinds: str) -> Frame:
        """The next frame of one of these kinds; others are passed by."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                frame: Frame = json.loads(await self.connection.recv())
                if frame["t"] in kinds:
                    return frame

    async def event(self, kind: str) -> Any:
        """The next event of this type; others are passed by."""
        while True:
            for event in (await self.hear("ev"))["events"]:
                if event["type"] == kind:
                    return event

    async def follow(self, stream: str, after: int | None = None, **more: Any) -> list[Frame]:
        """Subscribes; returns every frame up to `live`."""
        await self.say(t="sub", id=1, stream=stream, after=after, **more)
        frames = []
        while not frames or frames[-1]["t"] not in ("live", "nack"):
            frames.append(await self.hear("sub.ok", "ev", "reset", "live", "nack", "touch"))
        return frames

    async def closed(self) -> int:
        """The code with which the server ends the connection."""
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed:
                return self.connection.close_code or 0


@asynccontextmanager
async def opened(
    server: Server, token: str = "", origin: str | None = None, **options: Any
) -> AsyncIterator[Socket]:
    """A socket with a token, or with the headers given."""
    headers = dict(options.pop("headers", {}))
    if token:
        headers["Authorization"] = f"Bearer {token}"
    options.setdefault("subprotocols", [SUBPROTOCOL])
    async with connect(
        server.url, additional_headers=headers, origin=origin, compression=None, **options
    ) as connection:
        yield Socket(connection)


async def cookies(player: Player) -> dict[str, str]:
    """Headers of the player's signed-in browser."""
    morsel = (await in_thread(lambda: player.browser)).cookies["sessionid"]
    return {"Cookie": f"sessionid={morsel.value}"}


def versions(frames: list[Frame]) -> list[int]:
    """Versions of the events in frames, in order."""
    return [event["v"] for frame in frames if frame["t"] == "ev" for event in frame["events"]]
