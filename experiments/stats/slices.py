"""Effects within slices: first whether they differ at all, and only then where.

Cochran (1954) Q and Higgins' I² for effects with known variances, DerSimonian and Laird (1986) for the
variance between slices; Mantel and Haenszel (1959) and Breslow and Day (1980) for tables of counts.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats.results import Cannot

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """`effect` is the precision-weighted mean; `i2` is the share of variation beyond chance."""

    effect: float
    se: float
    q: float
    p_value: float
    i2: float
    tau2: float


def heterogeneity(effects: Sequence[float], variances: Sequence[float]) -> Heterogeneity | Cannot:
    """Whether the slices' effects differ by more than chance. Variances are of the effects."""
    if len(effects) < 2:
        return Cannot("Cochran Q", "there are fewer than two slices")
    if any(variance <= 0 for variance in variances):
        return Cannot("Cochran Q", "a slice has no variance")
    # A page asks for dozens of these over a dozen values each, where arrays are slower than floats.
    weights = [1 / variance for variance in variances]
    total = sum(weights)
    mean = sum(map(operator.mul, weights, effects)) / total
    q = sum(w * (value - mean) ** 2 for w, value in zip(weights, effects, strict=True))
    df = len(effects) - 1
    scale = total - sum(w * w for w in weights) / total
    return Heterogeneity(
        effect=mean,
        se=total**-0.5,
        q=q,
        p_value=float(special.chdtrc(df, q)),
        i2=(q - df) / q if q else 0.0,
        tau2=(q - df) / scale,
    )


@dataclass(frozen=True, slots=True)
class Stratified:
    """The common odds ratio over strata, whether it is one, and whether it is common.

    `p_homogeneity` is NaN where the common odds ratio is 0 or infinite.
    """

    odds_ratio: float
    p_value: float
    p_homogeneity: float


def stratified(strata: Sequence[Sequence[Sequence[int]]]) -> Stratified | Cannot:
    """Tables of counts, one a stratum: rows treatment and control, columns with and without."""
    tables = [np.array(table, dtype=np.float64) for table in strata]
    if any(table.shape != (2, 2) for table in tables):
        raise ValueError("a stratum is a table of two rows and two columns")
    cells = np.array(tables).reshape(-1, 2, 2)
    # A stratum with one arm only, or in which everybody fares the same, says nothing of the odds.
    cells = cells[(cells.sum(axis=1) > 0).all(axis=1) & (cells.sum(axis=2) > 0).all(axis=1)]
    if not len(cells):
        return Cannot("Mantel-Haenszel", "no stratum has both arms and both outcomes")
    a, b, c, d = cells.reshape(-1, 4).T
    n = a + b + c + d
    expected = (a + b) * (a + c) / n
    variance = (a + b) * (a + c) * (c + d) * (b + d) / (n**2 * (n - 1))
    chi2 = float((a - expected).sum() ** 2 / variance.sum())
    concordant, discordant = float((a * d / n).sum()), float((b * c / n).sum())
    ratio = concordant / discordant if discordant else math.inf
    return Stratified(ratio, float(special.chdtrc(1, chi2)), _breslow_day(cells, ratio))


def _breslow_day(cells: Floats, ratio: float) -> float:
    """Whether the strata share this odds ratio: counts beside those expected with it.

    The expected first cell e solves (1 - r) e² + q e - r s t = 0. Its root is taken in the form that
    does not divide by 1 - r, so that it is there for r = 1 as well.
    """
    if ratio == 0 or math.isinf(ratio):
        return math.nan
    treated, having = cells[:, 0].sum(axis=1), cells[:, :, 0].sum(axis=1)
    rest = cells[:, 1, 1] - cells[:, 0, 0]
    q = ratio * (treated + having) + rest
    root = np.sqrt(q**2 + 4 * (1 - ratio) * ratio * treated * having)
    e = 2 * ratio * treated * having / (q + root)
    weight = 1 / e + 1 / (having - e) + 1 / (treated - e) + 1 / (rest + e)
    chi2 = float(((cells[:, 0, 0] - e) ** 2 * weight).sum())
    return float(special.chdtrc(len(cells) - 1, chi2))
