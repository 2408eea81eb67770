"""A Bayesian summary of the relative lift, with a Gaussian prior.

The lift is taken as normal around its estimate (delta method); a proper prior is weighed in by its
precision. `risk` is the expected loss of choosing an arm, E[max(0, ±lift)], in closed form:
s φ(m/s) - m Φ(-m/s) (Schmit and Johari style "expected loss", e.g. Stucchio 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from experiments.stats.moments import Moments
from experiments.stats.results import Cannot, check_alpha


@dataclass(frozen=True, slots=True)
class Prior:
    """A Gaussian belief about the relative lift; one that is not proper says nothing."""

    mean: float = 0.0
    variance: float = 0.09
    proper: bool = True


@dataclass(frozen=True, slots=True)
class Posterior:
    """The lift as believed now. `risk` is of choosing control and of choosing treatment."""

    mean: float
    sd: float
    lo: float
    hi: float
    chance_to_win: float
    risk: tuple[float, float]


def posterior(
    control: Moments,
    treatment: Moments,
    prior: Prior | None = None,
    alpha: float = 0.05,
    *,
    lower_is_better: bool = False,
) -> Posterior | Cannot:
    """The belief after the data."""
    check_alpha(alpha)
    prior = prior or Prior()
    inputs = {"control": control, "treatment": treatment, "prior": prior}
    if min(control.n, treatment.n) < 2:
        return Cannot("Bayesian lift", "each arm needs at least two values", inputs)
    if control.mean == 0:
        return Cannot("Bayesian lift", "the control's mean is zero", inputs)
    lift = treatment.mean / control.mean - 1
    a, b = control.variance / control.n, treatment.variance / treatment.n
    variance = b / control.mean**2 + a * treatment.mean**2 / control.mean**4
    if variance == 0:
        return Cannot("Bayesian lift", "no value differs from another in either arm", inputs)
    mean = lift
    if prior.proper:
        weight = 1 / prior.variance + 1 / variance
        mean = (prior.mean / prior.variance + lift / variance) / weight
        variance = 1 / weight
    sd = math.sqrt(variance)
    wins = float(special.ndtr(mean / sd))
    half = float(special.ndtri(1 - alpha / 2)) * sd
    rises, falls = expected_part(mean, sd), expected_part(-mean, sd)
    return Posterior(
        mean=mean,
        sd=sd,
        lo=mean - half,
        hi=mean + half,
        chance_to_win=1 - wins if lower_is_better else wins,
        risk=(falls, rises) if lower_is_better else (rises, falls),
    )


def expected_part(mean: float, sd: float) -> float:
    """E[max(0, X)] of a normal X."""
    z = mean / sd
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return sd * density + mean * float(special.ndtr(z))
