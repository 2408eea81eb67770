"""Word that the process is about to stop, for whoever holds connections open."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def when_ending(tell: Callable[[], None]) -> None:
    """Calls `tell` on the running loop when SIGTERM comes, before the server acts on it.

    Does nothing outside the main thread, where Python allows no signal handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def ending(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, ending)
