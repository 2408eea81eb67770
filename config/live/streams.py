"""What an app says about the streams that can be followed live.

The door knows sockets, positions and limits; an app knows who may see a stream, how one of its
events looks, and what to do with a text that somebody sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from access.rights import Actor
from eventlog.records import Record
from eventlog.store import Receipt


class Streams(Protocol):
    """All streams of one kind, such as ``incident:…``. Everything is called in worker threads."""

    def rights(self, actor: Actor, stream: str) -> list[str]:
        """Some of read, post and command; nothing at all for those who may not follow."""

    def show(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Of events of one stream, the fields of each in an `ev` frame: actor, cid, data, html."""

    def snapshot(self, stream: str) -> str:
        """Address of the page that shows where the stream stands."""

    def say(self, actor: Actor, stream: str, cid: str, text: str, at: datetime) -> Receipt:
        """Posts a text, or carries out the slash command that it is. Raises `Refused`.

        A refusal with the code ``help`` is an answer, told to nobody else.
        """


class Board(Protocol):
    """A topic that only says which entities have changed, so that a page fetches them again."""

    name: str

    def may_follow(self, actor: Actor) -> bool:
        """Whether somebody may know."""

    def touched(self, records: Sequence[Record]) -> list[tuple[str, int]]:
        """Refs of the entities that look different now, with the position of the event."""
