"""Power: as many units as `power` asks for, then the test that it plans for."""

from __future__ import annotations

import math

import numpy as np

from experiments.stats import cuped, noninferiority, power, welch
from experiments.stats.moments import Moments
from experiments.stats.noninferiority import NonInferiority
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.counts import rejected
from experiments.stats.simulation.draws import ALPHA, Chance

PLANNED = 0.8


def normal_moments(chance: Chance, runs: int, n: int, mean: float, variance: float = 1.0) -> Floats:
    """Moments of n normal values each, drawn as such: their mean and variance are independent."""
    means = mean + chance.normal(size=runs) * math.sqrt(variance / n)
    variances = variance * chance.chisquare(n - 1, runs) / (n - 1)
    return np.column_stack([np.full(runs, float(n)), means, variances])


def of_means(standardised: float, n: float, ratio: float = 1.0, alpha: float = ALPHA) -> Simulate:
    """Welch with n units of control."""
    control, treatment = math.ceil(n), math.ceil(n * ratio)

    def simulate(chance: Chance, runs: int) -> Drawn:
        one = normal_moments(chance, runs, control, 0.0)
        other = normal_moments(chance, runs, treatment, standardised)
        return Drawn((welch.batch(one, other, alpha)["p_value"] <= alpha).astype(np.float64))

    return simulate


def of_shares(rates: tuple[float, float], n: float, ratio: float = 1.0) -> Simulate:
    """Pooled z with n units of control."""
    return rejected(rates, (math.ceil(n), math.ceil(n * ratio)))


def of_a_guardrail(margin: float, n: float) -> Simulate:
    """Non-inferiority of an arm that is the same."""
    size = math.ceil(n)

    def simulate(chance: Chance, runs: int) -> Drawn:
        one, other = (
            [
                Moments.of_variance(size, mean, variance)
                for _, mean, variance in normal_moments(chance, runs, size, 0.0)
            ]
            for _ in range(2)
        )
        pairs = zip(one, other, strict=True)
        found = [noninferiority.non_inferiority(*pair, margin) for pair in pairs]
        hits = [one.is_non_inferior if isinstance(one, NonInferiority) else np.nan for one in found]
        return Drawn(np.array(hits, dtype=np.float64))

    return simulate


def with_covariate(standardised: float, correlation: float, n: float) -> Simulate:
    """CUPED, whose covariate leaves 1 - correlation² of the variance."""
    size, left = math.ceil(n), 1 - correlation**2

    def arm(chance: Chance, runs: int, mean: float) -> Floats:
        # Of n pairs of normals: the residual's moments, and those of the covariate with it.
        residual = normal_moments(chance, runs, size, mean, left)
        before = normal_moments(chance, runs, size, 0.0)
        shared = chance.normal(size=runs) * np.sqrt(left * before[:, 2] / (size - 1))
        outcome = residual[:, 1] + correlation * before[:, 1]
        within = residual[:, 2] * (size - 2) / (size - 1) + shared**2 / before[:, 2]
        spread = within + correlation**2 * before[:, 2] + 2 * correlation * shared
        together = correlation * before[:, 2] + shared
        return np.column_stack(
            [residual[:, 0], outcome, spread, before[:, 1], before[:, 2], together]
        )

    def simulate(chance: Chance, runs: int) -> Drawn:
        found = cuped.batch(arm(chance, runs, 0.0), arm(chance, runs, standardised), ALPHA)
        return Drawn((found["p_value"] <= ALPHA).astype(np.float64))

    return simulate


def claim(test: str, setting: str, planned: float, simulate: Simulate) -> Claim:
    """A planned power."""
    return Claim("power", test, "power", setting, planned, simulate)


CLAIMS = (
    claim(
        "Welch t",
        "units_for_mean of 0.5 σ",
        PLANNED,
        of_means(0.5, power.units_for_mean(0.5)),
    ),
    claim(
        "Welch t",
        "units_for_mean of 0.1 σ, twice as many treated, power 90 %, α 0.01",
        0.9,
        of_means(0.1, power.units_for_mean(0.1, 0.01, 0.9, 2.0), 2.0, 0.01),
    ),
    claim(
        "Welch t",
        "units_for_mean_normal of 0.1 σ, half as many treated",
        PLANNED,
        of_means(0.1, power.units_for_mean_normal(0.1, ratio=0.5), 0.5),
    ),
    claim(
        "Welch t",
        "power_for_mean of 0.4 σ, 50 units each",
        power.power_for_mean(50, 0.4),
        of_means(0.4, 50),
    ),
    claim(
        "Welch t",
        "detectable_mean with 200 units each",
        PLANNED,
        of_means(power.detectable_mean(200), 200),
    ),
    claim(
        "pooled z",
        "units_for_proportions_pooled of 2.3 % and 4.3 %",
        PLANNED,
        of_shares((0.023, 0.043), power.units_for_proportions_pooled(0.023, 0.043)),
    ),
    claim(
        "pooled z",
        "units_for_proportions of 10 % and 12 %",
        PLANNED,
        of_shares((0.1, 0.12), power.units_for_proportions(0.1, 0.12)),
    ),
    claim(
        "pooled z",
        "units_for_arcsine of 10 % and 12 %",
        PLANNED,
        of_shares((0.1, 0.12), power.units_for_arcsine(power.cohen_h(0.1, 0.12))),
    ),
    claim(
        "non-inferiority",
        "units_for_mean of a margin of 0.2 σ at a one-sided α",
        PLANNED,
        of_a_guardrail(0.2, power.units_for_mean(0.2, 2 * ALPHA)),
    ),
    claim(
        "CUPED",
        "units_for_mean of 0.2 σ, less the half that a correlation of 0.7 explains",
        PLANNED,
        with_covariate(0.2, 0.7, power.units_for_mean(0.2 / math.sqrt(1 - 0.7**2))),
    ),
)
