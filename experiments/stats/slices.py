"""Effects within slices: first whether they differ at all, and only then where.

Cochran (1954) Q and Higgins' I² for effects with known variances, DerSimonian and Laird (1986) for the
variance between slices; Mantel and Haenszel (1959) and Breslow and Day (1980) for tables of counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special
from statsmodels.stats.contingency_tables import StratifiedTable

from experiments.stats.results import Cannot


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
    values, spread = np.array(effects, dtype=np.float64), np.array(variances, dtype=np.float64)
    if (spread <= 0).any():
        return Cannot("Cochran Q", "a slice has no variance")
    weights = 1 / spread
    mean = float((weights * values).sum() / weights.sum())
    q = float((weights * (values - mean) ** 2).sum())
    df = len(values) - 1
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    return Heterogeneity(
        effect=mean,
        se=float(weights.sum() ** -0.5),
        q=q,
        p_value=float(special.chdtrc(df, q)),
        i2=(q - df) / q if q else 0.0,
        tau2=(q - df) / scale,
    )


@dataclass(frozen=True, slots=True)
class Stratified:
    """The common odds ratio over strata, whether it is one, and whether it is common."""

    odds_ratio: float
    p_value: float
    p_homogeneity: float


def stratified(strata: Sequence[Sequence[Sequence[int]]]) -> Stratified | Cannot:
    """Tables of counts, one a stratum: rows treatment and control, columns with and without."""
    tables = [np.array(table, dtype=np.float64) for table in strata]
    if any(table.shape != (2, 2) for table in tables):
        raise ValueError("a stratum is a table of two rows and two columns")
    if sum(table[:, 0].sum() for table in tables) == 0:
        return Cannot("Mantel-Haenszel", "nobody has the outcome")
    found = StratifiedTable(tables)
    return Stratified(
        float(found.oddsratio_pooled),
        float(found.test_null_odds().pvalue),
        float(found.test_equal_odds().pvalue),
    )
