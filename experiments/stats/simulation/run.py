"""Runs claims under seeds. Every claim draws from a stream of its own, whatever else is run."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from experiments.stats.simulation.claims import Claim, Outcome, outcome

CHUNK = 250  # runs that are drawn at once: bounds the memory
AGAIN = 4  # times as many runs when a claim does not hold at first


def run(claims: Iterable[Claim], seeds: Iterable[int], runs: int) -> Iterator[Outcome]:
    """The outcome of each claim under each seed, as it is known.

    A true claim fails once in a thousand times, and there are hundreds: whatever fails is run again
    with four times the runs and a fresh stream, and that decides.
    """
    for claim in claims:
        for seed in seeds:
            found = once(claim, seed, claim.runs(runs))
            if not found.holds:
                found = once(claim, seed, AGAIN * claim.runs(runs), found.share)
            yield found


def once(claim: Claim, seed: int, runs: int, first_share: float | None = None) -> Outcome:
    """So many runs of one claim."""
    name = f"{claim.test}|{claim.kind}|{claim.setting}".encode()
    turn = 0 if first_share is None else 1
    chance = np.random.default_rng([seed, zlib.crc32(name), turn])
    sizes = [min(CHUNK, runs - done) for done in range(0, runs, CHUNK)]
    return outcome(claim, seed, [claim.simulate(chance, size) for size in sizes], first_share)
