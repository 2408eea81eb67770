"""Does the effect wear off? A weighted line through the daily effects.

Least squares with known variances; the slope's standard error is 1/sqrt(Σ w (x - x̄)²).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from experiments.stats.results import Cannot


@dataclass(frozen=True, slots=True)
class Trend:
    """Change of the effect a day."""

    slope: float
    se: float
    z: float
    p_value: float


def trend(
    days: Sequence[float], effects: Sequence[float], variances: Sequence[float]
) -> Trend | Cannot:
    """Effects by day with the variance of each."""
    if len(set(days)) < 3:
        return Cannot("trend", "there are fewer than three days")
    weights = [1 / variance for variance in variances]
    middle = sum(map(operator.mul, weights, days)) / sum(weights)
    arms = [w * (day - middle) for w, day in zip(weights, days, strict=True)]
    spread = sum(arm * (day - middle) for arm, day in zip(arms, days, strict=True))
    slope = sum(map(operator.mul, arms, effects)) / spread
    se = 1 / math.sqrt(spread)
    return Trend(slope, se, slope / se, float(2 * special.ndtr(-abs(slope / se))))
