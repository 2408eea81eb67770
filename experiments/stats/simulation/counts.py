"""Shares: pooled z or Fisher, the intervals of Newcombe, of score and of Wald; tables over strata."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.stats import proportions
from experiments.stats.proportions import Pair
from experiments.stats.results import Cannot, Effect
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import ALPHA, Chance, misses, rejections

Counts = NDArray[np.int64]
Arm = tuple[int, int]


def each(
    control: Counts, treatment: Counts, n: Arm, ask: Callable[[Arm, Arm], tuple[float, ...]]
) -> Floats:
    """A test's numbers for each run; the same pair of counts is asked for once."""
    pairs, back = np.unique(np.column_stack([control, treatment]), axis=0, return_inverse=True)
    answers = [ask((int(x), n[0]), (int(y), n[1])) for x, y in pairs]
    return np.array(answers, dtype=np.float64)[back.reshape(-1)]


def p_value(control: Arm, treatment: Arm) -> tuple[float]:
    """Of the test that is chosen by the counts; where all outcomes are the same nothing is claimed."""
    found = proportions.effect_of(control, treatment)
    return (found.p_value if isinstance(found, Effect) else np.nan,)


def rejected(rates: tuple[float, float], n: Arm) -> Simulate:
    """Rejections of equal shares."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        control, treatment = (chance.binomial(n[arm], rates[arm], runs) for arm in (0, 1))
        return rejections(each(control, treatment, n, p_value)[:, 0], ALPHA)

    return simulate


Interval = Callable[[Arm, Arm], Pair]


def covered(interval: Interval, rates: tuple[float, float], n: Arm) -> Simulate:
    """Misses of the difference."""

    def ask(control: Arm, treatment: Arm) -> tuple[float, ...]:
        effect = treatment[0] / treatment[1] - control[0] / control[1]
        return effect, *interval(control, treatment)

    def simulate(chance: Chance, runs: int) -> Drawn:
        control, treatment = (chance.binomial(n[arm], rates[arm], runs) for arm in (0, 1))
        found = each(control, treatment, n, ask)
        names = dict(zip(("effect", "lo", "hi"), found.T, strict=True))
        return misses(names, rates[1] - rates[0])

    return simulate


def wald(control: Arm, treatment: Arm) -> Pair:
    """The plain interval, for large counts only."""
    found = proportions.proportions(control, treatment)
    return (np.nan, np.nan) if isinstance(found, Cannot) else found.wald


CLAIMS = (
    Claim(
        "proportions",
        "two proportions",
        "type I error",
        "10 %, 1,000 units each: pooled z",
        ALPHA,
        rejected((0.1, 0.1), (1_000, 1_000)),
    ),
    Claim(
        "proportions",
        "two proportions",
        "type I error",
        "2 %, 1,000 and 5,000 units: pooled z",
        ALPHA,
        rejected((0.02, 0.02), (1_000, 5_000)),
    ),
    Claim(
        "proportions",
        "two proportions",
        "type I error",
        "8 %, 40 units each: Fisher",
        ALPHA,
        rejected((0.08, 0.08), (40, 40)),
        least=4_000,
    ),
    Claim(
        "proportions",
        "Newcombe's interval",
        "coverage",
        "5 % and 9 %, 60 and 90 units",
        ALPHA,
        covered(proportions.newcombe, (0.05, 0.09), (60, 90)),
    ),
    Claim(
        "proportions",
        "Newcombe's interval",
        "coverage",
        "2.3 % and 4.3 %, 1,252 units each",
        ALPHA,
        covered(proportions.newcombe, (0.023, 0.043), (1_252, 1_252)),
    ),
    Claim(
        "proportions",
        "score interval",
        "coverage",
        "10 % and 15 %, 60 and 90 units",
        ALPHA,
        covered(proportions.score, (0.1, 0.15), (60, 90)),
    ),
    Claim(
        "proportions",
        "Wald's interval",
        "coverage",
        "20 % and 25 %, 400 units each",
        ALPHA,
        covered(wald, (0.2, 0.25), (400, 400)),
    ),
)
