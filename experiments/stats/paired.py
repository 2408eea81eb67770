"""The same requests through two models: paired tests, for shadow releases.

Student (1908) on the differences; Wilcoxon (1945) on their signed ranks; McNemar (1947) on two answers
that are right or wrong, exact where few disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_table

from experiments.stats.moments import Moments
from experiments.stats.results import Answer, Cannot, Effect, check_alpha

FEW_DISAGREE = 25


def paired(differences: Moments, alpha: float = 0.05) -> Answer:
    """The mean of the differences, treatment less control, of each pair."""
    check_alpha(alpha)
    inputs = {"differences": differences}
    if differences.n < 2:
        return Cannot("paired t", "there are fewer than two pairs", inputs)
    se = math.sqrt(differences.variance / differences.n)
    if se == 0:
        return Cannot("paired t", "every pair differs by the same", inputs)
    df = differences.n - 1
    t = differences.mean / se
    half = float(special.stdtrit(df, 1 - alpha / 2)) * se
    p = float(2 * special.stdtr(df, -abs(t)))
    mean = differences.mean
    return Effect("paired t", mean, p, mean - half, mean + half, alpha, se, t, df, inputs=inputs)


def wilcoxon(control: ArrayLike, treatment: ArrayLike) -> float | Cannot:
    """The two-sided p-value of the signed ranks of arrays of shape (n,)."""
    gaps = np.asarray(treatment, dtype=np.float64) - np.asarray(control, dtype=np.float64)
    if not np.any(gaps):
        return Cannot("Wilcoxon", "no pair differs")
    return float(stats.wilcoxon(gaps).pvalue)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """McNemar's test; `p_value` is the exact one where fewer than 25 pairs disagree."""

    chi2: float
    p_corrected: float
    p_exact: float
    p_value: float


def mcnemar(
    both: int, only_control: int, only_treatment: int, neither: int
) -> Disagreement | Cannot:
    """Counts of requests by which of the two answered right."""
    if only_control + only_treatment == 0:
        return Cannot("McNemar", "the two never disagree")
    table = [[both, only_control], [only_treatment, neither]]
    corrected = mcnemar_table(table, exact=False, correction=True)
    exact = float(mcnemar_table(table, exact=True).pvalue)
    few = only_control + only_treatment < FEW_DISAGREE
    p = float(corrected.pvalue)
    return Disagreement(float(corrected.statistic), p, exact, exact if few else p)
