"""After measurements are written: their monitors become due, late ones are noted, workers woken."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from eventlog.db import fast_cursor
from monitoring import evaluation
from monitoring.late import make_due, note_late
from monitoring.measurements import from_micros

log = logging.getLogger(__name__)

NUDGE_EVERY = 0.2
QUIET_AFTER_FAILURE = 5.0


class Watcher(NamedTuple):
    """A monitor of a series: how far it has judged, and when it is due.

    Points that are earlier than `wakes_at` in event time give it nothing to judge yet.
    """

    monitor: UUID
    cursor: datetime | None
    due_at: datetime
    wakes_at: datetime | None

    def missed(self, at: datetime) -> bool:
        """Whether a point of this time comes after its time was judged."""
        return self.cursor is not None and at <= self.cursor

    def wants(self, at: datetime) -> bool:
        """Whether a point of this time is something to judge, now or again."""
        return self.wakes_at is None or at >= self.wakes_at or self.missed(at)


def announce(touched: list[tuple[int, int]], now: datetime) -> int:
    """Makes the monitors of written points due; returns how many points came late for one.

    Runs after the points are committed. Should the process die in between, the monitors are due
    within a minute by themselves, and `_look_again` finds what arrived during an evaluation.
    """
    watchers = _watchers({series for series, _ in touched})
    if not watchers:
        return 0
    late, waiting = [], set()
    for series, micros in touched:
        for watcher in watchers.get(series, ()):
            at = from_micros(micros)
            if watcher.missed(at):
                late.append((watcher.monitor, at))
            if watcher.due_at > now + evaluation.SETTLE and watcher.wants(at):
                waiting.add(watcher.monitor)
    if late:
        note_late(late)
    if waiting:
        make_due(sorted(waiting), now)
    nudge()
    return len({when for _, when in late})


WATCHERS = """
SELECT series, monitor, cursor, due_at, wakes_at FROM monitoring_evaluation
WHERE series = ANY(%(ids)s::bigint[])
UNION
SELECT w.series, e.monitor, e.cursor, e.due_at, e.wakes_at FROM monitoring_watched w
JOIN monitoring_evaluation e ON e.monitor = w.monitor
WHERE w.series = ANY(%(ids)s::bigint[])
"""


def _watchers(series: set[int]) -> dict[int, list[Watcher]]:
    """Monitors of these series."""
    found: dict[int, list[Watcher]] = defaultdict(list)
    with fast_cursor() as cursor:
        cursor.execute(WATCHERS, {"ids": "{" + ",".join(map(str, series)) + "}"})
        for series_id, *watcher in cursor.fetchall():
            found[series_id].append(Watcher(*watcher))
    return found


class Doorbell:
    """Rings at once and then at most every `NUDGE_EVERY` seconds, the last time for all who waited.

    A bell that is broken is left alone for a while. A hint only: workers also look by themselves
    every second.
    """

    def __init__(self, ring: Callable[[], None]):
        self._ring, self._lock, self._not_before = ring, threading.Lock(), 0.0
        self._is_waiting = False

    def press(self) -> None:
        """Rings now, or as soon as it may."""
        with self._lock:
            pause = self._not_before - time.monotonic()
            if self._is_waiting:
                return
            self._is_waiting = pause > 0
            self._not_before = time.monotonic() + max(pause, 0) + NUDGE_EVERY
        if pause > 0:
            later = threading.Timer(pause, self._ring_for_all)
            later.daemon = True
            later.start()
        else:
            self._ring_now()

    def _ring_for_all(self) -> None:
        with self._lock:
            self._is_waiting = False
        self._ring_now()

    def _ring_now(self) -> None:
        try:
            self._ring()
        except Exception as error:
            self._not_before = time.monotonic() + QUIET_AFTER_FAILURE
            log.warning("cannot wake the workers: %s", error)


def _wake() -> None:
    from monitoring.tasks import evaluate_due

    evaluate_due.apply_async(retry=False, expires=10)


_bell = Doorbell(_wake)


def nudge() -> None:
    """Asks the workers to look for due monitors now."""
    _bell.press()
