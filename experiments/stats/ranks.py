"""Ranks: the Mann-Whitney test and the shift of Hodges and Lehmann.

Mann and Whitney (1947), with ties and continuity corrected; Hodges and Lehmann (1963): the median of
all differences. `common` is the chance that a treated value is the greater one (McGraw, Wong 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from experiments.stats.results import Cannot

MOST_PAIRS = 25_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranks:
    """U of the treatment, the two-sided p-value, the chance of being greater, and the shift."""

    u: float
    p_value: float
    common: float
    shift: float | None


def mann_whitney(control: ArrayLike, treatment: ArrayLike) -> Ranks | Cannot:
    """Arrays of shapes (n,) and (m,); the shift is left out where there are too many pairs."""
    one, other = np.asarray(control, dtype=np.float64), np.asarray(treatment, dtype=np.float64)
    if min(one.size, other.size) < 1:
        return Cannot("Mann-Whitney", "an arm has no values")
    if np.unique(np.concatenate([one, other])).size == 1:
        return Cannot("Mann-Whitney", "every value is the same")
    found = stats.mannwhitneyu(other, one, alternative="two-sided", method="asymptotic")
    pairs = one.size * other.size
    shift = None
    if pairs <= MOST_PAIRS:
        shift = float(np.median(np.subtract.outer(other, one)))
    u = float(found.statistic)
    return Ranks(u, float(found.pvalue), u / pairs, shift)


def shift_interval(
    control: Floats, treatment: Floats, confidence: float
) -> tuple[float, float, float]:
    """Lower end, estimate and upper end of the shift, by inverting the normal approximation.

    The shift at which the corrected rank statistic equals a normal quantile; Bauer (1972),
    "Constructing confidence sets using rank statistics".
    """
    control, treatment = np.sort(control), np.sort(treatment)
    lowest, highest = treatment.min() - control.max(), treatment.max() - control.min()
    z = float(special.ndtri((1 + confidence) / 2))

    def root(quantile: float, corrected: bool) -> float:
        def distance(shift: float) -> float:
            return _standardised(control, treatment, shift, corrected) - quantile

        if distance(lowest) <= 0:
            return float(lowest)
        if distance(highest) >= 0:
            return float(highest)
        return float(optimize.brentq(distance, lowest, highest, xtol=1e-4))

    return root(z, True), root(0.0, False), root(-z, True)


def _standardised(control: Floats, treatment: Floats, shift: float, corrected: bool) -> float:
    """Both sorted. U counts the pairs in which the treatment is greater, and half of those alike."""
    n, m = treatment.size, control.size
    moved = treatment - shift
    below = control.searchsorted(moved, "left").sum() + control.searchsorted(moved, "right").sum()
    gap = below / 2 - n * m / 2
    together = np.sort(np.concatenate([moved, control]), kind="stable")
    ends = np.flatnonzero(together[1:] != together[:-1]) + 1
    ties = np.diff(ends, prepend=0, append=n + m)
    tied = (ties.astype(float) ** 3 - ties).sum() / ((n + m) * (n + m - 1))
    sigma = np.sqrt(n * m / 12 * (n + m + 1 - tied))
    if sigma == 0:
        return 0.0
    return float((gap - (np.sign(gap) * 0.5 if corrected else 0)) / sigma)
