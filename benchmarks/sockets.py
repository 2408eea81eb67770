"""Very many cheap websocket clients in one process, so that the server is what is measured.

They speak the live channel by its rules: subscribe from a position, take a version only if it is
the next one, come back with jitter. Equal frames are parsed once, since all sockets of a stream
are sent the same ones; masks are zero, which the protocol allows.
"""

from __future__ import annotations

import asyncio
import os
import random
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

HANDSHAKE = (
    "GET /ws/v1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: dropstitch.v1.json\r\n"
    "Authorization: Bearer {token}\r\n\r\n"
)
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
HANDSHAKES_AT_ONCE = 40
PARSED_KEPT = 512


@dataclass
class Seen:
    """What the clients of one process saw together."""

    latencies: list[float] = field(default_factory=list)
    duplicates: int = 0
    gaps: int = 0
    lags: int = 0
    resumed: list[float] = field(default_factory=list)


class Crowd:
    """Clients of one stream at one address."""

    def __init__(self, port: int, stream: str, tokens: list[str]):
        self.port, self.stream, self.tokens = port, stream, tokens
        self.seen, self.clients = Seen(), list[Client]()
        self.cut_at = 0.0
        self.handshakes = asyncio.Semaphore(HANDSHAKES_AT_ONCE)
        self._parsed: dict[bytes, dict[str, Any]] = {}

    async def grow(self, count: int) -> None:
        """Adds clients, and waits until all of them are live."""
        fresh = [Client(self, self.tokens[n % len(self.tokens)]) for n in range(count)]
        self.clients += fresh
        await asyncio.gather(*(client.connect() for client in fresh))
        if not await self.until(lambda: all(client.live for client in fresh)):
            raise TimeoutError(f"{sum(not c.live for c in fresh)} of {count} clients are not live")

    async def until(self, condition: Any, seconds: float = 60) -> bool:
        """Whether something came to be so in time."""
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                return False
            await asyncio.sleep(0.02)
        return True

    def complete(self, head: int) -> bool:
        """Whether everybody has everything up to a version."""
        return all(client.last >= head for client in self.clients)

    def lost(self, head: int) -> int:
        """Deliveries that never came."""
        return sum(max(0, head - client.last) for client in self.clients)

    def parsed(self, payload: bytes) -> dict[str, Any]:
        """A frame, parsed once for all who get it."""
        frame = self._parsed.get(payload)
        if frame is None:
            if len(self._parsed) >= PARSED_KEPT:
                self._parsed.clear()
            frame = self._parsed[payload] = orjson.loads(payload)
            frame["sent"] = list(_sent(frame.get("events", ())))
        return frame

    async def post(self, messages: int, rate: float, posters: int, padding: int) -> list[float]:
        """Messages at an even pace (0: at once), each by the next poster; seconds to each ack."""
        speaking = self.clients[:posters]
        pad, began = "x" * padding, time.monotonic()
        answers = []
        for number in range(messages):
            if rate:
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            text = f"{time.time():.6f} {pad}"
            answers.append(asyncio.create_task(speaking[number % posters].post(text)))
        return list(await asyncio.gather(*answers))

    def close(self) -> None:
        """Hangs up."""
        for client in self.clients:
            client.hang_up()


def _sent(events: Iterable[dict[str, Any]]) -> Iterable[float]:
    for event in events:
        text = (event["data"] or {}).get("text", "")
        word = text.partition(" ")[0]
        yield float(word) if word[:1].isdigit() and "." in word else 0.0


class Client(asyncio.Protocol):
    """One socket, and the next one when it is cut."""

    def __init__(self, crowd: Crowd, token: str):
        self._crowd, self._token = crowd, token
        self.last: int = -1
        self.live = self._wanted = False
        self._transport: asyncio.Transport | None = None
        self._buffer, self._open = b"", False
        self._answers: dict[str, tuple[float, asyncio.Future[float]]] = {}
        self._ready: asyncio.Future[None] | None = None
        self._cut_at = 0.0
        self._coming: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Opens a socket and waits for the greeting."""
        self._wanted = True
        loop = asyncio.get_running_loop()
        async with self._crowd.handshakes:
            self._ready = loop.create_future()
            self._buffer, self._open = b"", False
            await loop.create_connection(lambda: self, "127.0.0.1", self._crowd.port)
            async with asyncio.timeout(30):
                await self._ready

    def hang_up(self) -> None:
        """Closes for good."""
        self._wanted = False
        if self._transport is not None:
            self._transport.abort()

    async def post(self, text: str) -> float:
        """Says something; seconds until it was durable."""
        cid, began = os.urandom(8).hex(), time.perf_counter()
        future = asyncio.get_running_loop().create_future()
        self._answers[cid] = began, future
        self.send({"t": "post", "cid": cid, "stream": self._crowd.stream, "text": text})
        async with asyncio.timeout(30):
            return float(await future)

    def send(self, frame: dict[str, Any]) -> None:
        """Sends a frame."""
        payload = orjson.dumps(frame)
        size = len(payload)
        head = bytes([TEXT, 0x80 | size]) if size < 126 else bytes([TEXT, 0xFE]) + size.to_bytes(2)
        assert self._transport is not None
        self._transport.write(head + b"\0\0\0\0" + payload)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        request = HANDSHAKE.format(port=self._crowd.port, token=self._token)
        self._transport.write(request.encode())  # type: ignore[union-attr]

    def connection_lost(self, exc: Exception | None) -> None:
        self.live = False
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(ConnectionError("cut while connecting"))
        elif self._wanted:
            self._cut_at = self._crowd.cut_at or time.monotonic()
            self._coming = asyncio.get_running_loop().create_task(self._come_again())

    async def _come_again(self) -> None:
        for attempt in range(20):
            await asyncio.sleep(random.uniform(0, min(30, 0.5 * 2**attempt)))
            try:
                return await self.connect()
            except (OSError, TimeoutError):
                continue

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at = 0
        if not self._open:
            at = buffer.find(b"\r\n\r\n") + 4
            if at < 4:
                self._buffer = buffer
                return
            self._open = buffer.startswith(b"HTTP/1.1 101")
        while (end := _end_of_frame(buffer, at)) is not None:
            start, stop, kind = end
            if stop > len(buffer):
                break
            if kind == TEXT:
                self._take(buffer[start:stop])
            elif kind == PING:
                self._transport.write(
                    bytes([PONG, 0x80 | (stop - start)]) + b"\0\0\0\0" + buffer[start:stop]
                )  # type: ignore[union-attr]
            at = stop
        self._buffer = buffer[at:]

    def _take(self, payload: bytes) -> None:
        frame = self._crowd.parsed(payload)
        match frame["t"]:
            case "ev":
                self._apply(frame)
            case "hello":
                self._subscribe()
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(None)
            case "sub.ok":
                self.last = frame["head"] if self.last < 0 else self.last
            case "live":
                self.live = True
                if self._cut_at:
                    self._crowd.seen.resumed.append(time.monotonic() - self._cut_at)
                    self._cut_at = 0.0
            case "lag":
                self._crowd.seen.lags += 1
                self._subscribe()
            case "ack" | "nack":
                began, future = self._answers.pop(frame["cid"])
                if not future.done():
                    if frame["t"] == "ack":
                        future.set_result(time.perf_counter() - began)
                    else:
                        future.set_exception(RuntimeError(frame["message"]))

    def _subscribe(self) -> None:
        after = {"after": self.last} if self.last >= 0 else {}
        self.send({"t": "sub", "id": 1, "stream": self._crowd.stream, **after})

    def _apply(self, frame: dict[str, Any]) -> None:
        seen, now = self._crowd.seen, time.time()
        for version, sent in zip(range(frame["from"], frame["to"] + 1), frame["sent"], strict=True):
            if version <= self.last:
                seen.duplicates += 1
                continue
            seen.gaps += version != self.last + 1
            self.last = version
            if sent:
                seen.latencies.append(now - sent)


def _end_of_frame(buffer: bytes, at: int) -> tuple[int, int, int] | None:
    """Start and end of the payload, and the kind, of the frame that begins at `at`."""
    if len(buffer) < at + 2:
        return None
    size = buffer[at + 1]
    if size < 126:
        return at + 2, at + 2 + size, buffer[at]
    width, form = (2, ">H") if size == 126 else (8, ">Q")
    if len(buffer) < at + 2 + width:
        return None
    size = struct.unpack_from(form, buffer, at + 2)[0]
    return at + 2 + width, at + 2 + width + size, buffer[at]
