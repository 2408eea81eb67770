"""Sample ratio at one look, and the uniformity of many A/A comparisons."""

from __future__ import annotations

import numpy as np

from experiments.stats import sample_ratio, uniformity
from experiments.stats.results import Cannot
from experiments.stats.simulation.claims import Claim, Drawn, Simulate
from experiments.stats.simulation.draws import ALPHA, Chance, rejections


def alarms(weights: tuple[float, ...], units: int, alarm: float) -> Simulate:
    """Alarms about units that came as they should."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        counts = chance.multinomial(units, weights, runs)
        found = [sample_ratio.sample_ratio(row, weights, alarm) for row in counts]
        hits = [np.nan if isinstance(one, Cannot) else one.is_alarm for one in found]
        return Drawn(np.array(hits, dtype=np.float64))

    return simulate


def uniform(comparisons: int, *, by_share: bool) -> Simulate:
    """Standing A/A comparisons that are as they should be, called otherwise."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        found = [uniformity.uniformity(row) for row in chance.random((runs, comparisons))]
        p = [
            np.nan if isinstance(one, Cannot) else one.share_p if by_share else one.p_value
            for one in found
        ]
        return rejections(np.array(p), ALPHA)

    return simulate


CLAIMS = (
    Claim(
        "sample_ratio",
        "sample ratio",
        "type I error",
        "two equal arms, 5,000 units, alarm at 0.001",
        sample_ratio.ALARM,
        alarms((0.5, 0.5), 5_000, sample_ratio.ALARM),
        least=20_000,
    ),
    Claim(
        "sample_ratio",
        "sample ratio",
        "type I error",
        "arms of 90, 5 and 5 %, 2,000 units, alarm at 0.05",
        ALPHA,
        alarms((0.9, 0.05, 0.05), 2_000, ALPHA),
    ),
    Claim(
        "uniformity",
        "A/A, Kolmogorov-Smirnov",
        "type I error",
        "200 comparisons",
        ALPHA,
        uniform(200, by_share=False),
        is_exact=True,
    ),
    Claim(
        "uniformity",
        "A/A, share below 0.05",
        "type I error",
        "200 comparisons",
        ALPHA,
        uniform(200, by_share=True),
    ),
)
