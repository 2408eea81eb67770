from __future__ import annotations

import json
from typing import Any

import pytest

from config.body_limit import limited

LIMIT = 8 * 2**20


async def ask(chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[list[Any], int]:
    """Sends a body in pieces to an application that reads it all; its answer, and what it read."""
    read = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal read
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            read += len(message["body"])
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"read"})

    waiting = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, start=1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await limited(app)({"type": "http", "headers": headers}, receive, send)
    return sent, read


async def test_a_body_within_the_limit_passes():
    sent, read = await ask([b"x" * 1000] * 3, [(b"content-length", b"3000")])
    assert sent[0]["status"] == 200
    assert read == 3000


async def test_a_body_that_says_it_is_too_large_is_not_read():
    sent, read = await ask([b"x"], [(b"content-length", str(LIMIT + 1).encode())])
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["code"] == "too_large"
    assert read == 0


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"1")], [(b"content-length", b"-1")]])
async def test_a_body_that_grows_too_large_unannounced_is_cut_off(headers):
    sent, read = await ask([b"x" * 2**20] * 12, headers)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 413
    assert dict(sent[0]["headers"])[b"content-type"] == b"application/problem+json"
    assert read <= LIMIT


async def test_sockets_pass():
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await limited(app)({"type": "websocket", "headers": []}, None, None)
    assert seen == ["websocket"]
