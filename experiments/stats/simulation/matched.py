"""The same requests through two models: paired t, Wilcoxon, McNemar."""

from __future__ import annotations

import numpy as np

from experiments.stats import paired
from experiments.stats.results import Cannot
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import (
    ALPHA,
    Chance,
    Draw,
    Found,
    collected,
    coverage,
    moments,
    rejections,
    type_one,
)


def requests(n: int, effect: float = 0.0) -> Draw:
    """Requests of very different difficulty, each answered twice."""

    def drawn(chance: Chance, runs: int) -> tuple[Floats, Floats]:
        hard = chance.exponential(5, (runs, n))
        noise = chance.normal(size=(2, runs, n))
        return hard + noise[0], hard + effect + noise[1]

    return drawn


def student(control: Floats, treatment: Floats, alpha: float) -> Found:
    """The paired t test."""
    return collected(paired.paired(one, alpha) for one in moments(treatment - control))


def signed_ranks(control: Floats, treatment: Floats, alpha: float) -> Found:
    """Wilcoxon's."""
    answers = [paired.wilcoxon(*run) for run in zip(control, treatment, strict=True)]
    return {"p_value": np.array([np.nan if isinstance(p, Cannot) else p for p in answers])}


def disagreeing(n: int, share: float) -> Simulate:
    """McNemar's test of n requests, of which this share is answered right by one only."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        chances = [0.7, share / 2, share / 2, 0.3 - share]
        found = [paired.mcnemar(*map(int, row)) for row in chance.multinomial(n, chances, runs)]
        p = [np.nan if isinstance(one, Cannot) else one.p_value for one in found]
        return rejections(np.array(p), ALPHA)

    return simulate


CLAIMS = (
    Claim(
        "paired",
        "paired t",
        "type I error",
        "normal differences, 15 pairs",
        ALPHA,
        type_one(student, requests(15)),
        is_exact=True,
    ),
    Claim(
        "paired",
        "paired t",
        "coverage",
        "normal differences, 15 pairs, effect 0.8",
        ALPHA,
        coverage(student, requests(15, 0.8), 0.8),
        is_exact=True,
    ),
    Claim(
        "paired",
        "Wilcoxon",
        "type I error",
        "30 pairs",
        ALPHA,
        type_one(signed_ranks, requests(30)),
    ),
    Claim(
        "paired",
        "Wilcoxon",
        "type I error",
        "200 pairs",
        ALPHA,
        type_one(signed_ranks, requests(200)),
    ),
    Claim(
        "paired",
        "McNemar",
        "type I error",
        "80 pairs of which one in five disagrees: exact",
        ALPHA,
        disagreeing(80, 0.2),
    ),
    Claim(
        "paired",
        "McNemar",
        "type I error",
        "600 pairs of which one in five disagrees: corrected",
        ALPHA,
        disagreeing(600, 0.2),
    ),
)
