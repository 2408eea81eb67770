"""The verdict on a canary's time series beside its baseline's: pass, high, low or no data.

The judge of Kayenta (Netflix and Google 2018, "Automated canary analysis with Kayenta"): the interval
of the shift of ranks has to lie beyond a tolerance, and the effect beyond a threshold of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.stats.ranks import shift_interval

Direction = Literal["increase", "decrease", "either"]
Measure = Literal["mean_ratio", "common"]
Thresholds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`deviation` is the effect: 1 for none by the ratio of means, NaN where there is no ratio."""

    verdict: Literal["pass", "high", "low", "nodata"]
    deviation: float
    is_critical: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """How strict a verdict is. Thresholds are (lower, upper) bounds of the effect."""

    tolerance: float = 0.25
    confidence: float = 0.98
    thresholds: Thresholds = (1.0, 1.0)
    critical: Thresholds = (1.0, 1.0)
    measure: Measure = "mean_ratio"

    def judge(
        self,
        control: ArrayLike,
        experiment: ArrayLike,
        direction: Direction = "either",
        *,
        replace_missing: bool = False,
        is_critical: bool = False,
    ) -> Verdict:
        """The verdict on two series of shapes (n,) and (m,); missing values are NaN."""
        one, other = _present(control, replace_missing), _present(experiment, replace_missing)
        if one.size == 0 or other.size == 0:
            if replace_missing:
                return Verdict("pass", 1.0)
            return Verdict("nodata", 1.0, is_critical, "one of the series has no values")
        if np.array_equal(np.sort(one), np.sort(other)):
            return Verdict("pass", 1.0, reason="the series are the same")
        if np.unique(np.concatenate([one, other])).size == 1:
            return Verdict("pass", 1.0, reason="there is one value only")
        side = self._side(one, other, direction)
        effect = self._effect(one, other)
        if side == "pass":
            return Verdict("pass", effect)
        if is_critical and self._beyond(effect, side, self.critical):
            return Verdict(side, effect, True, f"{side} and critical")
        if self._beyond(effect, side, self.thresholds):
            return Verdict(side, effect)
        return Verdict("pass", effect, reason="within the effect that is accepted")

    def _side(
        self, control: NDArray[np.float64], experiment: NDArray[np.float64], direction: Direction
    ) -> Literal["pass", "high", "low"]:
        lower, shift, upper = shift_interval(control, experiment, self.confidence)
        allowed = self.tolerance * abs(shift)
        if direction in ("increase", "either") and lower > allowed:
            return "high"
        if direction in ("decrease", "either") and upper < -allowed:
            return "low"
        return "pass"

    def _effect(self, control: NDArray[np.float64], experiment: NDArray[np.float64]) -> float:
        if self.measure == "common":
            greater = np.subtract.outer(experiment, control)
            return float((greater > 0).mean() + (greater == 0).mean() / 2)
        if control.mean() == 0:
            return 1.0 if experiment.mean() == 0 else math.nan
        if experiment.mean() == 0:
            return math.nan
        return float(experiment.mean() / control.mean())

    @staticmethod
    def _beyond(effect: float, side: str, thresholds: Thresholds) -> bool:
        if math.isnan(effect):
            return True
        return effect >= thresholds[1] if side == "high" else effect <= thresholds[0]


def _present(values: ArrayLike, replace: bool) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return np.nan_to_num(array, nan=0.0) if replace else array[~np.isnan(array)]
