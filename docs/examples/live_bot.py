"""A small client of the live channel: follows streams without loss and speaks in them.

    pip install websockets
    DROPSTITCH_TOKEN=ds_… python live_bot.py ws://127.0.0.1:8000/ws/v1 incident:0198f3c2-…

It prints what happens and answers messages that begin with “ping”. The rules that matter are in
`_apply` (a version is taken only if it is the last one plus one) and `post` (the same client id
is posted once, so sending again is always safe).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import uuid
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

SUBPROTOCOL = "dropstitch.v1.json"
FINAL_CODES = {4400, 4401, 4403, 4426}
ANSWER_SECONDS = 10
LONGEST_WAIT_SECONDS = 30

Frame = dict[str, Any]
OnEvent = Callable[[str, Frame], None]


class Refused(Exception):
    """The server will not have us, or will not take a message: `answer` says why."""

    def __init__(self, answer: Frame):
        super().__init__(answer.get("message") or answer.get("code"))
        self.answer = answer


class Client:
    """Follows streams from the versions given, through any number of connections.

    `on_event(stream, event)` is called once for each event, in order. `positions` may be stored:
    a client that starts from them again misses nothing.
    """

    def __init__(self, url: str, token: str, positions: dict[str, int | None], on_event: OnEvent):
        self.url, self.token, self.positions, self.on_event = url, token, positions, on_event
        self.epoch: str | None = None
        self.live: set[str] = set()
        self.name = self.ref = ""
        self.connections = 0
        self._socket: ClientConnection | None = None
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._connected = asyncio.Event()

    async def run(self) -> None:
        """Connects again and again. Raises `Refused` when that cannot help."""
        attempt = 0
        while True:
            try:
                attempt = 0 if await self._converse() else attempt + 1
            except (OSError, WebSocketException, InvalidHandshake, TimeoutError):
                attempt += 1
            # Full jitter: after a restart not everybody comes at the same moment.
            await asyncio.sleep(random.uniform(0, min(LONGEST_WAIT_SECONDS, 0.5 * 2**attempt)))

    async def post(self, stream: str, text: str, cid: str | None = None) -> Frame:
        """Posts a message and returns once it is durable, whatever happens to the connection."""
        cid = cid or str(uuid.uuid4())
        while True:
            answer = await self._ask({"t": "post", "cid": cid, "stream": stream, "text": text})
            if answer is not None and answer["t"] == "ack":
                return answer
            if answer is not None and not answer["retry"]:
                raise Refused(answer)
            await asyncio.sleep(answer.get("retry_ms", 500) / 1000 if answer else 0.1)

    async def _ask(self, frame: Frame) -> Frame | None:
        await self._connected.wait()
        answer = self._answers[frame["cid"]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._say(frame)
                return await answer
        except (TimeoutError, WebSocketException):
            return None

    async def _converse(self) -> bool:
        """One connection, from greeting to end. Whether the greeting came."""
        headers = {"Authorization": f"Bearer {self.token}"}
        greeted = False
        async with connect(
            self.url,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers=headers,
            compression=None,
            max_size=2**22,
        ) as self._socket:
            beat = asyncio.create_task(self._beat())
            try:
                async for text in self._socket:
                    frame = json.loads(text)
                    greeted = greeted or frame["t"] == "hello"
                    await self._take(frame)
            finally:
                beat.cancel()
                self._disconnected()
        code = self._socket.close_code
        if code in FINAL_CODES:
            raise Refused({"code": code, "message": f"closed with {code}"})
        return greeted

    def _disconnected(self) -> None:
        self._connected.clear()
        self.live.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(TimeoutError())
                answer.exception()  # somebody may have stopped waiting
        self._answers.clear()

    async def _beat(self) -> None:
        for count in range(1, 2**31):
            await asyncio.sleep(25)
            await self._say({"t": "ping", "n": count})

    async def _say(self, frame: Frame) -> None:
        if self._socket is not None:
            await self._socket.send(json.dumps(frame))

    async def _take(self, frame: Frame) -> None:
        match frame["t"]:
            case "hello":
                self.connections += 1
                self.name, self.ref = frame["user"]["name"], frame["user"]["ref"]
                self._connected.set()
                for stream in list(self.positions):
                    await self._subscribe(stream)
            case "sub.ok":
                self.epoch = frame["epoch"]
                if self.positions[frame["stream"]] is None:
                    self.positions[frame["stream"]] = frame["head"]
            case "ev":
                await self._apply(frame["stream"], frame["events"])
            case "live":
                self.live.add(frame["stream"])
            case "reset":  # too much was missed to tell: look at frame["snapshot"] instead
                self.positions[frame["stream"]] = frame["head"]
                self.epoch = frame["epoch"]
            case "lag":
                await self._subscribe(frame["stream"])
            case "revoked":
                self.positions.pop(frame["stream"], None)
            case "pong":
                for stream, head in frame["heads"].items():
                    if stream in self.live and (self.positions.get(stream) or 0) < head:
                        await self._subscribe(stream)
            case "ack" | "nack":
                answer = self._answers.pop(frame.get("cid"), None)
                if answer is not None and not answer.done():
                    answer.set_result(frame)

    async def _subscribe(self, stream: str) -> None:
        self.live.discard(stream)
        frame: Frame = {"t": "sub", "stream": stream, "id": stream}
        if (after := self.positions[stream]) is not None:
            frame["after"] = after
            if self.epoch:
                frame["epoch"] = self.epoch
        await self._say(frame)

    async def _apply(self, stream: str, events: list[Frame]) -> None:
        for event in events:
            last = self.positions[stream] or 0
            if event["v"] <= last:
                continue
            if event["v"] > last + 1:
                await self._subscribe(stream)
                return
            self.positions[stream] = event["v"]
            self.on_event(stream, event)


async def main() -> None:
    """Follows the streams named on the command line from now on."""
    url, *streams = sys.argv[1:]

    def on_event(stream: str, event: Frame) -> None:
        text = (event["data"] or {}).get("text", "")
        sys.stdout.write(f"{event['at']} {event['actor']['name']} {event['type']} {text}\n")
        if text.startswith("ping") and event["actor"]["ref"] != client.ref:
            tasks.add(asyncio.create_task(client.post(stream, "pong", cid=f"pong-{event['id']}")))

    tasks: set[asyncio.Task[Frame]] = set()
    client = Client(url, os.environ["DROPSTITCH_TOKEN"], dict.fromkeys(streams), on_event)
    await client.run()


if __name__ == "__main__":
    asyncio.run(main())
