"""Counts by minute, summed so that any window costs two look-ups."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from monitoring.slo.exact import BadSlo, ratio
from monitoring.slo.indicator import Counts, Indicator

Target = tuple[int, Fraction]


def target_of(value: object, field: str = "target") -> Fraction:
    """A target as an exact share, refused where no budget is left to burn. Raises `BadSlo`."""
    share = ratio(value, field)
    if share == 1:
        raise BadSlo(
            field,
            "leaves no error budget at 100 %: no burn rate is defined and no alert could say"
            " how fast it is spent; choose less, such as 0.9999",
        )
    if not 0 < share < 1:
        raise BadSlo(field, "must be a share between 0 and 1, such as 0.999")
    return share


@dataclass(frozen=True, slots=True)
class Sum:
    """What a window holds.

    `bad` of `total` are what the target is held against, `allowed` is how much could have been bad;
    counts stand for `covered` of `width` minutes; `events` are the raw counts.
    """

    bad: int
    total: int
    allowed: Fraction
    covered: int
    width: int
    events: Counts

    @property
    def burn(self) -> Fraction | None:
        """How many times as fast as the budget allows; None without events."""
        return self.bad / self.allowed if self.allowed else None

    @property
    def error(self) -> Fraction | None:
        """The share that was bad; None without events."""
        return Fraction(self.bad, self.total) if self.total else None


class Ledger:
    """Prefix sums of an indicator's units over time.

    `targets` are (minute from which it holds, share), oldest first; the first also holds for
    whatever is earlier. A change of target is never applied to what was counted before it.
    """

    def __init__(
        self, indicator: Indicator, targets: Sequence[Target], minutes: Mapping[int, Counts]
    ):
        if not targets:
            raise ValueError("a ledger needs a target")
        units = list(indicator.units(minutes))
        self.indicator, self.targets = indicator, list(targets)
        self._ends = [unit.end for unit in units]
        self._reach = indicator.reach
        before = [end - self._reach for end in self._ends[:1]] + self._ends[:-1]
        covered = [min(self._reach, end - b) for b, end in zip(before, self._ends, strict=True)]
        self._covered = _prefix(covered)
        # One denominator for all targets keeps the sums whole numbers.
        self._scale = math.lcm(*(target.denominator for _, target in targets))
        self._budgets = [int((1 - target) * self._scale) for _, target in targets]
        self._bad = _prefix([unit.bad for unit in units])
        self._total = _prefix([unit.total for unit in units])
        self._allowed = _prefix([unit.total * self._budget(unit.end) for unit in units])
        self._good_events = _prefix([unit.events.good for unit in units])
        self._events = _prefix([unit.events.total for unit in units])

    @property
    def first(self) -> int | None:
        """The minute before the time that the first unit stands for; None without any."""
        return self._ends[0] - self._reach if self._ends else None

    @property
    def last(self) -> int | None:
        """The last minute of the last unit; None without any."""
        return self._ends[-1] if self._ends else None

    def target_at(self, minute: int) -> Fraction:
        """The target that holds for a minute."""
        return self.targets[self._place(minute)][1]

    def between(self, start: int, end: int) -> Sum:
        """What lies after minute `start`, up to and with minute `end`; only whole slices count."""
        low, high = bisect_right(self._ends, start), bisect_right(self._ends, end)
        high = max(low, high)
        return Sum(
            bad=self._bad[high] - self._bad[low],
            total=self._total[high] - self._total[low],
            allowed=Fraction(self._allowed[high] - self._allowed[low], self._scale),
            covered=min(self._covered[high] - self._covered[low], end - start),
            width=end - start,
            events=Counts(
                self._good_events[high] - self._good_events[low],
                self._events[high] - self._events[low],
            ),
        )

    def gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """Stretches without a unit between two minutes, once counting had begun, in order."""
        if not self._ends:
            return []
        low, high = bisect_right(self._ends, start), bisect_right(self._ends, end)
        known = max(start, self._ends[0] - self._reach)
        found = []
        for unit in [*self._ends[low:high], end + self._reach]:
            begins = max(known, unit - self._reach)
            # What ends now may still be on its way.
            if begins - known >= (self._reach if unit > end else 1):
                found.append((known, begins))
            known = unit
        return found

    def judged_until(self, minute: int) -> int:
        """The end of what a minute can know: the last unit, unless the next one is overdue."""
        place = bisect_right(self._ends, minute)
        last = self._ends[place - 1] if place else minute
        return last if minute - last < self._reach else minute

    def reached(self, start: int, amount: Fraction) -> int | None:
        """The first minute by which so much was bad since minute `start`; None if never."""
        low = bisect_right(self._ends, start)
        place = bisect_left(self._bad, self._bad[low] + amount, lo=low + 1)
        return self._ends[place - 1] if place < len(self._bad) else None

    def _budget(self, minute: int) -> int:
        return self._budgets[self._place(minute)]

    def _place(self, minute: int) -> int:
        return max(0, bisect_right(self.targets, minute, key=_since) - 1)


def _prefix(values: list[int]) -> list[int]:
    return list(accumulate(values, initial=0))


def _since(target: Target) -> int:
    return target[0]
