"""A series that stopped arriving."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from monitoring.kinds.base import Kind, Point, State, Verdict, instant, parameter, span


class Absence(Kind):
    """No measurement for longer than `silence`, counted in event time.

    `now` must be the source's watermark or, for a live source, the wall clock, so that the series
    is missed only when others are current or time has really passed.
    """

    name: ClassVar[str] = "absence"
    summary: ClassVar[str] = "No measurement has arrived for too long."
    watches_clock: ClassVar[bool] = True

    silence: float = parameter(
        "Longest time without a measurement.", 600.0, unit="s", minimum=1, maximum=31_622_400
    )

    def evaluate(
        self, state: State, points: Sequence[Point], now: datetime
    ) -> tuple[State, list[Verdict]]:
        """Judges the gap before each point, then the silence up to `now`."""
        last = instant(state.get("last"))
        waiting = instant(state.get("waiting_since")) or now
        seen: int = state.get("seen", 0)
        verdicts = []
        for point in points:
            if last is not None and self._is_silent(last, point.time):
                verdicts.append(self._missing(last, point.time, seen))
            last, seen = point.time, seen + 1
            verdicts.append(self._present(point, seen))
        if last is None:
            verdicts.append(self._never(waiting, now))
        elif self._is_silent(last, now):
            verdicts.append(self._missing(last, now, seen))
        kept = {"last": last and last.isoformat(), "waiting_since": waiting.isoformat()}
        return {**kept, "seen": seen}, verdicts

    def rests(self, state: State, now: datetime) -> float:
        """Until the silence is too long, or for good once it is."""
        since = instant(state.get("last")) or instant(state.get("waiting_since"))
        silent = 0.0 if since is None else (now - since).total_seconds()
        return self.silence - silent if silent <= self.silence else math.inf

    def _is_silent(self, last: datetime, until: datetime) -> bool:
        return (until - last).total_seconds() > self.silence

    def _present(self, point: Point, seen: int) -> Verdict:
        return Verdict("ok", point.time, "A measurement arrived.", value=point.value, n=seen)

    def _missing(self, last: datetime, until: datetime, seen: int) -> Verdict:
        silent = until - last
        sentence = f"No measurement for {span(silent)}; {span(self.silence)} is the limit."
        onset = last + timedelta(seconds=self.silence)
        return Verdict(
            "breached", onset, sentence, hi=self.silence, value=silent.total_seconds(), n=seen
        )

    def _never(self, waiting: datetime, now: datetime) -> Verdict:
        if self._is_silent(waiting, now):
            sentence = f"No measurement has ever arrived, in {span(now - waiting)} of waiting."
            onset = waiting + timedelta(seconds=self.silence)
            return Verdict("breached", onset, sentence, hi=self.silence)
        return Verdict("no_data", now, "No measurement has arrived yet.", hi=self.silence)
