"""Do as many units come in each arm as were meant to? If not, nothing else can be believed.

Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments": chi-square
against the configured weights, and for looks at any time the Dirichlet-multinomial Bayes factor of
Lindon and Malek (2022), "Anytime-valid inference for multinomial count data".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats.results import Cannot

ALARM = 0.001
FEWEST = 8  # units an arm below which a chi-square is not trusted
CONCENTRATION = 10_000.0


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The test of the counts. `deviation` is the largest share off, relative to what was meant."""

    chi2: float
    p_value: float
    is_alarm: bool
    deviation: float


def sample_ratio(
    observed: Sequence[int], weights: Sequence[float], alarm: float = ALARM
) -> SampleRatio | Cannot:
    """Counts of the arms against their weights; arms of weight zero must be empty and do not count."""
    inputs = {"observed": list(observed), "weights": list(weights)}
    kept = [(count, weight) for count, weight in zip(observed, weights, strict=True) if weight > 0]
    stray = sum(count for count, weight in zip(observed, weights, strict=True) if weight <= 0)
    if stray:
        return Cannot("sample ratio", f"{stray} units are in arms that should have none", inputs)
    if len(kept) < 2:
        return Cannot("sample ratio", "there is one arm only", inputs)
    counts, shares = (np.array(part, dtype=np.float64) for part in zip(*kept, strict=True))
    expected = counts.sum() * shares / shares.sum()
    if expected.min() < FEWEST:
        return Cannot("sample ratio", f"an arm expects fewer than {FEWEST} units", inputs)
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    deviation = float(np.abs(counts / expected - 1).max())
    p = float(special.chdtrc(len(kept) - 1, chi2))
    return SampleRatio(chi2, p, p < alarm, deviation)


@dataclass(frozen=True, slots=True)
class RunningRatio:
    """The sequential test after each batch: always-valid p-values, and the last log Bayes factor."""

    p_values: list[float]
    log_bayes_factor: float


def running_ratio(
    batches: Sequence[Sequence[int]],
    weights: Sequence[float],
    concentration: float = CONCENTRATION,
) -> RunningRatio:
    """Counts of each batch. Only the running totals matter, so that it costs nothing to look."""
    shares = np.array(weights, dtype=np.float64)
    shares = shares / shares.sum()
    prior = concentration * shares
    totals = np.zeros(len(shares))
    least, p_values, log_factor = 0.0, [], 0.0
    for batch in batches:
        totals = totals + np.array(batch, dtype=np.float64)
        log_factor = float(_log_beta(prior + totals) - _log_beta(prior) - totals @ np.log(shares))
        # In logarithms: a strong mismatch has a factor that no float holds.
        least = min(least, -log_factor)
        p_values.append(math.exp(least))
    return RunningRatio(p_values, log_factor)


def _log_beta(values: NDArray[np.float64]) -> float:
    return float(special.gammaln(values).sum() - special.gammaln(values.sum()))
