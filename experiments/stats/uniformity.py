"""A/A tests: where nothing differs, p-values are uniform and one in twenty is below 0.05."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.stats.results import Cannot

LEVEL = 0.05
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Uniformity:
    """Kolmogorov and Smirnov's distance from uniform, and the share below 0.05 with its own test."""

    distance: float
    p_value: float
    share: float
    share_p: float


def uniformity(p_values: Sequence[float]) -> Uniformity | Cannot:
    """Whether p-values of A/A comparisons are as they should be."""
    values = np.array(p_values, dtype=np.float64)
    if values.size < FEWEST:
        return Cannot("A/A", f"there are fewer than {FEWEST} comparisons")
    found = stats.kstest(values, "uniform")
    below = int((values < LEVEL).sum())
    binomial = stats.binomtest(below, values.size, LEVEL)
    return Uniformity(
        float(found.statistic),
        float(found.pvalue),
        below / values.size,
        float(binomial.pvalue),
    )
