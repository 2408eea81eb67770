"""A slow change that a median which learns again and again would never see.

The companion of `robust_deviation`: stretches are compared with a reference that was learnt once
and is kept. Their distances from its median, in scaled median absolute deviations, are added up on
either side, less what is forgiven (Page, 1954): an outage that grows over weeks adds up though no
day of it is remarkable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from monitoring.kinds.base import State, figure, parameter
from monitoring.kinds.framed import OWN, Finding, Frame, Wanted, duration
from monitoring.kinds.outside import LooksPast, goes_on, touches
from monitoring.slo.definition import Selector

SCALE = 1.4826
LONGEST_SUM = 3.0  # of the limit, so that a change which ended is over before long
FURTHEST = 4.0  # deviations that one stretch may add: a single wild one is no trend


class Trend(LooksPast):
    """Cumulative sums of the medians of stretches beside a frozen reference."""

    name: ClassVar[str] = "trend"
    summary: ClassVar[str] = "A series creeps away from what it was, too slowly to be noticed."

    reference: int = parameter(
        "Stretches that are learnt from, and kept.", 28, minimum=7, maximum=400
    )
    slack: float = parameter("Deviation of a stretch that is forgiven.", 1.0, minimum=0, maximum=10)
    limit: float = parameter("Sum of deviations that is too much.", 8.0, minimum=1, maximum=1_000)
    floor_share: float = parameter(
        "Least deviation, as a share of what is usual.", 0.02, minimum=0, maximum=1
    )
    min_points: int = parameter("Least points of a stretch.", 10, minimum=1, maximum=100_000)
    every: str = parameter("Length of a stretch, and how often it looks.", "1d")
    needed: int = parameter("Bad looks that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 1, minimum=1, maximum=100)

    @property
    def lookback(self) -> timedelta:
        """One stretch."""
        return duration(self.every, "every")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The monitor's own series, and what is left out."""
        return {**super().wanted(own), **self.outside()}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Learns the reference first, then adds up what departs from it."""
        if touches(goes_on(frame), (at - self.lookback).timestamp(), at.timestamp()):
            return Finding(None, f"What is left out went on in the {self.every} to {at:%H:%M} UTC.")
        tracks = frame.get(OWN, ())
        values = tracks[0].finite().values if tracks else np.empty(0)
        if values.size < self.min_points:
            few = f"{values.size} of the {self.min_points} points that a stretch needs."
            return Finding(None, few, n=int(values.size))
        value = float(np.median(values))
        learnt: list[float] = memory.get("learnt", [])
        if len(learnt) < self.reference:
            learnt = [*learnt, value]
            said = f"Learning what is usual: {len(learnt)} of {self.reference} stretches."
            return Finding(None, said, value, memory={**memory, "learnt": learnt})
        return self._add(value, learnt, memory)

    def _add(self, value: float, learnt: list[float], memory: State) -> Finding:
        usual = float(np.median(learnt))
        spread = SCALE * float(np.median(np.abs(np.array(learnt) - usual)))
        deviation = max(spread, self.floor_share * abs(usual), 1e-12)
        z = float(np.clip((value - usual) / deviation, -FURTHEST, FURTHEST))
        most = LONGEST_SUM * self.limit
        up = min(max(0.0, memory.get("up", 0.0) + z - self.slack), most)
        down = min(max(0.0, memory.get("down", 0.0) - z - self.slack), most)
        worst, side = (up, "above") if up >= down else (down, "below")
        exceeds = worst > self.limit
        kept: dict[str, Any] = {"learnt": learnt, "up": up, "down": down}
        said = f"{figure(value)}, where {figure(usual)} was usual in the reference"
        if exceeds:
            said += f"; it has been {side} for so long that deviations add up to {figure(worst)}"
        reach = self.limit * deviation
        return Finding(
            exceeds,
            f"{said}.",
            value,
            usual,
            usual - reach,
            usual + reach,
            score=worst,
            n=len(learnt),
            memory=kept,
        )
