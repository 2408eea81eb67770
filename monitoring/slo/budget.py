"""The error budget of a window: how much is spent, how it went down, when it will be gone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from monitoring.slo.exact import DAY
from monitoring.slo.ledger import Ledger, Sum
from monitoring.slo.windows import Calendar, Period, Window

HOUR = 60


@dataclass(frozen=True, slots=True)
class Budget:
    """An error budget at the end of a minute.

    `allowed` is what may be bad in the whole window if its traffic is all like what was counted,
    minutes that were missed left out; `spent` is the share of it that is gone (above 1: overspent) and `burn` the rate of
    the last `lookback` minutes. `exhaustion` is the minute when it is used up: in the past if it
    is, None if at this rate the window ends first, or old errors leave it faster than new ones
    come.
    """

    minute: int
    period: Period
    seen: Sum
    missed: int
    allowed: Fraction
    spent: Fraction
    burn: Fraction | None
    lookback: int
    exhaustion: int | None

    @property
    def remaining(self) -> Fraction:
        """The share that is left, negative once overspent."""
        return 1 - self.spent

    @property
    def coverage(self) -> Fraction:
        """The share of the time since counting began that has counts."""
        return Fraction(self.seen.covered, self.seen.covered + self.missed)


def budget(
    ledger: Ledger, window: Window, minute: int, lookback: int = DAY, *, forecast: bool = True
) -> Budget | None:
    """The budget at the end of a minute; None while its window has no events.

    Without `forecast`, `exhaustion` stays None: looking ahead costs more than all the rest.
    """
    period = window.at(minute)
    seen = ledger.between(period.start, minute)
    if not seen.allowed or not seen.covered:
        return None
    first = period.start if ledger.first is None else ledger.first
    # What was missed since counting began was neither good nor bad: it leaves the budget too.
    missed = max(0, ledger.judged_until(minute) - max(period.start, first) - seen.covered)
    allowed = seen.allowed * (period.length - missed) / seen.covered
    recent = ledger.between(max(minute - lookback, period.start), minute)
    rate = Fraction(recent.bad, recent.covered) if recent.covered else Fraction(0)
    return Budget(
        minute=minute,
        period=period,
        seen=seen,
        missed=missed,
        allowed=allowed,
        spent=seen.bad / allowed,
        burn=recent.burn,
        lookback=lookback,
        exhaustion=_exhaustion(ledger, window, period, minute, allowed, rate) if forecast else None,
    )


def burn_down(ledger: Ledger, found: Budget, points: int = 120) -> list[tuple[int, Fraction]]:
    """(minute, share left) from the start of the window to now, spent so far of what is allowed."""
    start, end = found.period.start, found.minute
    steps = max(1, min(points, end - start))
    minutes = [start + (end - start) * step // steps for step in range(steps + 1)]
    return [(m, 1 - ledger.between(start, m).bad / found.allowed) for m in minutes]


def spends(ledger: Ledger, found: Budget, step: int) -> list[tuple[int, Fraction]]:
    """(last minute, share spent) of each stretch of `step` minutes; they add up to the whole."""
    start, end = found.period.start, found.minute
    ends = [*range(start + step, end, step), end]
    parts = zip([start, *ends], ends, strict=False)
    return [(high, ledger.between(low, high).bad / found.allowed) for low, high in parts]


def _exhaustion(
    ledger: Ledger,
    window: Window,
    period: Period,
    minute: int,
    allowed: Fraction,
    rate: Fraction,
) -> int | None:
    spent = ledger.between(period.start, minute).bad
    if spent >= allowed:
        return ledger.reached(period.start, allowed)
    if not rate:
        return None
    if isinstance(window, Calendar):
        at = minute + math.ceil((allowed - spent) / rate)
        return at if at <= period.end else None
    return _rolling_exhaustion(ledger, period.length, minute, allowed, rate)


def _rolling_exhaustion(
    ledger: Ledger, length: int, minute: int, allowed: Fraction, rate: Fraction
) -> int | None:
    """As errors come at `rate`, those of a window ago leave it and give their budget back."""

    def spent(at: int, leaving: int) -> Fraction:
        return ledger.between(leaving - length, minute).bad + rate * (at - minute)

    for hour in range(minute, minute + length, HOUR):
        end = min(hour + HOUR, minute + length)
        # Nothing leaves before the hour begins, so this is the most that can be spent within it.
        if spent(end, hour) >= allowed:
            for at in range(hour + 1, end + 1):
                if spent(at, at) >= allowed:
                    return at
    return None
