"""The Bayesian summary: what is believed at 95 % is so 19 times in 20, over lifts from the prior."""

from __future__ import annotations

import numpy as np

from experiments.stats import bayes
from experiments.stats.bayes import Posterior, Prior
from experiments.stats.moments import Moments
from experiments.stats.simulation.claims import Claim, Drawn, Floats, Simulate
from experiments.stats.simulation.draws import ALPHA, Chance

BASE, SPREAD = 10.0, 4.0


def believed(chance: Chance, lifts: Floats, n: int, prior: Prior) -> list[Posterior]:
    """Beliefs after two arms of n units whose means differ by these lifts."""
    found = []
    for lift in lifts:
        control, treatment = (
            Moments.of_variance(
                n,
                mean + chance.normal(0, SPREAD / n**0.5),
                SPREAD**2 * chance.chisquare(n - 1) / (n - 1),
            )
            for mean in (BASE, BASE * (1 + lift))
        )
        one = bayes.posterior(control, treatment, prior, ALPHA)
        assert isinstance(one, Posterior)
        found.append(one)
    return found


def credible(n: int, prior: Prior) -> Simulate:
    """Whether the interval misses a lift that was drawn from the prior."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        lifts = chance.normal(prior.mean, prior.variance**0.5, runs)
        found = believed(chance, lifts, n, prior)
        lo, hi, mean = np.array([(one.lo, one.hi, one.mean) for one in found]).T
        return Drawn(((lo > lifts) | (hi < lifts)).astype(np.float64), mean - lifts, hi - lo)

    return simulate


def sure(n: int) -> Simulate:
    """Without a prior and an effect, a chance to win beyond 97.5 % on either side."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        found = believed(chance, np.zeros(runs), n, Prior(proper=False))
        wins = np.array([one.chance_to_win for one in found])
        return Drawn((np.abs(wins - 0.5) >= 0.5 - ALPHA / 2).astype(np.float64))

    return simulate


CLAIMS = (
    Claim(
        "bayes",
        "Bayesian lift",
        "coverage",
        "lifts from the prior N(0, 0.05²), 500 units each",
        ALPHA,
        credible(500, Prior(0.0, 0.05**2)),
    ),
    Claim(
        "bayes",
        "Bayesian lift",
        "type I error",
        "chance to win beyond 97.5 %, no prior, 500 units each",
        ALPHA,
        sure(500),
    ),
)
