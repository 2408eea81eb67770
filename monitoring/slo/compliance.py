"""Whether a promise was kept: each month, each quarter, or each window of the objective's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Literal

from monitoring.slo.exact import BadSlo
from monitoring.slo.indicator import PARTS, RatioTimeSlices
from monitoring.slo.ledger import Ledger, Sum
from monitoring.slo.windows import Calendar, Period, Window

FRAMES = ("month", "quarter", "window")
UNITS = {"month": "M", "quarter": "Q"}
MAX_PERIODS = {"month": 24, "quarter": 8, "window": 24}
# Months and quarters are counted from the first of a January.
JANUARY = datetime(2000, 1, 1)  # noqa: DTZ001

Outcome = Literal["met", "missed", "unknown"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a promise in one period, by what was counted in it.

    `until` is the last minute that was looked at, before the period's end while it still runs.
    `seen` holds whole numbers: `seen.bad` and `seen.allowed` are events or slices, as the
    objective counts, in units of `parts`.
    """

    period: Period
    until: int
    target: Fraction
    seen: Sum
    parts: int

    @property
    def whole(self) -> bool:
        """Whether the period has ended."""
        return self.until >= self.period.end

    @property
    def outcome(self) -> Outcome:
        """Met while no more was bad than the target allows: a comparison of whole numbers."""
        if not self.seen.total:
            return "unknown"
        return "met" if self.seen.bad <= self.seen.allowed else "missed"

    @property
    def bad(self) -> Fraction:
        """How much was bad, in events or slices."""
        return Fraction(self.seen.bad, self.parts)

    @property
    def allowed(self) -> Fraction:
        """How much could have been, in events or slices."""
        return self.seen.allowed / self.parts

    @property
    def spent(self) -> Fraction | None:
        """The share of the budget of what was counted: above 1 exactly where it was missed."""
        return self.seen.burn

    @property
    def attained(self) -> Fraction | None:
        """The share that was good, as the target counts it."""
        return None if self.seen.error is None else 1 - self.seen.error


def periods(frame: str, window: Window, minute: int, count: int) -> Iterator[Period]:
    """The period that a minute lies in and those before it, newest first. Raises `BadSlo`.

    Months and quarters begin in the zone of a calendar window, and else in UTC. Windows follow each
    other without a gap, the latest one ending with the minute where it is rolling.
    """
    if frame not in FRAMES:
        raise BadSlo("period", f"must be one of {', '.join(FRAMES)}")
    if not 1 <= count <= MAX_PERIODS[frame]:
        raise BadSlo("count", f"must be from 1 to {MAX_PERIODS[frame]} of a {frame}")
    steps = window
    if frame in UNITS:
        steps = Calendar(1, UNITS[frame], JANUARY, zone_of(window))
    for _ in range(count):
        period = steps.at(minute)
        yield period
        minute = period.start


def zone_of(window: Window) -> str:
    """The zone in which months of an objective begin."""
    return window.zone if isinstance(window, Calendar) else "UTC"


def kept(ledger: Ledger, period: Period, minute: int) -> Kept:
    """What became of the promise in a period, by the end of a minute."""
    until = min(period.end, minute)
    parts = PARTS if isinstance(ledger.indicator, RatioTimeSlices) else 1
    seen = ledger.between(period.start, until)
    return Kept(period, until, ledger.target_at(until), seen, parts)
