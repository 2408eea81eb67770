"""Does the effect wear off? A weighted line through the daily effects.

Least squares with known variances; the slope's standard error is 1/sqrt(Σ w (x - x̄)²).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
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
    x, y = np.array(days, dtype=np.float64), np.array(effects, dtype=np.float64)
    weights = 1 / np.array(variances, dtype=np.float64)
    if len(set(days)) < 3:
        return Cannot("trend", "there are fewer than three days")
    middle = (weights * x).sum() / weights.sum()
    spread = float((weights * (x - middle) ** 2).sum())
    slope = float((weights * (x - middle) * y).sum() / spread)
    se = 1 / math.sqrt(spread)
    return Trend(slope, se, slope / se, float(2 * special.ndtr(-abs(slope / se))))
