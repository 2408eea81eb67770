"""Two proportions: pooled z and Fisher's test, intervals by Newcombe and by score.

The interval of Wald breaks at 0 and n successes; Newcombe's (1998, "Interval estimation for the
difference between independent proportions", method 10) and the score interval of Miettinen and
Nurminen (1985) do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from experiments.stats.results import Cannot, Effect, check_alpha

EXPECTED = 5  # successes and failures below which the normal approximation is not trusted

Pair = tuple[float, float]


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
    inputs = {"control": control, "treatment": treatment}
    if min(control[1], treatment[1]) < 1:
        return Cannot("two proportions", "an arm has no units", inputs)
    if not 0 <= control[0] <= control[1] or not 0 <= treatment[0] <= treatment[1]:
        raise ValueError("successes lie between 0 and n")
    (x, n), (y, m) = control, treatment
    share = (x + y) / (n + m)
    if share in (0, 1):
        return Cannot("two proportions", "every unit in both arms has the same outcome", inputs)
    p, q = x / n, y / m
    effect = q - p
    z = effect / math.sqrt(share * (1 - share) * (1 / n + 1 / m))
    unpooled = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    quantile = float(special.ndtri(1 - alpha / 2))
    table = [[y, m - y], [x, n - x]]
    newcombe = _interval(control, treatment, "newcomb", alpha)
    assert newcombe is not None  # it is in closed form
    return Proportions(
        effect=effect,
        z=z,
        p_pooled=_two_sided(z),
        p_unpooled=_two_sided(effect / unpooled) if unpooled else 0.0,
        wald=(effect - quantile * unpooled, effect + quantile * unpooled),
        newcombe=newcombe,
        score=_interval(control, treatment, "score", alpha),
        chi2_p=float(stats.chi2_contingency(table, correction=False).pvalue),
        fisher_p=float(stats.fisher_exact(table).pvalue),
    )


def effect_of(
    control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05
) -> Effect | Cannot:
    """The difference with Newcombe's interval; Fisher's p where the counts are small."""
    found = proportions(control, treatment, alpha)
    if isinstance(found, Cannot):
        return found
    share = (control[0] + treatment[0]) / (control[1] + treatment[1])
    fewest = min(control[1], treatment[1]) * min(share, 1 - share)
    exact = fewest < EXPECTED
    return Effect(
        "Fisher's exact test" if exact else "pooled z",
        found.effect,
        found.fisher_p if exact else found.p_pooled,
        *found.newcombe,
        alpha,
        statistic=None if exact else found.z,
        inputs={"control": control, "treatment": treatment},
    )


def _two_sided(z: float) -> float:
    return float(2 * special.ndtr(-abs(z)))


def _interval(
    control: tuple[int, int], treatment: tuple[int, int], method: str, alpha: float
) -> Pair | None:
    try:
        lo, hi = confint_proportions_2indep(*treatment, *control, method=method, alpha=alpha)
    except ValueError:
        # The score interval is searched for from a guess, and with few counts not always found.
        return None
    return float(lo), float(hi)
