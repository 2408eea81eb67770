"""Always-valid tests, looked at after every batch and well beyond the planned size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.stats import sample_ratio, sequential
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import (
    ALPHA,
    Chance,
    Draw,
    Found,
    exponential,
    normal,
    running_rows,
    shares,
    spend,
    two,
)

Batch = Callable[[Floats, Floats, float, float], Found]
Happened = Callable[[Found], NDArray[np.bool_]]


def each_look(
    draw: Draw, batches: tuple[int, int], planned: float, batch: Batch = sequential.batch
) -> Callable[[Chance, int], Found]:
    """What every look of every run says, in arrays of shape (runs, looks)."""

    def looked(chance: Chance, runs: int) -> Found:
        arms = draw(chance, runs)
        control, treatment = (running_rows(arm, b) for arm, b in zip(arms, batches, strict=True))
        found = batch(control.reshape(-1, 3), treatment.reshape(-1, 3), ALPHA, planned)
        return {name: values.reshape(control.shape[:2]) for name, values in found.items()}

    return looked


def ever(looked: Callable[[Chance, int], Found], happened: Happened) -> Simulate:
    """Whether something happened at any look. A refused look, NaN, is none."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        return Drawn(np.any(happened(looked(chance, runs)), axis=1).astype(np.float64))

    return simulate


BEYOND_ZERO: dict[str, Happened] = {
    "interval": lambda found: (found["lo"] > 0) | (found["hi"] < 0),
    "upper bound": lambda found: found["upper"] < 0,
    "lower bound": lambda found: found["lower"] > 0,
}


def claims_of(
    setting: str,
    draw: Draw,
    batches: tuple[int, int],
    planned: float,
    batch: Batch = sequential.batch,
) -> list[Claim]:
    """The two-sided test and both bounds, of differences or of lifts."""
    looked = each_look(draw, batches, planned, batch)
    of = "always-valid" if batch is sequential.batch else "always-valid lift,"
    return [
        Claim("sequential", f"{of} {name}", "always valid", setting, ALPHA, ever(looked, event))
        for name, event in BEYOND_ZERO.items()
    ]


def interval(draw: Draw, truth: float, batches: tuple[int, int], planned: float) -> Simulate:
    """Whether the interval leaves the truth out at any look."""
    looked = each_look(draw, batches, planned)
    return ever(looked, lambda found: (found["lo"] > truth) | (found["hi"] < truth))


def running(weights: tuple[float, ...], batch: int, looks: int) -> Simulate:
    """False alarms of the sample ratio, looked at after every batch."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        counts = chance.multinomial(batch, weights, (runs, looks))
        least = [sample_ratio.running_ratio(run, weights).p_values[-1] for run in counts]
        return Drawn((np.array(least) <= ALPHA).astype(np.float64))

    return simulate


CLAIMS = (
    *claims_of(
        "normal, 100 looks after 5 units an arm, planned 500", normal((500, 500)), (5, 5), 500
    ),
    *claims_of(
        "normal, 100 looks after 2 units an arm, planned 50", normal((200, 200)), (2, 2), 50
    ),
    *claims_of(
        "spend of which nine in ten is zero, 80 looks after 50 units an arm, planned 4,000",
        two(spend, (4_000, 4_000)),
        (50, 50),
        4_000,
    ),
    *claims_of(
        "events in 2 % of units, 5 % of them treated, 60 looks after 20 and 380 units",
        two(shares(0.02), (22_800, 1_200)),
        (380, 20),
        10_000,
    ),
    *claims_of(
        "exponential, 100 looks after 40 and 10 units, planned 500",
        two(exponential, (4_000, 1_000)),
        (40, 10),
        500,
    ),
    Claim(
        "sequential",
        "always-valid p-value",
        "always valid",
        "normal, 100 looks after 5 units an arm, planned 500",
        ALPHA,
        ever(each_look(normal((500, 500)), (5, 5), 500), lambda found: found["p_value"] <= ALPHA),
    ),
    Claim(
        "sequential",
        "always-valid interval",
        "always valid",
        "normal, effect 0.3, σ 1 and 2, 100 looks after 10 and 20 units",
        ALPHA,
        interval(normal((1_000, 2_000), mean=(0, 0.3), sd=(1, 2)), 0.3, (10, 20), 1_000),
    ),
    Claim(
        "sequential",
        "always-valid interval",
        "always valid",
        "10 % and 13 % of units, 80 looks after 50 units an arm",
        ALPHA,
        interval(
            lambda chance, runs: (
                shares(0.10)(chance, (runs, 4_000)),
                shares(0.13)(chance, (runs, 4_000)),
            ),
            0.03,
            (50, 50),
            2_000,
        ),
    ),
    *claims_of(
        "events in 2 % of units, 80 looks after 50 units an arm, planned 1,000",
        two(shares(0.02), (4_000, 4_000)),
        (50, 50),
        1_000,
        sequential.batch_relative,
    ),
    *claims_of(
        "events in 2 % of units, 5 % of them treated, 60 looks after 20 and 380 units",
        two(shares(0.02), (22_800, 1_200)),
        (380, 20),
        10_000,
        sequential.batch_relative,
    ),
    Claim(
        "sequential",
        "always-valid lift, interval",
        "always valid",
        "exponential, lift 20 %, 80 looks after 50 units an arm",
        ALPHA,
        ever(
            each_look(
                two(exponential, (4_000, 4_000), 0.2), (50, 50), 4_000, sequential.batch_relative
            ),
            lambda found: (found["lo"] > 0.2) | (found["hi"] < 0.2),
        ),
    ),
    Claim(
        "sample_ratio",
        "sample ratio, running",
        "always valid",
        "two equal arms, 50 looks after 1,000 units",
        ALPHA,
        running((0.5, 0.5), 1_000, 50),
    ),
    Claim(
        "sample_ratio",
        "sample ratio, running",
        "always valid",
        "arms of 90, 5 and 5 %, 50 looks after 1,000 units",
        ALPHA,
        running((0.9, 0.05, 0.05), 1_000, 50),
    ),
)
