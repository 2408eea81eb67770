"""Quantiles, such as a p99: the standard error from the order statistics around them.

The interval of a quantile between order statistics at ν ± z sqrt(ν (1 - ν)/n) is distribution-free
(Hahn and Meeker 1991, "Statistical intervals", section 5.2); a standard error follows from its width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats.results import Answer, Cannot, check_alpha
from experiments.stats.welch import of_variances


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of `n` values with the ends of its own interval at the same alpha."""

    n: int
    nu: float
    estimate: float
    lower: float
    upper: float

    def se(self, alpha: float) -> float:
        """Standard error that gives the interval its width, of a sample rather than a population."""
        width = (self.upper - self.lower) / (2 * float(special.ndtri(1 - alpha / 2)))
        return width * math.sqrt((self.n - 1) / self.n)


def quantile_of(values: ArrayLike, nu: float, alpha: float = 0.05) -> Quantile | Cannot:
    """The quantile of an array of shape (n,); refused while its interval leaves the data."""
    check_alpha(alpha)
    array = np.sort(np.asarray(values, dtype=np.float64))
    n, z = array.size, float(special.ndtri(1 - alpha / 2))
    if not 0 < nu < 1:
        raise ValueError("a quantile lies between 0 and 1")
    if n <= z * z * max(nu / (1 - nu), (1 - nu) / nu):
        return Cannot("quantile", f"{n} values are too few for the {nu:g} quantile", {"n": n})
    reach = z * math.sqrt(nu * (1 - nu) / n)
    lower, upper = (float(np.quantile(array, nu + sign * reach)) for sign in (-1, 1))
    return Quantile(n, nu, float(np.quantile(array, nu)), lower, upper)


def quantile_of_bins(
    counts: Sequence[tuple[float, float, int]], nu: float, alpha: float = 0.05
) -> Quantile | Cannot:
    """The same of counts by bin, each (lower end, upper end, count) and in order.

    Values are taken to lie evenly within their bin, so that the error is less than a bin's width.
    """
    check_alpha(alpha)
    n, z = sum(count for _, _, count in counts), float(special.ndtri(1 - alpha / 2))
    if n <= z * z * max(nu / (1 - nu), (1 - nu) / nu):
        return Cannot("quantile", f"{n} values are too few for the {nu:g} quantile", {"n": n})
    reached = np.cumsum([0, *(count for _, _, count in counts)]) / n
    ends = np.array([counts[0][0], *(upper for _, upper, _ in counts)])
    starts = np.array([lower for lower, _, _ in counts])

    def at(share: float) -> float:
        place = min(int(np.searchsorted(reached[1:], share)), len(counts) - 1)
        within = (share - reached[place]) / (reached[place + 1] - reached[place])
        return float(starts[place] + (ends[place + 1] - starts[place]) * within)

    reach = z * math.sqrt(nu * (1 - nu) / n)
    return Quantile(n, nu, at(nu), at(nu - reach), at(nu + reach))


def quantile_effect(control: Quantile, treatment: Quantile, alpha: float = 0.05) -> Answer:
    """The difference of two quantiles."""
    check_alpha(alpha)
    a, b = control.se(alpha) ** 2, treatment.se(alpha) ** 2
    inputs = {"control": control, "treatment": treatment}
    gap = treatment.estimate - control.estimate
    return of_variances("quantile", gap, a, b, (control.n, treatment.n), alpha, inputs)
