"""How far two distributions are apart, from their counts in the same bins, and how far by chance.

`was` and `now` are counts, shape (bins,), with a positive sum each. A distance's noise is what it
exceeds in one of a thousand draws of such sizes from one distribution; without it an index of
0.1 is pure noise below some 250 observations.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from monitoring.kinds.framed import Numbers

BY_CHANCE = 0.001
LAPLACE = 0.5
# 3.29 standard errors of the mean are the noise of a shift alone, the rest is that of the shape.
WASSERSTEIN_NOISE = 3.5


def _smooth(counts: Numbers) -> Numbers:
    return np.asarray((counts + LAPLACE) / (counts.sum() + LAPLACE * len(counts)))


def _sizes(was: Numbers, now: Numbers) -> float:
    return float(1 / was.sum() + 1 / now.sum())


def _chi_square(was: Numbers) -> float:
    return float(stats.chi2.isf(BY_CHANCE, max(1, len(was) - 1)))


def psi(was: Numbers, now: Numbers) -> tuple[float, float]:
    """Population stability index (Siddiqi, 2006), with 0.5 added to each count, and its noise.

    Under no change it is some (1/n + 1/m) times chi-square with bins - 1 degrees of freedom
    (Yurdakul and Naranjo, 2020).
    """
    p, q = _smooth(was), _smooth(now)
    return float(np.sum((q - p) * np.log(q / p))), _chi_square(was) * _sizes(was, now)


def jensen_shannon(was: Numbers, now: Numbers) -> tuple[float, float]:
    """Jensen-Shannon distance with logarithms to base 2 (Endres and Schindelin, 2003), and noise.

    The root of the divergence, from 0 to 1; for small changes an eighth of the index above.
    """
    distance = float(jensenshannon(was / was.sum(), now / now.sum(), base=2))
    noise = math.sqrt(_chi_square(was) * _sizes(was, now) / (8 * math.log(2)))
    return (0.0 if math.isnan(distance) else distance), noise


def chi_square(was: Numbers, now: Numbers) -> tuple[float, float]:
    """Effect size w of the chi-square test of homogeneity (Cohen, 1988), and its noise.

    w is the root of chi-square times (1/n + 1/m), so it does not grow with the sizes; 0.3 is called
    medium. 0.5 is added to each count, so one new category is no certainty.
    """
    table = np.array([was, now]) + LAPLACE
    if table.shape[1] < 2:
        return 0.0, 0.0
    found = float(stats.chi2_contingency(table, correction=False).statistic)
    sizes = _sizes(was, now)
    return math.sqrt(found * sizes), math.sqrt(_chi_square(was) * sizes)


def kolmogorov_smirnov(was: Numbers, now: Numbers) -> tuple[float, float]:
    """Largest distance of the distribution functions in ordered bins, and its noise.

    The noise is that of continuous values, more than that of bins (Kolmogorov, 1933).
    """
    gap = np.cumsum(was) / was.sum() - np.cumsum(now) / now.sum()
    noise = float(stats.kstwobign.isf(BY_CHANCE)) * math.sqrt(_sizes(was, now))
    return float(np.max(np.abs(gap))), noise


def wasserstein(places: Numbers, was: Numbers, now: Numbers) -> tuple[float, float]:
    """Earth mover's distance in standard deviations of `was`, and its noise.

    `places` are the bins' values in ascending order. A reference without spread has the distance 0
    to itself and an infinite one to anything else.
    """
    # In units of the largest place, so that no square is too large for a number.
    unit = float(np.max(np.abs(places))) or 1.0
    scaled, weights = places / unit, was / was.sum()
    mean = float(np.sum(scaled * weights))
    deviation = math.sqrt(float(np.sum(weights * (scaled - mean) ** 2)))
    gap = np.abs(np.cumsum(weights) - np.cumsum(now / now.sum()))[:-1]
    moved = float(np.sum(gap * np.diff(scaled)))
    noise = WASSERSTEIN_NOISE * math.sqrt(_sizes(was, now))
    if deviation == 0:
        return (math.inf if moved > 0 else 0.0), noise
    return moved / deviation, noise
