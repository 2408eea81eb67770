"""What is claimed of a test, and whether so many simulated runs bear it out.

Bounds are of the binomial distribution (Clopper and Pearson 1934 invert the same tail): with a true rate
as claimed, a count lies beyond its upper bound once in a thousand times.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
Kind = Literal["type I error", "always valid", "coverage", "power"]

BAND = 0.999
SLACK = 0.02  # how far a planned power may be off
REFUSED = 0.01  # share of runs that may end in a refusal
WIDEST = 1.25  # times the width that the true spread of the estimate asks for
POWER_RUNS = 40_000  # with fewer, two points cannot be told from chance


def _none() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of some runs, arrays of shape (runs,).

    `hits` is 1 where the test rejected or the interval missed, 0 where not, a share where it is a
    share of false claims, NaN where the test was refused. `estimates` and `widths` are of intervals.
    """

    hits: Floats
    estimates: Floats = field(default_factory=_none)
    widths: Floats = field(default_factory=_none)


Simulate = Callable[[np.random.Generator, int], Drawn]


@dataclass(frozen=True, slots=True)
class Claim:
    """One promise. `nominal` is alpha, or the planned power; `of` the module that makes the promise.

    An exact test is claimed to reject neither more nor less often than alpha; of any other only the
    upper bound is claimed. `least` are the fewest runs that can decide. `any_width` is for intervals
    that are wide on purpose.
    """

    of: str
    test: str
    kind: Kind
    setting: str
    nominal: float
    simulate: Simulate
    is_exact: bool = False
    least: int = 0
    any_width: bool = False

    def runs(self, asked: int) -> int:
        """How many runs decide when so many were asked for."""
        return max(asked, self.least, POWER_RUNS if self.kind == "power" else 0)

    def bounds(self, runs: int) -> tuple[float, float]:
        """Least and greatest share of hits among so many runs with which the claim stands."""
        if self.kind == "always valid":
            return 0.0, self.nominal
        if self.kind == "power":
            # The interval of the share, and not only the share, has to lie within the slack.
            reach = _normal_reach(self.nominal, runs)
            return self.nominal - SLACK + reach, self.nominal + SLACK - reach
        upper = float(stats.binom.ppf(BAND, runs, self.nominal)) / runs
        lower = float(stats.binom.ppf((1 - BAND) / 2, runs, self.nominal)) / runs
        return lower if self.is_exact else 0.0, upper


@dataclass(frozen=True, slots=True)
class Outcome:
    """A claim after its runs. `share` is of hits, `width` beside the ideal one, NaN without intervals."""

    claim: Claim
    seed: int
    runs: int
    refused: int
    share: float
    width: float
    first_share: float | None = None  # of the runs before these, which were repeated

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the share had to lie."""
        return self.claim.bounds(max(self.runs - self.refused, 1))

    @property
    def holds(self) -> bool:
        """Whether the claim stands; an interval must not buy its coverage with width."""
        lower, upper = self.bounds
        is_too_wide = self.width > WIDEST and not self.claim.any_width
        is_answered = self.refused <= REFUSED * self.runs
        return is_answered and lower <= self.share <= upper and not is_too_wide


def outcome(
    claim: Claim, seed: int, drawn: list[Drawn], first_share: float | None = None
) -> Outcome:
    """All runs of a claim together."""
    hits, estimates, widths = (
        np.concatenate([getattr(part, name) for part in drawn])
        for name in ("hits", "estimates", "widths")
    )
    refused = int(np.isnan(hits).sum())
    share = float(np.nanmean(hits)) if refused < hits.size else math.nan
    return Outcome(
        claim, seed, hits.size, refused, share, _width(claim, estimates, widths), first_share
    )


def _width(claim: Claim, estimates: Floats, widths: Floats) -> float:
    kept = np.isfinite(widths)
    if not kept.any():
        return math.nan
    ideal = 2 * float(special.ndtri(1 - claim.nominal / 2)) * float(estimates[kept].std())
    return float(widths[kept].mean()) / ideal


def _normal_reach(share: float, runs: int) -> float:
    z = float(special.ndtri((1 + BAND) / 2))
    return z * math.sqrt(share * (1 - share) / runs)
