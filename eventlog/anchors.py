"""The anchor file: checkpoints kept outside the database.

Whoever owns the database can remove its newest events together with their checkpoints and leave
a perfectly consistent, shorter log. Only somebody who remembers a longer one can tell. The anchor
file is that memory; it belongs on another machine or on storage that only takes additions.
Each line is a JSON object with `at` and `note`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

PAUSE_SECONDS = 3.0


class AnchorFile:
    """Appends new checkpoints, at most one in `pause` seconds and always the last one."""

    def __init__(
        self,
        path: Path,
        pause: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._path, self._pause, self._clock = path, pause, clock
        self._waiting: str | None = None
        self._written_at: float | None = None

    def offer(self, note: str) -> None:
        """Takes a checkpoint that is already stored, and writes it when its time has come."""
        self._waiting = note
        self.tick()

    def tick(self) -> None:
        """Writes the waiting checkpoint if the last one is old enough."""
        if self._written_at is None or self._clock() - self._written_at >= self._pause:
            self.flush()

    def flush(self) -> None:
        """Writes the waiting checkpoint now. Raises `OSError`."""
        if self._waiting is not None:
            self._written_at = self._clock()  # a file that cannot be written is given time, too
            _append(self._path, self._waiting)
            self._waiting = None


def _append(path: Path, note: str) -> None:
    line = json.dumps({"at": datetime.now(UTC).isoformat(), "note": note}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        # A crash may have left half a line: it stays where it is, and the new one starts afresh.
        torn = file.tell() > 0 and not _ends_with_newline(file.fileno())
        file.write(b"\n" * torn + line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_with_newline(descriptor: int) -> bool:
    return os.pread(descriptor, 1, os.fstat(descriptor).st_size - 1) == b"\n"


def anchored(path: Path) -> Iterator[tuple[int, str | None]]:
    """Line numbers and notes of an anchor file; None for a line that cannot be read."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            yield number, _note(line)


def _note(line: str) -> str | None:
    try:
        return str(json.loads(line)["note"])
    except (ValueError, KeyError, TypeError):
        return None
