"""The gap between what was expected and what was observed, at the same times.

Residuals are divided by the scale that residuals had where as much was expected: 1.4826 times
their median absolute value in one of up to five groups of the expectation, learnt from the first
`learn` pairs and then kept. A single residual beyond `spike` scales exceeds, and so does the
cumulative sum of those that stay on one side (Page, 1954): with `slack` 0.5 and `limit` 8 normal
residuals cross it once in some 9,500 pairs (Siegmund, 1985) and a lasting shift of one scale after
some 17. The sums are held at twice the limit, so that a breach ends soon after what caused it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

import numpy as np

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Numbers,
    Wanted,
    duration,
    selected,
)
from monitoring.kinds.outside import LooksPast, goes_on, within
from monitoring.slo.definition import Selector

EXPECTED = "expected"
NORMAL, TINIEST, LARGEST = 1.4826, 1e-9, 1e150
MOST_GROUPS, LEAST_OF_GROUP = 5, 20


@dataclass(slots=True)
class _Memory:
    """What was learnt and how far the sums are; `edges` part the groups that `scales` belong to."""

    judged: float = -math.inf
    pairs: list[list[float]] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    above: float = 0.0
    below: float = 0.0

    @classmethod
    def load(cls, memory: State) -> Self:
        kept: Any = dict(memory)
        kept["pairs"] = list(kept.get("pairs", []))
        return cls(**kept)

    def dump(self) -> State:
        return {
            "judged": self.judged,
            "pairs": self.pairs,
            "edges": self.edges,
            "scales": self.scales,
            "above": self.above,
            "below": self.below,
        }

    def scale(self, expected: float) -> float:
        """The scale of residuals where so much is expected."""
        return self.scales[int(np.searchsorted(self.edges, expected, side="right"))]


class ExpectedObserved(LooksPast):
    """Residuals in scales of their own past: single spikes and a cumulative sum."""

    name: ClassVar[str] = "expected_observed"
    summary: ClassVar[str] = "What is observed departs from what was expected, at once or steadily."

    expected: str = parameter('Series of what was expected, such as forecast{horizon="1d"}.')
    slack: float = parameter(
        "Residual that a cumulative sum forgives, in scales.", 0.5, minimum=0, maximum=10
    )
    limit: float = parameter(
        "Cumulative sum that is too much, in scales.", 8.0, minimum=1, maximum=1000
    )
    spike: float = parameter(
        "Single residual that is too much, in scales.", 6.0, minimum=1, maximum=1000
    )
    learn: int = parameter(
        "First pairs, from which the scales are learnt.",
        288,
        unit="points",
        minimum=20,
        maximum=5000,
    )
    floor_share: float = parameter(
        "Least scale, as a share of what is expected.", 0.01, minimum=0, maximum=1
    )
    window: str = parameter("How far back pairs are looked for.", "1h")
    needed: int = parameter("Bad looks that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 1, minimum=1, maximum=100)

    def check(self) -> None:
        """Refuses a series that cannot be read and a window that leaves gaps."""
        super().check()
        selected(self.expected, "expected")
        if self.lookback < self.tick:
            raise BadParameter("window", "must not be shorter than `every`")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Observed and expected, and what is left out."""
        both = {**super().wanted(own), EXPECTED: selected(self.expected, "expected")}
        return {**both, **self.outside()}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Learns from the first pairs, then adds up what is new since the last look."""
        kept = _Memory.load(memory)
        every = _pairs(frame)
        if not len(every):
            return Finding(None, "Nothing was observed for which something was expected.")
        pairs = every[every[:, 0] > kept.judged]
        if not len(pairs) and kept.scales:
            return self._judge(kept, every[-1:], is_new=False)
        if not len(pairs):
            return Finding(None, self._learning(kept), n=len(kept.pairs))
        kept.judged = float(pairs[-1, 0])
        learnt = 0
        if not kept.scales:
            learnt = min(len(pairs), self.learn - len(kept.pairs))
            kept.pairs += pairs[:learnt, 1:].tolist()
            if len(kept.pairs) < self.learn:
                return Finding(None, self._learning(kept), n=len(kept.pairs), memory=kept.dump())
            kept.edges, kept.scales = self._learn(np.array(kept.pairs))
            kept.pairs = []
        if learnt == len(pairs):
            sentence = f"Learnt how far it usually is from {self.learn} pairs."
            return Finding(None, sentence, n=learnt, memory=kept.dump())
        return self._judge(kept, pairs[learnt:])

    def _learning(self, kept: _Memory) -> str:
        return f"Learning how far it usually is: {len(kept.pairs)} of {self.learn} pairs."

    def _learn(self, pairs: Numbers) -> tuple[list[float], list[float]]:
        """Edges between groups of about equal size, and the scale of each group."""
        observed, expected = pairs.T
        groups = max(1, min(MOST_GROUPS, len(pairs) // LEAST_OF_GROUP))
        inner = np.arange(1, groups) / groups
        edges = np.unique(np.quantile(expected, inner, method="lower"))
        edges = edges[edges > expected.min()]
        place = np.searchsorted(edges, expected, side="right")
        residuals = np.abs(observed - expected)
        parts = [residuals[place == group] for group in range(len(edges) + 1)]
        scales = [NORMAL * float(np.median(part)) for part in parts]
        return [float(edge) for edge in edges], scales

    def _judge(self, kept: _Memory, pairs: Numbers, is_new: bool = True) -> Finding:
        """Judges pairs; those that are not new, for want of others, are not added up again."""
        worst: tuple[float, float, float, float] | None = None
        for _, observed, expected in pairs:
            scale = max(kept.scale(expected), self.floor_share * abs(expected), TINIEST)
            residual = float((observed - expected) / scale)
            if is_new:
                kept.above = self._sum(kept.above, residual)
                kept.below = self._sum(kept.below, -residual)
            if worst is None or abs(residual) >= abs(worst[0]):
                worst = (residual, float(observed), float(expected), scale)
        assert worst is not None, "there is at least one pair"
        residual, observed, expected, scale = worst
        is_spike, total = abs(residual) > self.spike, max(kept.above, kept.below)
        exceeds = is_spike or total > self.limit
        return Finding(
            exceeds,
            self._sentence(kept, residual, observed, expected),
            value=observed,
            expected=expected,
            lo=expected - self.spike * scale,
            hi=expected + self.spike * scale,
            score=max(abs(residual) / self.spike, total / self.limit),
            n=len(pairs),
            clear=not exceeds,
            memory=kept.dump(),
        )

    def _sum(self, before: float, residual: float) -> float:
        return min(max(0.0, before + residual - self.slack), 2 * self.limit)

    def _sentence(self, kept: _Memory, residual: float, observed: float, expected: float) -> str:
        side = "above" if residual >= 0 else "below"
        single = f"{figure(observed)} is {figure(abs(residual))} scales {side} the expected {figure(expected)}"
        total, way = max((kept.above, "above"), (kept.below, "below"))
        if total > self.limit:
            return (
                f"Values stay {way} what is expected: their sum is {figure(total)} scales, more "
                f"than {figure(self.limit)}. {single}."
            )
        return f"{single}; the limit is {figure(self.spike)}, and {figure(self.limit)} for the sum, {figure(total)}."


def _pairs(frame: Frame) -> Numbers:
    """Times, observed and expected values where both are numbers, in time order, shape (n, 3).

    Without those of times that are left out.
    """
    both: list[dict[float, float]] = []
    for role in (OWN, EXPECTED):
        found: dict[float, float] = {}
        for each in frame.get(role, ()):
            found |= {
                time: value
                for time, value in zip(each.times.tolist(), each.values.tolist(), strict=True)
                if abs(value) < LARGEST
            }
        both.append(found)
    times = sorted(both[0].keys() & both[1].keys())
    outside = goes_on(frame)
    if outside is not None:
        times = [
            t for t, out in zip(times, within(outside, np.array(times)), strict=True) if not out
        ]
    return np.array([(time, both[0][time], both[1][time]) for time in times]).reshape(-1, 3)
