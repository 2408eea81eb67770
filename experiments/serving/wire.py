"""The little of HTTP that the flag doors need, straight on ASGI: an answer costs no framework."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

MAX_BODY = 256 * 1024
JSON = (b"content-type", b"application/json")
PRIVATE = (b"cache-control", b"private, no-cache")
# Browsers of any site may ask: what answers is decided by the key, and no cookie counts here.
CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag, retry-after, x-sse-support"),
)
PREFLIGHT = (
    *CORS,
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, if-none-match, x-api-key"),
    (b"access-control-max-age", b"86400"),
)


class TooBig(Exception):
    """The body is larger than any evaluation context."""


class Gone(Exception):
    """The client hung up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, body (JSON unless it is bytes) and further headers."""

    status: int
    body: Any = None
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def header(scope: Scope, name: bytes) -> str:
    """A request header, empty without it."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises `TooBig`, `Gone`."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise TooBig
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def respond(send: Send, answer: Answer) -> None:
    """Sends an answer."""
    body = answer.body
    content = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
    headers = [JSON, *CORS, PRIVATE, *answer.headers, (b"content-length", b"%d" % len(content))]
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": content})


async def begin_events(send: Send) -> None:
    """Begins a stream of server-sent events."""
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-cache"),
        (b"x-accel-buffering", b"no"),
        *CORS,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def send_event(send: Send, data: bytes, *, event: str = "", id: str = "") -> None:
    """One server-sent event; its data has no line break."""
    lines = [f"event: {event}\n" if event else "", f"id: {id}\n" if id else ""]
    text = "".join(lines).encode() + b"data: " + data + b"\n\n"
    await send({"type": "http.response.body", "body": text, "more_body": True})


async def end_events(send: Send) -> None:
    """The end of a stream; its client comes again by itself."""
    await send({"type": "http.response.body", "body": b""})


async def send_comment(send: Send) -> None:
    """A line that keeps the connection open and shows when it is not."""
    await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})


class Rate:
    """Requests a second for each caller: a bucket that holds `burst` seconds of them."""

    def __init__(self, per_second: float, burst: float = 2.0, most: int = 10_000):
        self._rate, self._size, self._most = per_second, per_second * burst, most
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, caller: str) -> bool:
        """Takes one from the caller's bucket, if there is one."""
        at = time.monotonic()
        left, since = self._buckets.get(caller, (self._size, at))
        left = min(self._size, left + (at - since) * self._rate)
        if len(self._buckets) >= self._most and caller not in self._buckets:
            self._buckets.clear()
        self._buckets[caller] = (left - 1 if left >= 1 else left, at)
        return left >= 1


def query_of(scope: Scope) -> Mapping[str, str]:
    """Parameters of the query string, the last of each name."""
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20))
