"""Means: Welch absolute and relative, non-inferiority, interaction."""

from __future__ import annotations

import numpy as np

from experiments.stats import interaction, noninferiority, welch
from experiments.stats.noninferiority import Direction, NonInferiority
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import (
    ALPHA,
    Chance,
    Found,
    collected,
    coverage,
    exponential,
    moments,
    normal,
    rows,
    spend,
    two,
    type_one,
)

DIRECTIONS: tuple[Direction, ...] = ("lower_is_better", "higher_is_better")


def absolute(control: Floats, treatment: Floats, alpha: float) -> Found:
    """Welch on rows of raw values."""
    return welch.batch(rows(control), rows(treatment), alpha)


def relative(control: Floats, treatment: Floats, alpha: float) -> Found:
    """The relative one."""
    return welch.batch_relative(rows(control), rows(treatment), alpha)


def at_the_margin(direction: Direction, n: int, margin: float) -> Simulate:
    """Treatments that are worse by exactly the margin; safe is the error."""
    worse = margin if direction == "lower_is_better" else -margin
    draw = normal((n, n), mean=(10, 10 + worse), sd=(1, 2))

    def simulate(chance: Chance, runs: int) -> Drawn:
        arms = [moments(arm) for arm in draw(chance, runs)]
        found = [
            noninferiority.non_inferiority(one, other, margin, direction, ALPHA)
            for one, other in zip(*arms, strict=True)
        ]
        hits = [one.is_non_inferior if isinstance(one, NonInferiority) else np.nan for one in found]
        return Drawn(np.array(hits, dtype=np.float64))

    return simulate


def four_cells(shift: float, n: tuple[int, int, int, int]) -> Simulate:
    """Two experiments at once, whose effects add up to `shift` more than alone; misses of it."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        means, sds = (5.0, 5.4, 4.8, 5.2 + shift), (1, 1.5, 1, 2)
        cells = [
            moments(chance.normal(mean, sd, (runs, size)))
            for mean, sd, size in zip(means, sds, n, strict=True)
        ]
        found = collected(interaction.interaction(each, ALPHA) for each in zip(*cells, strict=True))
        lo, hi = found["lo"], found["hi"]
        hits = np.where(np.isnan(lo), np.nan, (lo > shift) | (hi < shift))
        return Drawn(hits, found["effect"], hi - lo)

    return simulate


CLAIMS = (
    Claim(
        "welch",
        "Welch t",
        "type I error",
        "normal, 20 and 50 units, σ 1 and 2",
        ALPHA,
        type_one(absolute, normal((20, 50), sd=(1, 2))),
        is_exact=True,
    ),
    Claim(
        "welch",
        "Welch t",
        "type I error",
        "normal, 200 units each, α 0.01",
        0.01,
        type_one(absolute, normal((200, 200)), 0.01),
        is_exact=True,
    ),
    Claim(
        "welch",
        "Welch t",
        "type I error",
        "exponential, 200 and 400 units",
        ALPHA,
        type_one(absolute, two(exponential, (200, 400))),
    ),
    Claim(
        "welch",
        "Welch t",
        "type I error",
        "spend of which nine in ten is zero, 1,000 units each",
        ALPHA,
        type_one(absolute, two(spend, (1_000, 1_000))),
    ),
    Claim(
        "welch",
        "Welch t",
        "coverage",
        "normal, 20 and 50 units, σ 2 and 1, effect 0.7",
        ALPHA,
        coverage(absolute, normal((20, 50), mean=(0, 0.7), sd=(2, 1)), 0.7),
        is_exact=True,
    ),
    Claim(
        "welch",
        "Welch t",
        "coverage",
        "exponential, 300 units each, effect 0.2",
        ALPHA,
        coverage(absolute, two(exponential, (300, 300), 0.2), 0.2),
    ),
    Claim(
        "welch",
        "Welch t, relative",
        "type I error",
        "normal about 10, σ 3, 100 units each",
        ALPHA,
        type_one(relative, normal((100, 100), mean=(10, 10), sd=(3, 3))),
    ),
    Claim(
        "welch",
        "Welch t, relative",
        "type I error",
        "exponential, 1,000 units each",
        ALPHA,
        type_one(relative, two(exponential, (1_000, 1_000))),
    ),
    Claim(
        "welch",
        "Welch t, relative",
        "coverage",
        "normal about 10, σ 3 and 4, 200 units each, lift 10 %",
        ALPHA,
        coverage(relative, normal((200, 200), mean=(10, 11), sd=(3, 4)), 0.1),
    ),
    Claim(
        "welch",
        "Welch t, relative",
        "coverage",
        "exponential, 1,000 units each, lift 20 %",
        ALPHA,
        coverage(relative, two(exponential, (1_000, 1_000), 0.2), 0.2),
    ),
    *(
        Claim(
            "noninferiority",
            "non-inferiority",
            "type I error",
            f"{direction.replace('_', ' ')}, worse by just the margin, normal, 60 units each",
            ALPHA,
            at_the_margin(direction, 60, 0.5),
            is_exact=True,
        )
        for direction in DIRECTIONS
    ),
    Claim(
        "interaction",
        "interaction",
        "type I error",
        "effects that add up, normal, four cells of 20 to 80 units",
        ALPHA,
        four_cells(0.0, (40, 20, 80, 30)),
        is_exact=True,
    ),
    Claim(
        "interaction",
        "interaction",
        "coverage",
        "0.8 more together than alone, normal, 50 units a cell",
        ALPHA,
        four_cells(0.8, (50, 50, 50, 50)),
        is_exact=True,
    ),
)
