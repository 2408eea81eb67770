"""Many tests at once: corrected p-values, heterogeneity of slices, common odds ratio, trend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats import multiplicity, slices, trend
from experiments.stats.results import Cannot
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import ALPHA, Chance, rejections, rows


def p_values(chance: Chance, runs: int, effects: Floats, correlation: float) -> Floats:
    """Two-sided, of z scores that share a part of their noise; of shape (runs, tests)."""
    common, own = chance.normal(size=(runs, 1)), chance.normal(size=(runs, len(effects)))
    z = effects + correlation**0.5 * common + (1 - correlation) ** 0.5 * own
    return np.array(2 * special.ndtr(-np.abs(z)))


def any_false(method: str, effects: list[float], correlation: float) -> Simulate:
    """Whether anything is claimed of a metric without an effect."""
    means = np.array(effects, dtype=np.float64)

    def simulate(chance: Chance, runs: int) -> Drawn:
        rejected = claimed(p_values(chance, runs, means, correlation), method)
        return Drawn(np.any(rejected[:, means == 0], axis=1).astype(np.float64))

    return simulate


def false_share(method: str, effects: list[float], correlation: float) -> Simulate:
    """The share of false claims among all claims, 0 where there are none."""
    means = np.array(effects, dtype=np.float64)

    def simulate(chance: Chance, runs: int) -> Drawn:
        rejected = claimed(p_values(chance, runs, means, correlation), method)
        false = rejected[:, means == 0].sum(axis=1)
        return Drawn(false / np.maximum(rejected.sum(axis=1), 1))

    return simulate


def claimed(p: Floats, method: str) -> NDArray[np.bool_]:
    """What stays after the correction, of shape (runs, tests)."""
    return np.array([multiplicity.correct(run.tolist(), method, ALPHA).reject for run in p])


def lists(values: Floats) -> list[list[float]]:
    """Rows of an array of shape (runs, n)."""
    found: list[list[float]] = values.tolist()
    return found


def alike(n: int, count: int) -> Simulate:
    """Slices of n units an arm that all have the same effect, called different."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        arms = [rows(chance.exponential(size=(runs * count, n)) + shift) for shift in (0.0, 0.3)]
        effects = (arms[1][:, 1] - arms[0][:, 1]).reshape(runs, count)
        variances = ((arms[0][:, 2] + arms[1][:, 2]) / n).reshape(runs, count)
        found = [
            slices.heterogeneity(*run)
            for run in zip(*map(lists, (effects, variances)), strict=True)
        ]
        p = [np.nan if isinstance(one, Cannot) else one.p_value for one in found]
        return rejections(np.array(p), ALPHA)

    return simulate


def strata(n: int, odds: float, *, homogeneity: bool) -> Simulate:
    """Tables of six strata with different rates and one odds ratio."""
    base = np.array([0.08, 0.12, 0.2, 0.3, 0.4, 0.5])
    treated = odds * base / (1 - base + odds * base)

    def simulate(chance: Chance, runs: int) -> Drawn:
        control, treatment = (chance.binomial(n, rate, (runs, 6)) for rate in (base, treated))
        tables = np.stack([treatment, n - treatment, control, n - control], axis=2)
        found = [slices.stratified(run) for run in tables.reshape(runs, 6, 2, 2).tolist()]
        p = [
            np.nan if isinstance(one, Cannot) else one.p_homogeneity if homogeneity else one.p_value
            for one in found
        ]
        return rejections(np.array(p), ALPHA)

    return simulate


def steady(n: int, days: int) -> Simulate:
    """An effect that stays the same, called wearing off."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        arms = [rows(chance.exponential(size=(runs * days, n)) + shift) for shift in (0.0, 0.3)]
        effects = (arms[1][:, 1] - arms[0][:, 1]).reshape(runs, days)
        variances = ((arms[0][:, 2] + arms[1][:, 2]) / n).reshape(runs, days)
        found = [
            trend.trend(range(days), *run)
            for run in zip(*map(lists, (effects, variances)), strict=True)
        ]
        p = [np.nan if isinstance(one, Cannot) else one.p_value for one in found]
        return rejections(np.array(p), ALPHA)

    return simulate


FAMILY_WISE = ("bonferroni", "sidak", "holm", "hommel")
SOME = [0.0] * 6 + [3.0] * 4

CLAIMS = (
    *(
        Claim(
            "multiplicity",
            method,
            "type I error",
            "any false claim, ten metrics of which four have an effect, correlation 0.5",
            ALPHA,
            any_false(method, SOME, 0.5),
        )
        for method in FAMILY_WISE
    ),
    Claim(
        "multiplicity",
        "holm",
        "type I error",
        "any false claim, ten independent metrics without effects",
        ALPHA,
        any_false("holm", [0.0] * 10, 0.0),
    ),
    *(
        Claim(
            "multiplicity",
            method,
            "type I error",
            "share of false claims, ten metrics of which four have an effect, correlation 0.3",
            ALPHA,
            false_share(method, SOME, 0.3),
        )
        for method in ("fdr_bh", "fdr_by")
    ),
    Claim(
        "multiplicity",
        "fdr_bh",
        "type I error",
        "any false claim, ten independent metrics without effects",
        ALPHA,
        any_false("fdr_bh", [0.0] * 10, 0.0),
        is_exact=True,
    ),
    Claim(
        "slices",
        "Cochran Q",
        "type I error",
        "ten slices of 300 units an arm, exponential",
        ALPHA,
        alike(300, 10),
    ),
    Claim(
        "slices",
        "Mantel-Haenszel",
        "type I error",
        "six strata of 60 units an arm",
        ALPHA,
        strata(60, 1.0, homogeneity=False),
    ),
    Claim(
        "slices",
        "Breslow-Day",
        "type I error",
        "six strata of 150 units an arm, odds ratio 1.5",
        ALPHA,
        strata(150, 1.5, homogeneity=True),
    ),
    Claim(
        "trend",
        "trend",
        "type I error",
        "14 days of 300 units an arm, exponential",
        ALPHA,
        steady(300, 14),
    ),
)
