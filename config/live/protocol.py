"""Words and limits of the protocol `dropstitch.v1.json`; `docs/protocols.md` tells it in full."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import orjson

PATH = "/ws/v1"
SUBPROTOCOL = "dropstitch.v1.json"
VERSION = 1

HEARTBEAT_SECONDS = 25
SILENT_SECONDS = 70
BLOCKED_SECONDS = 15
IDENTIFY_SECONDS = 5
RECHECK_SECONDS = 60
LAG_AGAIN_SECONDS = 60
DRAIN_SPREAD_MS = 10_000
TYPING_SECONDS = 3
PRESENCE_SECONDS = 2

FRAME_BYTES = 16_384
TEXT_CHARACTERS = 8_000
SUBSCRIPTIONS = 32
GAP_EVENTS = 1_000
TYPING_WATCHERS = 30
PRESENCE_NAMES = 30

# a second, and how many at once
FRAME_RATE = (50, 100)
POST_RATE = (5, 20)
COMMAND_RATE = (2, 10)
CONNECT_RATE = (20 / 60, 20)

LIMITS = {
    "frame": FRAME_BYTES,
    "text": TEXT_CHARACTERS,
    "subs": SUBSCRIPTIONS,
    "post_rate": f"{POST_RATE[0]}/s",
}


class Close(IntEnum):
    """Why the server ends a connection."""

    TOO_BIG = 1009
    RESTART = 1012
    SLOW = 4008
    FLOOD = 4029
    BAD_PROTOCOL = 4400
    SIGNED_OUT = 4401
    WRONG_ORIGIN = 4403
    SILENT = 4408
    UPGRADE = 4426


class Closed(Exception):
    """The server ends the connection with this code."""

    def __init__(self, code: Close):
        super().__init__(code.name)
        self.code = code


class Nack(Exception):
    """A request is refused; the connection goes on. `more` are further fields of the answer."""

    def __init__(self, code: str, message: str, *, retry: bool = False, **more: Any):
        super().__init__(message)
        self.answer = {"code": code, "message": message, "retry": retry, **more}


def encoded(frame: dict[str, Any]) -> str:
    """A frame as JSON text."""
    return orjson.dumps(frame).decode()


def parsed(message: dict[str, Any]) -> dict[str, Any]:
    """The frame in a websocket message. Raises `Closed` for what cannot be one."""
    text = message.get("text")
    if text is None:
        raise Closed(Close.BAD_PROTOCOL)
    if len(text) > FRAME_BYTES or len(text.encode()) > FRAME_BYTES:
        raise Closed(Close.TOO_BIG)
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Closed(Close.BAD_PROTOCOL) from None
    if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
        raise Closed(Close.BAD_PROTOCOL)
    return frame


def text_of(frame: dict[str, Any], name: str, longest: int = 200) -> str:
    """A text field that has to be there. Raises `Nack`."""
    value = frame.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Nack("bad_frame", f"{name} has to be a text.", field=name)
    if len(value) > longest:
        raise Nack("too_long", f"{name} has {longest:,} characters at most.", field=name)
    return value


def count_of(frame: dict[str, Any], name: str) -> int | None:
    """A whole number of at least 0, None if it is left out. Raises `Nack`."""
    value = frame.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Nack("bad_frame", f"{name} has to be a whole number of at least 0.", field=name)
    return value
