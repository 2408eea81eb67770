"""All claims, topic by topic."""

from __future__ import annotations

from experiments.stats.simulation import (
    assignment,
    beliefs,
    counts,
    families,
    looks,
    matched,
    means,
    order,
    planned,
    ratios_and_covariates,
)
from experiments.stats.simulation.claims import Claim

TOPICS = (
    means,
    counts,
    ratios_and_covariates,
    matched,
    order,
    looks,
    beliefs,
    assignment,
    families,
    planned,
)
CLAIMS: tuple[Claim, ...] = tuple(claim for topic in TOPICS for claim in topic.CLAIMS)
