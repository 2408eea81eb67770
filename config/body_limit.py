"""Keeps request bodies within their limit, before Django spools them to disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from access.api.problems import problem_response

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def limited(app: App) -> App:
    """The ASGI application, which never sees more of a body than MAX_BODY_BYTES."""

    async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        counter = _Counter(settings.ENV.max_body_bytes, receive, send)
        if counter.announced(scope) > counter.limit:
            await counter.refuse()
            return
        await app(scope, counter.receive, counter.send)
        if counter.over and not counter.started:
            await counter.refuse()

    return answer


class _Counter:
    """Counts one request's body, and hangs up on Django when there is too much of it."""

    def __init__(self, limit: int, receive: Receive, send: Send):
        self.limit, self._receive, self._send = limit, receive, send
        self.seen, self.over, self.started = 0, False, False

    def announced(self, scope: dict[str, Any]) -> int:
        length = dict(scope["headers"]).get(b"content-length", b"0")
        return int(length) if length.isdigit() else 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.seen += len(message.get("body", b""))
        if self.seen > self.limit:
            # Django answers a disconnect with silence, which leaves the answer to us.
            self.over = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        self.started = self.started or message["type"] == "http.response.start"
        await self._send(message)

    async def refuse(self) -> None:
        response = problem_response(413, "too_large", f"A body has {self.limit} bytes at most.")
        headers = [(b"content-type", response["Content-Type"].encode()), (b"connection", b"close")]
        start = {"type": "http.response.start", "status": 413, "headers": headers}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": response.content})
