"""Always-valid inference: intervals and p-values that hold at every look, however often one looks.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021,
"Time-uniform central limit theory and asymptotic confidence sequences"), which is the Gaussian
mixture sequential test of Robbins (1970) and Johari, Pekelis and Walsh (2017). It is tightest at
`planned` observations; any value keeps it valid.

The promise is asymptotic, and two things break it early. A variance of a few values is too small too
often. And where one arm is much the smaller, a rare event that it has not seen yet makes it seem certain
of itself: a canary with 5 % of the traffic and an error rate of 2 % was called different in 37 of 100
A/A runs. Hence no look below `FEWEST` values, and the variance of a small arm, or of one in which no
value differs, is at least the other's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.stats.moments import Moments
from experiments.stats.results import Cannot, Effect, check_alpha

PLANNED = 5_000
FEWEST = 20  # values an arm below which its variance is not trusted
LOPSIDED = 1.5  # times as many values from which on the smaller arm may not vary less

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One look: the interval, the always-valid p-value of this look, and the mixture's spread."""

    effect: Effect
    rho: float
    tau: float
    half: float
    upper: float
    lower: float


def sequential(
    control: Moments,
    treatment: Moments,
    alpha: float = 0.05,
    planned: float = PLANNED,
    *,
    guarded: bool = True,
) -> Sequence | Cannot:
    """The difference of two means at one look. `planned` are the observations of both arms.

    `upper` and `lower` are one-sided bounds at the same alpha. Over several looks the p-value
    that counts is the least so far. Without `guarded` it is the bare formula of the source.
    """
    check_alpha(alpha)
    inputs = {"control": control, "treatment": treatment, "planned": planned}
    n = control.n + treatment.n
    fewest = FEWEST if guarded else 2
    if min(control.n, treatment.n) < fewest:
        return Cannot("always-valid", f"each arm needs at least {fewest} values", inputs)
    a, b = control.variance, treatment.variance
    if guarded:
        most = max(a, b)
        a = most if a == 0 or treatment.n > LOPSIDED * control.n else a
        b = most if b == 0 or control.n > LOPSIDED * treatment.n else b
    variance = a / control.n + b / treatment.n
    if variance == 0:
        return Cannot("always-valid", "no value differs from another in either arm", inputs)
    se, gap = math.sqrt(variance), treatment.mean - control.mean
    rho = tightest(alpha, planned)
    half = _half(se, n, rho, math.log(math.sqrt(n * rho**2 + 1) / alpha))
    one_sided = tightest(2 * alpha, planned) if alpha < 0.5 else rho
    reach = math.log(1 + math.sqrt(n * one_sided**2 + 1) / (2 * alpha))
    bound = _half(se, n, one_sided, reach)
    tau = rho * se * math.sqrt(n)
    p = p_value(gap, variance, tau)
    effect = Effect("always-valid", gap, p, gap - half, gap + half, alpha, se, inputs=inputs)
    return Sequence(effect, rho, tau, half, gap + bound, gap - bound)


def tightest(alpha: float, planned: float) -> float:
    """The mixture's parameter with which the interval is tightest at `planned` observations."""
    return math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned)


def p_value(gap: float, variance: float, tau: float) -> float:
    """One over the mixture's likelihood ratio, at most 1. In logarithms, which cannot overflow."""
    log_ratio = 0.5 * math.log(variance / (variance + tau**2))
    log_ratio += gap**2 * tau**2 / (2 * variance * (variance + tau**2))
    return min(1.0, math.exp(-log_ratio))


def _half(se: float, n: int, rho: float, reach: float) -> float:
    return se * math.sqrt(n) * math.sqrt(2 * (n * rho**2 + 1) / (n * rho) ** 2 * reach)


def batch(
    control: Floats, treatment: Floats, alpha: float = 0.05, planned: float = PLANNED
) -> dict[str, Floats]:
    """Many guarded looks at once: arrays of shape (k, 3) with n, mean and variance of each.

    Returns arrays of shape (k,): effect, se, p_value, lo, hi, and the one-sided upper and lower;
    NaN where there is no test.
    """
    a, b = _variances(control, treatment)
    gap = treatment[:, 1] - control[:, 1]
    return _looks(gap, a + b, (control[:, 0], treatment[:, 0]), alpha, planned)


def batch_relative(
    control: Floats, treatment: Floats, alpha: float = 0.05, planned: float = PLANNED
) -> dict[str, Floats]:
    """As `batch`, of the differences as shares of the control's means, with Fieller's intervals.

    Fieller (1954), "Some problems in interval estimation": the lifts r at which t - (1 + r) c is within
    reach of zero. A standard error at the estimate (the delta method) does not hold at every look: where
    few treated units have the event yet it is small as well, and 15 % of A/A runs were called different.
    An end is infinite while the control's mean itself cannot be told from zero; the p-value is that of
    the absolute difference.
    """
    a, b = _variances(control, treatment)
    c, t = control[:, 1], treatment[:, 1]
    found = _looks(t - c, a + b, (control[:, 0], treatment[:, 0]), alpha, planned)
    refused = np.isnan(found["effect"]) | (c == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        two_sided = (found["hi"] - found["effect"]) / found["se"]
        one_sided = (found["upper"] - found["effect"]) / found["se"]
        lo, hi = _fieller(c, t, (a, b), two_sided)
        lower, upper = _fieller(c, t, (a, b), one_sided)
        found |= {"effect": t / c - 1, "se": np.sqrt(b + a * (t / c) ** 2) / np.abs(c)}
    found |= {"lo": lo, "hi": hi, "lower": lower, "upper": upper}
    return {name: np.where(refused, np.nan, values) for name, values in found.items()}


def _fieller(
    c: Floats, t: Floats, variances: tuple[Floats, Floats], reach: Floats
) -> tuple[Floats, Floats]:
    """Both ends of t/c - 1 at so many standard errors."""
    a, b = variances
    left = c**2 - reach**2 * a
    root = reach * np.sqrt(np.maximum(b * left + a * t**2, 0.0))
    is_bounded = left > 0
    lo = np.where(is_bounded, (c * t - root) / left - 1, -np.inf)
    return lo, np.where(is_bounded, (c * t + root) / left - 1, np.inf)


def _variances(control: Floats, treatment: Floats) -> tuple[Floats, Floats]:
    """Guarded variances of the two estimates."""
    (n_c, _, a), (n_t, _, b) = control.T, treatment.T
    most = np.maximum(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (
            np.where((a == 0) | (n_t > LOPSIDED * n_c), most, a) / n_c,
            np.where((b == 0) | (n_c > LOPSIDED * n_t), most, b) / n_t,
        )


def _looks(
    gap: Floats, variance: Floats, arms: tuple[Floats, Floats], alpha: float, planned: float
) -> dict[str, Floats]:
    """Estimates with their variances and the n of both arms."""
    check_alpha(alpha)
    n = arms[0] + arms[1]
    refused = (np.minimum(*arms) < FEWEST) | (variance == 0)
    gap = np.where(refused, np.nan, gap)
    rho = tightest(alpha, planned)
    one_sided = tightest(2 * alpha, planned) if alpha < 0.5 else rho
    with np.errstate(divide="ignore", invalid="ignore"):
        se, tau2 = np.sqrt(variance), rho**2 * variance * n
        log_ratio = 0.5 * np.log(variance / (variance + tau2))
        log_ratio += gap**2 * tau2 / (2 * variance * (variance + tau2))
        half = _halves(se, n, rho, np.log(np.sqrt(n * rho**2 + 1) / alpha))
        reach = np.log(1 + np.sqrt(n * one_sided**2 + 1) / (2 * alpha))
        bound = _halves(se, n, one_sided, reach)
    return {
        "effect": gap,
        "se": se,
        "p_value": np.exp(-np.maximum(log_ratio, 0.0)),
        "lo": gap - half,
        "hi": gap + half,
        "upper": gap + bound,
        "lower": gap - bound,
    }


def _halves(se: Floats, n: Floats, rho: float, reach: Floats) -> Floats:
    return se * np.sqrt(n) * np.sqrt(2 * (n * rho**2 + 1) / (n * rho) ** 2 * reach)
