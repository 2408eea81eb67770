"""How many units an experiment needs, what it can find, and with what chance.

Normal approximations by their textbook formulas (Fleiss, Levin, Paik 2003, chapter 4), Cohen's arcsine
difference (1988), and the exact non-central t of statsmodels for small samples. n is of the control;
the treatment has `ratio` times as many.
"""

from __future__ import annotations

import math

from scipy import special
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from experiments.stats.results import check_alpha


def quantiles(alpha: float, power: float) -> tuple[float, float]:
    """Normal quantiles of a two-sided alpha and of the power."""
    check_alpha(alpha)
    if not 0 < power < 1:
        raise ValueError("power lies between 0 and 1")
    return float(special.ndtri(1 - alpha / 2)), float(special.ndtri(power))


def units_for_proportions(
    control: float, treatment: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """Units of control to tell two shares apart, each with its own variance."""
    za, zb = quantiles(alpha, power)
    spread = control * (1 - control) + treatment * (1 - treatment) / ratio
    return (za + zb) ** 2 * spread / (treatment - control) ** 2


def units_for_proportions_pooled(
    control: float, treatment: float, alpha: float = 0.05, power: float = 0.8
) -> float:
    """The same with the pooled variance under the null, and equal arms."""
    za, zb = quantiles(alpha, power)
    mean = (control + treatment) / 2
    null = za * math.sqrt(2 * mean * (1 - mean))
    other = zb * math.sqrt(control * (1 - control) + treatment * (1 - treatment))
    return (null + other) ** 2 / (treatment - control) ** 2


def cohen_h(control: float, treatment: float) -> float:
    """Cohen's difference of arcsines."""
    return 2 * math.asin(math.sqrt(treatment)) - 2 * math.asin(math.sqrt(control))


def units_for_arcsine(
    h: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """Units of control for a difference of arcsines."""
    found = NormalIndPower().solve_power(h, alpha=alpha, power=power, ratio=ratio)
    return float(found)


def units_for_mean(
    standardised: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """Units of control for a difference of so many standard deviations, by the non-central t."""
    found = TTestIndPower().solve_power(standardised, alpha=alpha, power=power, ratio=ratio)
    return float(found)


def units_for_mean_normal(
    standardised: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """The same by the normal approximation."""
    za, zb = quantiles(alpha, power)
    return (za + zb) ** 2 * (1 + 1 / ratio) / standardised**2


def power_for_mean(n: float, standardised: float, alpha: float = 0.05) -> float:
    """The chance to find a difference with n units in each arm."""
    return float(TTestIndPower().power(standardised, n, alpha))


def detectable_mean(n: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """The least difference in standard deviations that n units in each arm find with this power."""
    found = TTestIndPower().solve_power(None, nobs1=n, alpha=alpha, power=power)
    return float(found)
