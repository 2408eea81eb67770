"""Tells the workers that events they wait for have been sealed.

A hint and no more: a ring may be lost, doubled or late, and followers look by themselves anyway.
It leaves the sealer's thread at once, because a broker that hangs must not hold up the log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

QUIET_SECONDS = 0.02
Ring = Callable[[frozenset[str]], object]


class Doorbell:
    """Calls `ring(types)` in a thread of its own, joining rings that come close."""

    def __init__(self, ring: Ring, quiet: float = QUIET_SECONDS):
        self._ring, self._quiet = ring, quiet
        self._changed = threading.Condition()
        self._types: frozenset[str] = frozenset()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self._thread.start()

    def push(self, types: frozenset[str]) -> None:
        """Rings soon for these event types."""
        with self._changed:
            self._types |= types
            self._changed.notify()

    def close(self, timeout: float = 2.0) -> None:
        """Rings once more for what is waiting, then ends."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while (waiting := self._take()) is not None:
            try:
                self._ring(waiting)
            except Exception as error:
                log.warning("doorbell.failed", error=repr(error))

    def _take(self) -> frozenset[str] | None:
        """The types to ring for, once there are some; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._types or self._closed)
            if not self._closed:
                self._changed.wait_for(lambda: self._closed, self._quiet)
            taken, self._types = self._types, frozenset()
            return taken or None
