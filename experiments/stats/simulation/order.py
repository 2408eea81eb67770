"""Quantiles, ranks, and the canary's judge, which goes by ranks."""

from __future__ import annotations

import numpy as np
from scipy import stats

from experiments.stats import quantiles, ranks
from experiments.stats.canary import Judge
from experiments.stats.quantiles import Quantile
from experiments.stats.results import Answer, Cannot
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import (
    ALPHA,
    Chance,
    Found,
    Test,
    collected,
    coverage,
    exponential,
    two,
    type_one,
)

SECONDS = 1.2  # log-normal spread of latencies


def latencies(chance: Chance, shape: tuple[int, int]) -> Floats:
    """Skewed, about 1."""
    return chance.lognormal(0, SECONDS, shape)


def at(nu: float) -> Test:
    """The difference of two quantiles."""

    def one(control: Floats, treatment: Floats, alpha: float) -> Answer:
        arms = [quantiles.quantile_of(values, nu, alpha) for values in (control, treatment)]
        for arm in arms:
            if isinstance(arm, Cannot):
                return arm
        a, b = (arm for arm in arms if isinstance(arm, Quantile))
        return quantiles.quantile_effect(a, b, alpha)

    def test(control: Floats, treatment: Floats, alpha: float) -> Found:
        return collected(one(*run, alpha) for run in zip(control, treatment, strict=True))

    return test


def mann_whitney(control: Floats, treatment: Floats, alpha: float) -> Found:
    """The rank test."""
    found = [ranks.mann_whitney(*run) for run in zip(control, treatment, strict=True)]
    return {"p_value": np.array([np.nan if isinstance(x, Cannot) else x.p_value for x in found])}


def shift(control: Floats, treatment: Floats, alpha: float) -> Found:
    """The interval of Hodges and Lehmann."""
    runs = zip(control, treatment, strict=True)
    found = np.array([ranks.shift_interval(*run, 1 - alpha) for run in runs])
    return dict(zip(("lo", "effect", "hi"), found.T, strict=True))


def verdicts(n: int) -> Simulate:
    """A canary that is like its baseline, judged high or low."""
    judge, draw = Judge(), two(latencies, (n, n))

    def simulate(chance: Chance, runs: int) -> Drawn:
        found = [judge.judge(*run).verdict for run in zip(*draw(chance, runs), strict=True)]
        return Drawn(np.array([verdict in ("high", "low") for verdict in found], dtype=np.float64))

    return simulate


MEDIAN_GAP = float(stats.lognorm.ppf(0.5, SECONDS)) * 0.5

CLAIMS = (
    Claim(
        "quantiles",
        "quantile",
        "type I error",
        "median of latencies, 150 units each",
        ALPHA,
        type_one(at(0.5), two(latencies, (150, 150))),
    ),
    Claim(
        "quantiles",
        "quantile",
        "type I error",
        "p90 of latencies, 400 and 800 units",
        ALPHA,
        type_one(at(0.9), two(latencies, (400, 800))),
    ),
    Claim(
        "quantiles",
        "quantile",
        "type I error",
        "p99 of exponentials, 2,000 units each",
        ALPHA,
        type_one(at(0.99), two(exponential, (2_000, 2_000))),
    ),
    Claim(
        "quantiles",
        "quantile",
        "coverage",
        "median of latencies, 300 units each, half a median more",
        ALPHA,
        coverage(at(0.5), two(latencies, (300, 300), MEDIAN_GAP), MEDIAN_GAP),
    ),
    Claim(
        "quantiles",
        "quantile",
        "coverage",
        "p90 of exponentials, 500 units each, effect 0.5",
        ALPHA,
        coverage(at(0.9), two(exponential, (500, 500), 0.5), 0.5),
    ),
    Claim(
        "ranks",
        "Mann-Whitney",
        "type I error",
        "latencies, 25 and 40 units",
        ALPHA,
        type_one(mann_whitney, two(latencies, (25, 40))),
    ),
    Claim(
        "ranks",
        "Hodges-Lehmann",
        "coverage",
        "exponential, 20 and 30 units, shift 0.5",
        ALPHA,
        coverage(shift, two(exponential, (20, 30), 0.5), 0.5),
    ),
    Claim(
        "ranks",
        "Hodges-Lehmann",
        "coverage",
        "latencies, 30 units each, shift 0.5, 98 %",
        0.02,
        coverage(shift, two(latencies, (30, 30), 0.5), 0.5, 0.02),
    ),
    Claim(
        "canary",
        "canary's judge",
        "type I error",
        "latencies, 30 intervals each, confidence 98 %",
        0.02,
        verdicts(30),
    ),
)
