"""One socket: its frames in, its subscriptions, its queue out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from django.db import DatabaseError

from access.rights import NOBODY
from config.live import protocol
from config.live.identity import Identity, from_token
from config.live.limits import Bucket, Buckets
from config.live.protocol import Close, Closed, Nack, count_of, encoded, text_of
from eventlog.clock import now
from eventlog.hub import Page, Subscription
from eventlog.outbox import Outbox

if TYPE_CHECKING:
    from config.live.server import Live

log = structlog.get_logger(__name__)

Frame = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

RETRY_SECONDS = 0.5


class Connection:
    """From the greeting to the close. Everything here runs on the loop."""

    def __init__(self, live: Live, identity: Identity | None, receive: Receive, send: Send):
        self.id = uuid4().hex[:12]
        self.identity, self.actor = identity, NOBODY
        self._live, self._receive, self._send = live, receive, send
        self._outbox = Outbox(live.frames, self._lag)
        self._following: dict[str, Subscription] = {}
        self._catching_up: dict[str, asyncio.Task[None]] = {}
        self._frames = Bucket(*protocol.FRAME_RATE)
        self._lagged_at = self._typed_at = float("-inf")
        self._closing: Close | None = None
        self._task = asyncio.current_task()
        self.heard_at = self.checked_at = time.monotonic()
        self._sending_since = 0.0

    # From beginning to end

    async def run(self) -> None:
        """Serves the socket until either side ends it."""
        writer: asyncio.Task[None] | None = None
        code: Close | None = None
        try:
            await self._identify()
            self._greet()
            writer = asyncio.create_task(self._write())
            while (message := await self._receive())["type"] != "websocket.disconnect":
                await self._take(message)
        except Closed as closed:
            code = closed.code
        except asyncio.CancelledError:
            code = self._closing
            if code is None:
                raise
        finally:
            self._end(writer)
        if code is not None:
            await self._say_goodbye(code)

    def close(self, code: Close) -> None:
        """Ends the connection from outside: the clock, the hub or another thread's news."""
        if self._closing is None and self._task is not None:
            self._closing = code
            self._task.cancel()

    def _end(self, writer: asyncio.Task[None] | None) -> None:
        for task in [writer, *self._catching_up.values()]:
            if task is not None:
                task.cancel()
        for stream in list(self._following):
            self._drop(stream)

    async def _say_goodbye(self, code: Close) -> None:
        with suppress(Exception):
            async with asyncio.timeout(1):
                await self._send({"type": "websocket.close", "code": int(code)})

    async def _identify(self) -> None:
        """Finds out who it is: by what came with the handshake, or by the first frame."""
        if self.identity is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(protocol.IDENTIFY_SECONDS):
                    self.identity = await self._token_frame()
        await self.check()
        if self._live.connects.take(self.actor.ref):
            raise Closed(Close.FLOOD)

    async def _token_frame(self) -> Identity | None:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Closed(Close.SIGNED_OUT)
        frame = protocol.parsed(message)
        token = frame.get("token") if frame["t"] == "auth" else None
        return from_token(token) if isinstance(token, str) else None

    async def check(self) -> None:
        """Asks again who it is. Raises `Closed` if it is nobody any more."""
        self.checked_at = time.monotonic()
        if self.identity is None:
            raise Closed(Close.SIGNED_OUT)
        self.actor = await self._live.answers.in_thread(self.identity.ask)
        if not self.actor.is_authenticated:
            raise Closed(Close.SIGNED_OUT)

    def _greet(self) -> None:
        self._tell(
            t="hello",
            conn=self.id,
            proto=protocol.VERSION,
            epoch=self._live.hub.epoch,
            user={"ref": self.actor.ref, "name": self.actor.name},
            hb_s=protocol.HEARTBEAT_SECONDS,
            now=now(),
            limits=protocol.LIMITS,
        )

    # Out

    async def _write(self) -> None:
        try:
            while True:
                for frame in await self._outbox.take():
                    self._sending_since = time.monotonic()
                    await self._send({"type": "websocket.send", "text": frame})
                self._sending_since = 0.0
        except (OSError, RuntimeError):
            pass  # the socket is gone; the reader hears of it

    def blocked_since(self, at: float) -> bool:
        """Whether the network has taken nothing since `at`."""
        return 0 < self._sending_since < at

    def say(self, frame: str) -> None:
        """Sends a frame that was encoded before."""
        self._outbox.say(frame)

    def _tell(self, **frame: Any) -> None:
        self._outbox.say(encoded(frame))

    def _lag(self, topics: set[str]) -> None:
        """The queue was thrown away: its followers ask again, or are too slow for us."""
        again = time.monotonic() - self._lagged_at < protocol.LAG_AGAIN_SECONDS
        self._lagged_at = time.monotonic()
        for topic in topics:
            self._drop(topic)
            self._tell(t="lag", stream=topic)
        if again:
            self.close(Close.SLOW)

    # In

    async def _take(self, message: dict[str, Any]) -> None:
        self.heard_at = time.monotonic()
        if self._frames.take():
            raise Closed(Close.FLOOD)
        frame = protocol.parsed(message)
        try:
            handle = HANDLERS.get(frame["t"])
            if handle is None:
                raise Nack("bad_frame", f"There is no frame {frame['t'][:40]!r}.", field="t")
            await handle(self, frame)
        except Nack as refusal:
            self._refuse(frame, refusal)
        except Closed:
            raise
        except Exception as error:
            # Nothing is known of what became of it; the same client id may be sent again.
            log.exception("live.frame_failed", frame=frame["t"], error=repr(error))
            if frame["t"] == "sub":
                raise Closed(Close.RESTART) from error
            self._refuse(frame, Nack("server_error", "That did not work. Try again.", retry=True))

    def _refuse(self, frame: Frame, refusal: Nack) -> None:
        about = {name: frame[name] for name in ("id", "cid", "stream") if name in frame}
        self._tell(t="nack", **about, **refusal.answer)

    async def _ping(self, frame: Frame) -> None:
        heads = await self._live.answers.heads(list(self._following))
        self._tell(t="pong", n=count_of(frame, "n"), heads=heads)

    async def _unsubscribe(self, frame: Frame) -> None:
        self._drop(text_of(frame, "stream"))

    async def _typing(self, frame: Frame) -> None:
        stream = text_of(frame, "stream")
        recently = time.monotonic() - self._typed_at < protocol.TYPING_SECONDS
        if stream in self._following and not recently:
            self._typed_at = time.monotonic()
            self._live.presence.typing(stream, self)

    # Following

    async def _subscribe(self, frame: Frame) -> None:
        stream = text_of(frame, "stream")
        after, epoch = count_of(frame, "after"), frame.get("epoch")
        self._drop(stream)
        if len(self._following) >= protocol.SUBSCRIPTIONS:
            raise Nack("too_many_subs", f"{protocol.SUBSCRIPTIONS} streams at most.")
        head, can = await self._live.answers.admit(self.actor, stream)
        gone = epoch is not None and epoch != self._live.hub.epoch
        start = head if after is None else after
        reset = gone or not 0 <= head - start <= protocol.GAP_EVENTS
        subscription = Subscription(stream, head if reset else start, self._outbox)
        self._following[stream] = subscription
        await self._live.hub.join(subscription)
        self._tell(
            t="sub.ok", id=frame.get("id"), stream=stream, head=head, can=can, epoch=self.epoch
        )
        if reset:
            page = await self._live.answers.snapshot(stream)
            self._tell(t="reset", stream=stream, snapshot=page, head=head, epoch=self.epoch)
        self._catching_up[stream] = asyncio.create_task(self._catch_up(subscription))
        self._live.presence.came(stream, self)

    @property
    def epoch(self) -> str:
        """Name of the history that versions belong to."""
        return self._live.hub.epoch

    async def _catch_up(self, subscription: Subscription) -> None:
        stream = subscription.topic

        async def read(after: int) -> Page:
            return await self._live.answers.page(stream, after)

        while not subscription.live:
            try:
                await subscription.catch_up(read)
            except DatabaseError as error:
                log.warning("live.catch_up_failed", stream=stream, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
        if self._following.get(stream) is subscription:
            self._tell(t="live", stream=stream, at=subscription.last)
            self._catching_up.pop(stream, None)

    def _drop(self, stream: str) -> None:
        subscription = self._following.pop(stream, None)
        if subscription is None:
            return
        self._live.hub.leave(subscription)
        task = self._catching_up.pop(stream, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
        self._live.presence.went(stream, self)

    async def check_again(self) -> None:
        """Looks whether rights still hold: of the connection, and of each stream it follows."""
        try:
            await self.check()
            for stream in list(self._following):
                if not await self._live.answers.rights(self.actor, stream):
                    self._drop(stream)
                    self._tell(t="revoked", stream=stream)
        except Closed as closed:
            self.close(closed.code)
        except DatabaseError as error:
            # Nobody can be asked, and nobody can read either: asked again at the next turn.
            log.warning("live.check_failed", error=repr(error))

    # Speaking

    async def _post(self, frame: Frame) -> None:
        await self._carry_out(frame, "post", self._live.posts)

    async def _command(self, frame: Frame) -> None:
        if not text_of(frame, "text", protocol.TEXT_CHARACTERS).lstrip().startswith("/"):
            raise Nack("unknown_command", "A command starts with a slash.", field="text")
        await self._carry_out(frame, "command", self._live.commands)

    async def _carry_out(self, frame: Frame, right: str, allowed: Buckets) -> None:
        cid, stream = text_of(frame, "cid", 100), text_of(frame, "stream")
        text = text_of(frame, "text", protocol.TEXT_CHARACTERS)
        wait = allowed.take(self.actor.person or self.actor.ref)
        if wait:
            raise Nack("rate_limited", "Too fast.", retry=True, retry_ms=int(wait * 1000) + 1)
        await self.check()
        answers = self._live.answers
        receipt, reply = await answers.carry_out(self.actor, right, stream, cid, text)
        done = {"v": receipt.version, "dup": receipt.repeated} if receipt else {"reply": reply}
        self._tell(t="ack", cid=cid, **done)


HANDLERS: dict[str, Callable[[Connection, Frame], Awaitable[None]]] = {
    "sub": Connection._subscribe,
    "unsub": Connection._unsubscribe,
    "post": Connection._post,
    "cmd": Connection._command,
    "ping": Connection._ping,
    "typing": Connection._typing,
}
