"""Who looks at a stream and who is typing: told to the others, never logged, may be lost.

People are counted in the process whose socket they hold.
"""

from __future__ import annotations

from typing import Protocol

from access.rights import Actor
from config.live.protocol import PRESENCE_NAMES, TYPING_WATCHERS, encoded


class Watcher(Protocol):
    """A socket that looks at streams."""

    actor: Actor

    def say(self, frame: str) -> None:
        """Sends it a frame."""


class Presence:
    """The sockets of each stream. Changes are gathered until `tell` is called."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Watcher]] = {}
        self._changed: set[str] = set()

    def came(self, stream: str, watcher: Watcher) -> None:
        """A socket looks at a stream."""
        self._watchers.setdefault(stream, set()).add(watcher)
        self._changed.add(stream)

    def went(self, stream: str, watcher: Watcher) -> None:
        """It no longer does."""
        watchers = self._watchers.get(stream, set())
        watchers.discard(watcher)
        self._changed.add(stream)
        if not watchers:
            self._watchers.pop(stream, None)

    def typing(self, stream: str, who: Watcher) -> None:
        """Somebody is typing: everybody else is told, unless the room is so full that it would
        never be quiet."""
        others = self._watchers.get(stream, set()) - {who}
        if len(others) >= TYPING_WATCHERS:
            return
        actor = who.actor
        frame = encoded({"t": "typing", "stream": stream, "ref": actor.ref, "name": actor.name})
        for other in others:
            if other.actor.ref != actor.ref:
                other.say(frame)

    def tell(self) -> None:
        """Tells every stream whose people have changed who is there."""
        for stream in self._changed:
            watchers = self._watchers.get(stream, set())
            frame = _presence(stream, watchers)
            for watcher in watchers:
                watcher.say(frame)
        self._changed = set()


def _presence(stream: str, watchers: set[Watcher]) -> str:
    names = {watcher.actor.ref: watcher.actor.name for watcher in watchers}
    people = [{"ref": ref, "name": names[ref]} for ref in sorted(names, key=names.__getitem__)]
    return encoded(
        {"t": "presence", "stream": stream, "count": len(names), "people": people[:PRESENCE_NAMES]}
    )
