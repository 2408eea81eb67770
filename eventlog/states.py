"""States of recently used streams, so that a command reads only what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from eventlog import keys

CACHED_STREAMS = 4_096

Key = tuple[str, type]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream's state with the version and hash of the newest event in it."""

    version: int
    hash: bytes
    state: Any


class States:
    """The most recently used states, by stream and class of state. For any number of threads.

    An entry is to be trusted only while its hash is still part of the stream's chain.
    """

    def __init__(self, size: int = CACHED_STREAMS):
        self._size, self._lock = size, threading.Lock()
        self._entries: OrderedDict[Key, Loaded] = OrderedDict()

    def get(self, key: Key) -> Loaded | None:
        """The remembered state, if any."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: Key, entry: Loaded) -> None:
        """Remembers a state; the one unused for longest may go."""
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forgets everything, as when a key of personal data is destroyed."""
        with self._lock:
            self._entries.clear()


states = States()
keys.on_shred(states.clear)
