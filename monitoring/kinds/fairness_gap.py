"""Whether groups of people are treated differently, by more than chance and more than is tolerated.

Shares (selection, true and false positives) are compared by their difference, with the interval
of Newcombe (1998). Calibration is compared by the ratio of observed over predicted of two groups:
given their sum, the count of one is binomial, so the ratio has an exact interval (Przyborowski and
Wilenski, 1940). All pairs of the sixty largest groups are looked at, and the confidence is divided
by their number. A small group is never judged, and said to be so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from monitoring.kinds.base import State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Wanted,
    duration,
    selected,
)
from monitoring.kinds.intervals import Interval, clopper_pearson, is_count, newcombe, only_numbers
from monitoring.kinds.reference import tally
from monitoring.slo.definition import Selector

TOTAL = "total"
MOST_GROUPS = 60
CALIBRATION = "calibration"
MEASURES = {
    "selection_rate": "are selected",
    "true_positive_rate": "of the positives are recognised",
    "false_positive_rate": "of the negatives are taken for positives",
    CALIBRATION: "times what was predicted happens",
}


class Gap(NamedTuple):
    """What two groups have, and by how much surely apart; 0 when they may be equal."""

    high: str
    low: str
    values: tuple[float, float]
    value: float
    interval: Interval

    @property
    def sure(self) -> float:
        """The gap that there is at least."""
        return max(self.interval.lo, 0.0)


class FairnessGap(Framed):
    """The largest sure gap between two groups, in a share or in calibration."""

    name: ClassVar[str] = "fairness_gap"
    summary: ClassVar[str] = "Groups of people are treated differently."
    urgency: ClassVar[str] = "concern"

    total: str = parameter(
        "Series that the own one is a part of: all, all positives, all negatives; or predictions."
    )
    measure: str = parameter("What is compared.", "selection_rate", choices=tuple(MEASURES))
    label: str = parameter("Label that names the group.", "group")
    tolerance: float = parameter(
        "Gap that is tolerated: of shares a difference, of calibration a ratio less 1.",
        0.1,
        minimum=0,
        maximum=1,
    )
    min_group: float = parameter("Least size of a group that is judged.", 100.0, minimum=1)
    window: str = parameter("Length of the window.", "1d")
    confidence: float = parameter(
        "Confidence of all intervals together.", 0.999, minimum=0.5, maximum=0.999999
    )

    def check(self) -> None:
        """Refuses a series and a span that cannot be read."""
        super().check()
        selected(self.total, "total")
        duration(self.window, "window")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Both counts by group."""
        by = (self.label,)
        return {OWN: Wanted(own.series, own.labels, by), TOTAL: selected(self.total, "total", by)}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The two groups that are surely furthest apart."""
        parts, totals = tally(frame.get(OWN, ())), tally(frame.get(TOTAL, ()))
        groups = {key: (parts.get(key, 0.0), total) for key, total in totals.items()}
        if not only_numbers(frame) or not is_count(*parts.values(), *totals.values()):
            return Finding(None, "Counts are negative or no numbers.", error=True)
        wrong = [key for key in parts if key not in totals or self._is_too_many(*groups[key])]
        if wrong:
            return Finding(None, f"More is counted for {wrong[0]} than there is.", error=True)
        large = {key: pair for key, pair in groups.items() if self._size(pair) >= self.min_group}
        small = len(groups) - len(large)
        if len(large) < 2:
            sentence = f"Large enough to be judged ({figure(self.min_group)}): {len(large)} of {len(groups)}."
            return Finding(None, sentence, n=len(large))
        return self._compare(large, small)

    def _is_too_many(self, part: float, total: float) -> bool:
        return self.measure != CALIBRATION and part > total

    def _size(self, pair: tuple[float, float]) -> float:
        return max(pair) if self.measure == CALIBRATION else pair[1]

    def _compare(self, groups: Mapping[str, tuple[float, float]], small: int) -> Finding:
        kept = sorted(groups, key=lambda key: (-self._size(groups[key]), key))[:MOST_GROUPS]
        pairs = list(itertools.combinations(kept, 2))
        confidence = 1 - (1 - self.confidence) / len(pairs)
        gaps = [self._gap(groups, *pair, confidence) for pair in pairs]
        worst = max(gaps, key=lambda gap: (gap.sure, gap.value))
        exceeds = worst.sure > self.tolerance
        return Finding(
            exceeds,
            self._sentence(worst, len(kept), small),
            value=worst.value if math.isfinite(worst.value) else None,
            expected=0.0,
            hi=self.tolerance,
            score=worst.sure if math.isfinite(worst.sure) else None,
            n=len(kept),
        )

    def _gap(
        self, groups: Mapping[str, tuple[float, float]], one: str, other: str, confidence: float
    ) -> Gap:
        rates = {key: _rate(*groups[key]) for key in (one, other)}
        high, low = sorted((one, other), key=lambda key: -rates[key])
        values = (rates[high], rates[low])
        first, second = groups[high], groups[low]
        if self.measure != CALIBRATION:
            interval = newcombe(first, second, confidence)
            return Gap(high, low, values, values[0] - values[1], interval)
        interval = ratio_of_rates(first, second, confidence)
        value = values[0] / values[1] - 1 if values[1] else math.inf
        return Gap(high, low, values, value, Interval(interval.lo - 1, interval.hi - 1))

    def _sentence(self, gap: Gap, n: int, small: int) -> str:
        few = f" Too small to be judged: {small}." if small else ""
        if self.measure == CALIBRATION:
            rates = [f"{figure(value)} {MEASURES[CALIBRATION]}" for value in gap.values]
            apart = f"their ratio is at least {figure(1 + gap.sure)}"
        else:
            told = MEASURES[self.measure]
            rates = [f"{figure(100 * value)} % {told}" for value in gap.values]
            apart = f"the gap is at least {figure(100 * gap.sure)} points"
        return (
            f"Of {n} groups {gap.high} and {gap.low} are furthest apart: {rates[0]} beside "
            f"{rates[1]}; {apart}.{few}"
        )


def _rate(part: float, total: float) -> float:
    return part / total if total else math.inf if part else 0.0


def ratio_of_rates(
    first: tuple[float, float], second: tuple[float, float], confidence: float
) -> Interval:
    """Bounds of the ratio of two Poisson rates, each given as (count, what was expected)."""
    both = first[0] + second[0]
    if not both or not first[1] or not second[1]:
        return Interval(0.0, math.inf)
    share = clopper_pearson(first[0], both, confidence)
    scale = second[1] / first[1]
    hi = share.hi / (1 - share.hi) * scale if share.hi < 1 else math.inf
    lo = share.lo / (1 - share.lo) * scale if share.lo < 1 else math.inf
    return Interval(lo, hi)
