"""The websocket door of one process: accepts sockets, and keeps what they share."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog
from django.contrib.auth.signals import user_logged_out
from prometheus_client import Gauge, Histogram

from config.ending import when_ending
from config.live import protocol
from config.live.answers import Answers
from config.live.connection import Connection, Receive, Send
from config.live.encoding import Encoder
from config.live.identity import (
    Identity,
    Scope,
    from_header,
    from_session,
    has_own_origin,
    is_browser,
)
from config.live.limits import Buckets
from config.live.presence import Presence
from config.live.protocol import Close, encoded
from config.live.streams import Board, Streams
from eventlog.clock import now
from eventlog.direct import connect_async
from eventlog.hub import Hub
from eventlog.outbox import Frames
from eventlog.records import Record

log = structlog.get_logger(__name__)

SOCKETS = Gauge(
    "dropstitch_live_sockets", "Sockets of the live channel.", multiprocess_mode="livesum"
)
LAG = Histogram(
    "dropstitch_live_lag_seconds",
    "Time from an event's append until it is in the queues of its followers.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
TICK_SECONDS = 1.0
RIGHTS = ("person:", "token:")


class Live:
    """An ASGI application for the scope `websocket`. Starts with its first socket."""

    def __init__(self, streams: dict[str, Streams], board: Board):
        self.encoder = Encoder(streams, board)
        self.answers = Answers(streams, board, self.encoder)
        self.frames, self.presence = Frames(), Presence()
        self.hub = Hub(
            self.encoder.news,
            lambda: connect_async("hub"),
            watch=self._watch,
            restored=self._begin_anew,
        )
        self.connects = Buckets(*protocol.CONNECT_RATE)
        self.posts = Buckets(*protocol.POST_RATE)
        self.commands = Buckets(*protocol.COMMAND_RATE)
        self._connections: set[Connection] = set()
        self._starting = asyncio.Lock()
        self._ticking: asyncio.Task[None] | None = None
        self._checking: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one socket."""
        await receive()
        if scope["path"] != protocol.PATH:
            await send({"type": "websocket.close"})
        elif protocol.SUBPROTOCOL not in scope.get("subprotocols", []):
            await _refuse(send, Close.UPGRADE, None)
        elif is_browser(scope) and not has_own_origin(scope):
            await _refuse(send, Close.WRONG_ORIGIN, protocol.SUBPROTOCOL)
        else:
            await self._start()
            await send({"type": "websocket.accept", "subprotocol": protocol.SUBPROTOCOL})
            await self._serve(_identity(scope), receive, send)

    async def _serve(self, identity: Identity | None, receive: Receive, send: Send) -> None:
        connection = Connection(self, identity, receive, send)
        self._connections.add(connection)
        try:
            with SOCKETS.track_inprogress():
                await connection.run()
        finally:
            self._connections.discard(connection)

    # Beginning and end

    async def _start(self) -> None:
        async with self._starting:
            if self._ticking is None:
                await self.hub.start()
                self._ticking = asyncio.create_task(self._tick())
                when_ending(self.drain)  # so that clients spread out when they come again
                user_logged_out.connect(self._sign_out, dispatch_uid="live")

    def drain(self) -> None:
        """Tells every client to come again, each at its own moment."""
        frame = encoded({"t": "drain", "spread_ms": protocol.DRAIN_SPREAD_MS})
        for connection in self._connections:
            connection.say(frame)

    # Every second

    async def _tick(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            turn += 1
            self._look_after_sockets(time.monotonic())
            if turn % protocol.PRESENCE_SECONDS == 0:
                self.presence.tell()

    def _look_after_sockets(self, at: float) -> None:
        for connection in tuple(self._connections):
            if connection.blocked_since(at - protocol.BLOCKED_SECONDS):
                connection.close(Close.SLOW)
            elif connection.heard_at < at - protocol.SILENT_SECONDS:
                connection.close(Close.SILENT)
            elif connection.checked_at < at - protocol.RECHECK_SECONDS:
                self._check(connection)

    # Rights that change

    def _watch(self, records: list[Record]) -> None:
        LAG.observe((now() - records[0].recorded_at).total_seconds())
        self._look_for_changed_rights(records)

    def _look_for_changed_rights(self, records: list[Record]) -> None:
        changed = {record.stream for record in records if record.stream.startswith(RIGHTS)}
        if not changed:
            return
        self.encoder.forget()
        for connection in tuple(self._connections):
            if not changed.isdisjoint({connection.actor.ref, connection.actor.person}):
                self._check(connection)

    def _check(self, connection: Connection) -> None:
        connection.checked_at = time.monotonic()
        task = asyncio.create_task(connection.check_again())
        self._checking.add(task)
        task.add_done_callback(self._checking.discard)

    def _sign_out(self, request: Any = None, **_: Any) -> None:
        """Django's signal, in the thread of the request that signs out."""
        session = getattr(request, "session", None)
        key = session.session_key if session is not None else None
        if key and self._ticking is not None:
            self._ticking.get_loop().call_soon_threadsafe(self._close_session, key)

    def _close_session(self, key: str) -> None:
        for connection in tuple(self._connections):
            if connection.identity is not None and connection.identity.session == key:
                connection.close(Close.SIGNED_OUT)

    def _begin_anew(self) -> None:
        """The database was restored: every client has to compare histories."""
        self.encoder.forget()
        self.frames.forget()
        for connection in tuple(self._connections):
            connection.close(Close.RESTART)


def _identity(scope: Scope) -> Identity | None:
    return from_session(scope) if is_browser(scope) else from_header(scope)


async def _refuse(send: Send, code: Close, subprotocol: str | None) -> None:
    # Accepted and closed at once: a browser is not told why a handshake failed, but it is told
    # the code of a close.
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    await send({"type": "websocket.close", "code": int(code)})
