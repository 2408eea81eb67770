"""A value far from the median of a trailing window, and rarely so far before.

Two things must both hold for a point to exceed. Magnitude: its distance from the median of the
last `window` points is at least `deviations` scaled median absolute deviations (1.4826 MAD, which
is one standard deviation for normal data; Rousseeuw and Croux, 1993). Rarity: of the distances
seen so far at most a share of 10^-rarity was as large, counting the point itself on both sides,
which is the conformal p-value of the distance (Laxhammar and Falkman, 2010). Magnitude alone
alarms for ever on heavy tails; rarity alone alarms on the largest of a quiet lot.

The threshold is recomputed every `refresh` points and kept while breached, since a threshold that
learns from an incident calls the incident normal; for the same reason the scale is the median of
those of the last `scale_memory` refreshes, which one wild day in the window cannot move. What was far and stayed far for `relearn_after`
points is the new normal: its distances are then learnt and the breach closes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

import numpy as np

from monitoring.kinds.base import (
    BadParameter,
    Persistence,
    Point,
    State,
    Status,
    Verdict,
    figure,
    no_number,
    parameter,
)
from monitoring.kinds.outside import LeavesOut, passed_over

NORMAL = 1.4826
TINIEST = 1e-9
BINS_PER_DECADE = 24
LOWEST_BIN, HIGHEST_BIN = -12 * BINS_PER_DECADE, 24 * BINS_PER_DECADE
MOST_SCORES = 1 << 17


class Tally:
    """How often distances of each size were seen, in bins 10 % wide.

    Keeps to a fixed size whatever it is fed: 864 bins, and all counts are halved when there are
    131,072, so that the distant past weighs less.
    """

    def __init__(self, counts: dict[str, int] | None = None):
        self.counts = {int(key): count for key, count in (counts or {}).items()}
        self.total = sum(self.counts.values())

    @staticmethod
    def bin(distance: float) -> int:
        """The bin of a distance, which is never negative."""
        if distance <= 10 ** (LOWEST_BIN / BINS_PER_DECADE):
            return LOWEST_BIN
        return min(HIGHEST_BIN, math.floor(math.log10(distance) * BINS_PER_DECADE))

    def add(self, distance_bin: int, times: int = 1) -> None:
        """Counts a distance."""
        self.counts[distance_bin] = self.counts.get(distance_bin, 0) + times
        self.total += times
        if self.total >= MOST_SCORES:
            self.counts = {key: (count + 1) // 2 for key, count in self.counts.items()}
            self.total = sum(self.counts.values())

    def merge(self, other: Tally) -> None:
        """Counts everything that `other` did."""
        for key, count in other.counts.items():
            self.add(key, count)

    def rarity(self, distance_bin: int) -> float:
        """-log10 of the share of distances at least as large, the asked one among them."""
        as_large = sum(count for key, count in self.counts.items() if key >= distance_bin)
        return -math.log10((as_large + 1) / (self.total + 1))

    def rare_from(self, rarity: float) -> float:
        """The smallest distance that would be as rare as `rarity`; infinite when none can be yet."""
        allowed = (self.total + 1) * 10**-rarity * (1 + 1e-9)
        if allowed < 1:
            return math.inf
        edge, as_large = max(self.counts, default=LOWEST_BIN) + 1, 0
        for key in sorted(self.counts, reverse=True):
            as_large += self.counts[key]
            if as_large + 1 > allowed:
                break
            edge = key
        return float(10 ** (edge / BINS_PER_DECADE))

    def dump(self) -> dict[str, int]:
        """JSON-safe counts."""
        return {str(key): count for key, count in self.counts.items()}


@dataclass(slots=True)
class _Memory:
    """Everything the kind remembers; as JSON at most some tens of kilobytes."""

    persistence: Persistence
    window: list[float] = field(default_factory=list)
    scores: Tally = field(default_factory=Tally)
    held: Tally = field(default_factory=Tally)
    median: float | None = None
    scales: list[float] = field(default_factory=list)
    threshold: float = math.inf
    age: int = 0
    open_for: int = 0

    @classmethod
    def load(cls, state: State, persistence: Persistence) -> _Memory:
        return cls(
            persistence.load(state),
            list(state.get("window", [])),
            Tally(state.get("scores")),
            Tally(state.get("held")),
            state.get("median"),
            list(state.get("scales", [])),
            math.inf if state.get("threshold") is None else state["threshold"],
            state.get("age", 0),
            state.get("open_for", 0),
        )

    @property
    def scale(self) -> float:
        """The usual scale: the median of those of the last refreshes."""
        return statistics.median(self.scales)

    def dump(self) -> State:
        return {
            **self.persistence.dump(),
            "window": self.window,
            "scores": self.scores.dump(),
            "held": self.held.dump(),
            "median": self.median,
            "scales": self.scales,
            "threshold": self.threshold if math.isfinite(self.threshold) else None,
            "age": self.age,
            "open_for": self.open_for,
        }


class RobustDeviation(LeavesOut):
    """Distance from a trailing median that is both large and rare."""

    name: ClassVar[str] = "robust_deviation"
    summary: ClassVar[str] = "A value is far from its recent median, and rarely was so far before."
    tuned_by: ClassVar[str] = "rarity"

    window: int = parameter(
        "Latest points whose median is expected.", 288, unit="points", minimum=12, maximum=5000
    )
    deviations: float = parameter(
        "Least distance that counts, in scaled median absolute deviations.",
        6.0,
        minimum=1,
        maximum=1000,
    )
    rarity: float = parameter(
        "Least rarity that counts: 3 means at most one in 10^3 past distances was as large.",
        3.0,
        minimum=1,
        maximum=6,
    )
    direction: str = parameter("Which side is bad.", "both", choices=("both", "up", "down"))
    needed: int = parameter("Exceeding points that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest points among which they are counted.", 1, minimum=1, maximum=100)
    clear_after: int = parameter(
        "Points in a row within the threshold that close a breach.",
        144,
        unit="points",
        minimum=1,
        maximum=100_000,
    )
    refresh: int = parameter(
        "Points between recomputations of the threshold.",
        72,
        unit="points",
        minimum=1,
        maximum=5000,
    )
    scale_memory: int = parameter(
        "Refreshes whose scales are pooled by their median.", 28, minimum=1, maximum=1000
    )
    relearn_after: int = parameter(
        "Points after which a breach that persists is taken for the new normal.",
        864,
        unit="points",
        minimum=2,
        maximum=1_000_000,
    )
    probation: int = parameter(
        "Points that are only learnt from; at least 10^rarity are needed in any case.",
        750,
        unit="points",
        minimum=36,
        maximum=100_000,
    )
    floor_share: float = parameter(
        "Least scale, as a share of the median, so that a constant series is not all alarm.",
        0.01,
        minimum=0,
        maximum=1,
    )
    resolution: float = parameter("Least scale in the series' own unit.", 0.0, minimum=0)

    def check(self) -> None:
        """Refuses n > m and a breach that would be relearnt before it can clear."""
        super().check()
        if self.needed > self.of:
            raise BadParameter("needed", "must not be more than `of`")
        if self.relearn_after <= self.clear_after:
            raise BadParameter("relearn_after", "must be more than `clear_after`")

    def evaluate(
        self, state: State, points: Sequence[Point], now: datetime
    ) -> tuple[State, list[Verdict]]:
        """Judges each point by what was known before it, then learns from it."""
        memory = _Memory.load(state, Persistence(self.needed, self.of, self.clear_after))
        verdicts = []
        for point in points:
            if point.left_out:
                verdicts.append(passed_over(point, memory.scores.total))
            elif math.isfinite(point.value):
                verdicts.append(self._observe(memory, point))
            else:
                verdicts.append(no_number(point, memory.scores.total))
        return memory.dump(), verdicts

    def _observe(self, memory: _Memory, point: Point) -> Verdict:
        self._refresh(memory)
        if memory.median is None:
            verdict = self._learning(point, len(memory.window), self.first_points)
        else:
            verdict = self._judge(memory, memory.median, point)
        memory.window = [*memory.window[-self.window + 1 :], point.value]
        return verdict

    @property
    def first_points(self) -> int:
        """Points before the first median is taken."""
        return min(36, self.window)

    def _refresh(self, memory: _Memory) -> None:
        is_due = memory.median is None or memory.age >= self.refresh
        if memory.persistence.breached or not is_due or len(memory.window) < self.first_points:
            return
        values = np.array(memory.window)
        memory.median = float(np.median(values))
        spread = NORMAL * float(np.median(np.abs(values - memory.median)))
        least = max(self.floor_share * abs(memory.median), self.resolution, TINIEST)
        memory.scales = [*memory.scales, max(spread, least)][-self.scale_memory :]
        rare = memory.scores.rare_from(self.rarity)
        memory.threshold = max(rare, self.deviations * memory.scale)
        memory.age = 0

    def _judge(self, memory: _Memory, median: float, point: Point) -> Verdict:
        memory.age += 1
        distance = self._distance(point.value - median)
        distance_bin = Tally.bin(distance)
        rarity = memory.scores.rarity(distance_bin)
        known = memory.scores.total
        if known < self.probation or math.isinf(memory.threshold):
            memory.scores.add(distance_bin)
            return self._learning(point, known, max(self.probation, math.ceil(10**self.rarity)))
        was_breached = memory.persistence.breached
        exceeds = distance >= memory.threshold
        status = memory.persistence.observe(exceeds, clear=not exceeds)
        status = self._learn(memory, distance_bin, status, was_breached)
        return self._verdict(memory, median, point, status, rarity, known)

    def _distance(self, residual: float) -> float:
        if self.direction == "both":
            return abs(residual)
        return max(0.0, residual if self.direction == "up" else -residual)

    def _learn(
        self, memory: _Memory, distance_bin: int, status: Status, was_breached: bool
    ) -> Status:
        """Learns a quiet distance at once, one in a breach only if the breach turns out to stay."""
        if not was_breached:
            memory.scores.add(distance_bin)
            memory.held, memory.open_for = Tally(), 0
            return status
        memory.held.add(distance_bin)
        memory.open_for += 1
        if status == "breached" and memory.open_for >= self.relearn_after:
            memory.scores.merge(memory.held)
            memory.persistence.reset()
            memory.median = None
            return "ok"
        return status

    def _learning(self, point: Point, known: int, needed: int) -> Verdict:
        sentence = f"Learning what is normal: {known} of at least {needed} points."
        return Verdict("pending", point.time, sentence, value=point.value, n=known)

    def _verdict(
        self,
        memory: _Memory,
        median: float,
        point: Point,
        status: Status,
        rarity: float,
        known: int,
    ) -> Verdict:
        low, high = median - memory.threshold, median + memory.threshold
        return Verdict(
            status,
            point.time,
            self._sentence(memory, median, point.value, rarity, known),
            value=point.value,
            expected=median,
            lo=None if self.direction == "up" else low,
            hi=None if self.direction == "down" else high,
            score=rarity,
            n=known,
        )

    def _sentence(
        self, memory: _Memory, median: float, value: float, rarity: float, known: int
    ) -> str:
        distance = self._distance(value - median)
        side = "above" if value >= median else "below"
        if memory.median is None:
            return f"{figure(value)} is the new normal: it stayed away for {self.relearn_after} points."
        if distance >= memory.threshold:
            return (
                f"{figure(value)} is {figure(distance / memory.scale)} deviations {side} the median "
                f"{figure(median)}; only {max(1, round(10**-rarity * (known + 1)))} of {known + 1:,} distances were as large."
            )
        return (
            f"{figure(value)} is within {figure(memory.threshold)} of the median {figure(median)}."
        )
