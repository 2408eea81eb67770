"""Whether work that goes on will be done in time, at the rate at which it goes now.

The rate is the median of the slopes between points (Theil, 1950; Sen, 1968), which a few odd
points cannot move, with the interval that Sen gives. Progress that falls back, to a checkpoint or
to nothing, begins a new stretch: the rate is that of the latest one. Work that stands still is
never done.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import stats

from monitoring.kinds.base import BadParameter, State, figure, parameter, span
from monitoring.kinds.framed import OWN, Finding, Frame, Framed, Track, Wanted, duration
from monitoring.slo.definition import Selector

FEWEST, MOST = 10, 400
SHARE_OF_RUN, WARM_UP = 0.2, 0.05
CONFIDENCE = 0.9


class Rate(NamedTuple):
    """Work a second: the least, the likely and the most."""

    lo: float
    middle: float
    hi: float


class Deadline(Framed):
    """When work that is measured as progress will be done, beside when it has to be."""

    name: ClassVar[str] = "deadline"
    summary: ClassVar[str] = "At its present rate work will not be done in time."

    goal: float = parameter("Progress at which the work is done.", 1.0)
    due: str = parameter("When it has to be done, such as 2026-03-01T06:00Z; or `within`.", "")
    within: str = parameter("Time that a run may take from its first point, such as 24h.", "")
    estimate: str = parameter(
        "Which rate must miss the deadline: the best that is plausible, the likely, the worst.",
        "likely",
        choices=("best", "likely", "worst"),
    )
    patience: float = parameter(
        "Part of the time from the first point to the deadline in which a rate proves nothing.",
        0.15,
        minimum=0,
        maximum=0.9,
    )
    longest: str = parameter("Longest run, and how far back its first point is looked for.", "14d")
    clear_after: int = parameter(
        "Good looks in a row that close a breach.", 2, minimum=1, maximum=10_000
    )

    def check(self) -> None:
        """Refuses a time that cannot be read, and none or two ways to say it."""
        super().check()
        if bool(self.due) == bool(self.within):
            raise BadParameter("due", "needs a time, or `within` a length, and not both")
        if self.due:
            _instant(self.due)
        else:
            duration(self.within, "within")
        duration(self.longest, "longest")

    @property
    def lookback(self) -> timedelta:
        """The longest run."""
        return duration(self.longest, "longest")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The progress."""
        return {OWN: Wanted(own.series, own.labels)}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """When it will be done."""
        tracks = frame.get(OWN, ())
        run = tracks[0].finite() if tracks else None
        if run is None or not run.values.size:
            return Finding(None, "No progress is known.")
        value, due = float(run.values[-1]), self._due(run)
        left = due.timestamp() - at.timestamp()
        if value >= self.goal:
            return Finding(False, f"Done: {figure(value)} of {figure(self.goal)}.", value)
        if left <= 0:
            said = (
                f"{figure(value)} of {figure(self.goal)} is done, and it was due {span(-left)} ago."
            )
            return Finding(True, said, value, n=run.values.size)
        stretch = _stretch(run, self.goal)
        if stretch.values.size < FEWEST:
            few = f"{stretch.values.size} of {FEWEST} points that are needed since it last began."
            return Finding(None, few, value, n=stretch.values.size)
        rate = _rate(stretch)
        best, likely, worst = (
            (self.goal - value) / r if r > 0 else math.inf for r in (rate.hi, rate.middle, rate.lo)
        )
        needed = {"best": best, "likely": likely, "worst": worst}[self.estimate]
        # Early on the rate of a few points is anybody's guess, and there is time left to see.
        gone = at.timestamp() - run.times[0]
        is_early = gone < self.patience * (gone + left)
        exceeds = needed > left and not is_early
        sentence = (
            f"{figure(value)} of {figure(self.goal)} is done; the rest takes {_told(likely)}"
            f" ({_told(best)} to {_told(worst)}), and it is due in {span(left)}."
        )
        finite = needed if math.isfinite(needed) else None
        return Finding(
            exceeds,
            sentence,
            finite,
            hi=left,
            score=None if finite is None else finite / left,
            n=stretch.values.size,
        )

    def _due(self, run: Track) -> datetime:
        if self.due:
            return _instant(self.due)
        return datetime.fromtimestamp(run.times[0], UTC) + duration(self.within, "within")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadParameter("due", "is no time such as 2026-03-01T06:00Z") from None
    if found.tzinfo is None:
        raise BadParameter("due", "needs a zone, such as Z")
    return found


def _stretch(run: Track, goal: float) -> Track:
    """The points that tell the rate: since progress last fell back, without its first moments."""
    falls = np.flatnonzero(np.diff(run.values) < 0)
    first = int(falls[-1]) + 1 if falls.size else 0
    times, values = run.times[first:], run.values[first:]
    late = values >= values[0] + WARM_UP * abs(goal - values[0])
    if late.sum() >= FEWEST:
        times, values = times[late], values[late]
    length = run.times[-1] - run.times[0]
    recent = times >= run.times[-1] - SHARE_OF_RUN * length
    if recent.sum() >= 3 * FEWEST:
        times, values = times[recent], values[recent]
    return Track(run.key, times[-MOST:], values[-MOST:])


def _rate(stretch: Track) -> Rate:
    seconds = stretch.times - stretch.times[0]
    found = stats.theilslopes(stretch.values, seconds, alpha=CONFIDENCE)
    return Rate(float(found.low_slope), float(found.slope), float(found.high_slope))


def _told(seconds: float) -> str:
    return span(seconds) if math.isfinite(seconds) and seconds < 1e10 else "for ever"
