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
from scipy import optimize, special, stats

from experiments.stats.results import Cannot, Effect, check_alpha

EDGE = 1e-12
EXPECTED = 5  # successes and failures below which the normal approximation is not trusted

Pair = tuple[float, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Proportions:
    """Everything about two shares."""

    effect: float
    z: float
    p_pooled: float
    p_unpooled: float
    wald: Pair
    newcombe: Pair
    score: Pair
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


def score(control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05) -> Pair:
    """The interval of Miettinen and Nurminen: differences that their score test does not reject."""
    z = float(special.ndtri(1 - alpha / 2))
    effect = treatment[0] / treatment[1] - control[0] / control[1]

    def end(side: int) -> float:
        def distance(gap: float) -> float:
            return side * _score(control, treatment, gap) - z

        # The least and the greatest difference there can be are rejected unless they were observed.
        if side * effect <= -1 + EDGE or distance(-side * (1 - EDGE)) <= 0:
            return float(-side)
        return float(optimize.brentq(distance, effect, -side * (1 - EDGE), xtol=1e-14))

    return end(1), end(-1)


def _score(control: tuple[int, int], treatment: tuple[int, int], gap: float) -> float:
    """z of a difference, with the variance of the likeliest shares that differ by just that."""
    (x, n), (y, m) = control, treatment
    p, q = _likeliest(control, treatment, gap)
    variance = (p * (1 - p) / n + q * (1 - q) / m) * (n + m) / (n + m - 1)
    distance = y / m - x / n - gap
    if distance == 0:
        return 0.0
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)


def _likeliest(control: tuple[int, int], treatment: tuple[int, int], gap: float) -> Pair:
    """Shares p and p + gap of greatest likelihood: the root of a cubic, in closed form.

    Miettinen and Nurminen (1985), appendix; Farrington and Manning (1990) give the same steps.
    """
    (x, n), (y, m) = control, treatment
    # p solves p³ + b p² + c p + d = 0; of its three real roots the one between 0 and 1.
    total = n + m
    b = ((m + 2 * n) * gap - total - x - y) / total
    c = ((n * gap - total - 2 * x) * gap + x + y) / total
    d = x * gap * (1 - gap) / total
    half = (b / 3) ** 3 - b * c / 6 + d / 2
    radius = math.copysign(math.sqrt(max((b / 3) ** 2 - c / 3, 0.0)), half)
    cosine = half / radius**3 if radius else 1.0
    angle = (math.pi + math.acos(min(max(cosine, -1.0), 1.0))) / 3
    p = min(max(2 * radius * math.cos(angle) - b / 3, 0.0, -gap), 1.0, 1 - gap)
    return p, p + gap


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
