"""Two proportions: pooled z and Fisher's test, intervals by Newcombe and by score.

The interval of Wald breaks at 0 and n successes; Newcombe's (1998, "Interval estimation for the
difference between independent proportions", method 10) and the score interval of Miettinen and
Nurminen (1985) do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from experiments.stats.results import Cannot, Effect, check_alpha

EXPECTED = 5  # successes and failures below which the normal approximation is not trusted

Pair = tuple[float, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Proportions:
    """Everything about two shares; `score` is None where its search found no interval."""

    effect: float
    z: float
    p_pooled: float
    p_unpooled: float
    wald: Pair
    newcombe: Pair
    score: Pair | None
    chi2_p: float
    fisher_p: float


def proportions(
    control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05
) -> Proportions | Cannot:
    """Both arms as (successes, n)."""
    check_alpha(alpha)
    refusal = _fault(control, treatment)
    if refusal:
        return refusal
    (x, n), (y, m) = control, treatment
    effect, z = _pooled(control, treatment)
    p, q = x / n, y / m
    unpooled = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    quantile = float(special.ndtri(1 - alpha / 2))
    table = [[y, m - y], [x, n - x]]
    return Proportions(
        effect=effect,
        z=z,
        p_pooled=_two_sided(z),
        p_unpooled=_two_sided(effect / unpooled) if unpooled else 0.0,
        wald=(effect - quantile * unpooled, effect + quantile * unpooled),
        newcombe=newcombe(control, treatment, alpha),
        score=score(control, treatment, alpha),
        chi2_p=float(stats.chi2_contingency(table, correction=False).pvalue),
        fisher_p=float(stats.fisher_exact(table).pvalue),
    )


def effect_of(
    control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05
) -> Effect | Cannot:
    """The difference with Newcombe's interval; Fisher's p where the counts are small."""
    check_alpha(alpha)
    refusal = _fault(control, treatment)
    if refusal:
        return refusal
    effect, z = _pooled(control, treatment)
    (x, n), (y, m) = control, treatment
    share = (x + y) / (n + m)
    # Fisher's test and the score interval take a thousand times as long as these closed forms.
    exact = min(n, m) * min(share, 1 - share) < EXPECTED
    p = float(stats.fisher_exact([[y, m - y], [x, n - x]]).pvalue) if exact else _two_sided(z)
    return Effect(
        "Fisher's exact test" if exact else "pooled z",
        effect,
        p,
        *newcombe(control, treatment, alpha),
        alpha,
        statistic=None if exact else z,
        inputs={"control": control, "treatment": treatment},
    )


def newcombe(control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05) -> Pair:
    """Newcombe's interval of the difference, from the Wilson intervals of the two shares."""
    one, other = np.array([control], dtype=np.float64), np.array([treatment], dtype=np.float64)
    lo, hi = _newcombe(one, other, alpha)
    return float(lo[0]), float(hi[0])


def batch(control: Floats, treatment: Floats, alpha: float = 0.05) -> dict[str, Floats]:
    """Many tests at once: arrays of shape (k, 2) with successes and n of each.

    Returns arrays of shape (k,): effect, z, p_value, lo, hi. The interval is Newcombe's. NaN where
    there is no test; the p-value also where the counts are too small for z, which `effect_of` tests
    by Fisher's.
    """
    check_alpha(alpha)
    (x, n), (y, m) = control.T, treatment.T
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (x + y) / (n + m)
        refused = (np.minimum(n, m) < 1) | (share == 0) | (share == 1)
        effect = np.where(refused, np.nan, y / m - x / n)
        z = effect / np.sqrt(share * (1 - share) * (1 / n + 1 / m))
        lo, hi = _newcombe(control, treatment, alpha)
    few = np.minimum(n, m) * np.minimum(share, 1 - share) < EXPECTED
    return {
        "effect": effect,
        "z": z,
        "p_value": np.where(few, np.nan, 2 * special.ndtr(-np.abs(z))),
        "lo": np.where(refused, np.nan, lo),
        "hi": np.where(refused, np.nan, hi),
    }


def score(control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05) -> Pair | None:
    """The interval of Miettinen and Nurminen; None where the search for it finds none."""
    try:
        lo, hi = confint_proportions_2indep(*treatment, *control, method="score", alpha=alpha)
    except ValueError:
        # It is searched for from a guess, which with few counts may lie on its wrong side.
        return None
    return float(lo), float(hi)


def _newcombe(control: Floats, treatment: Floats, alpha: float) -> tuple[Floats, Floats]:
    z = float(special.ndtri(1 - alpha / 2))
    (p, p_lo, p_hi), (q, q_lo, q_hi) = _wilson(control, z), _wilson(treatment, z)
    effect = q - p
    lo = effect - np.sqrt((q - q_lo) ** 2 + (p_hi - p) ** 2)
    return lo, effect + np.sqrt((q_hi - q) ** 2 + (p - p_lo) ** 2)


def _wilson(arms: Floats, z: float) -> tuple[Floats, Floats, Floats]:
    """Shares of (successes, n) with the interval of Wilson (1927)."""
    x, n = arms.T
    share = x / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return share, middle - half, middle + half


def _fault(control: tuple[int, int], treatment: tuple[int, int]) -> Cannot | None:
    inputs = {"control": control, "treatment": treatment}
    if min(control[1], treatment[1]) < 1:
        return Cannot("two proportions", "an arm has no units", inputs)
    if not 0 <= control[0] <= control[1] or not 0 <= treatment[0] <= treatment[1]:
        raise ValueError("successes lie between 0 and n")
    if control[0] + treatment[0] in (0, control[1] + treatment[1]):
        return Cannot("two proportions", "every unit in both arms has the same outcome", inputs)
    return None


def _pooled(control: tuple[int, int], treatment: tuple[int, int]) -> Pair:
    """The difference and its z under the null of one common share."""
    (x, n), (y, m) = control, treatment
    share = (x + y) / (n + m)
    effect = y / m - x / n
    return effect, effect / math.sqrt(share * (1 - share) * (1 / n + 1 / m))


def _two_sided(z: float) -> float:
    return float(2 * special.ndtr(-abs(z)))
