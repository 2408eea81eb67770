"""Experiment statistics: batch calls over moments, a whole experiment, 2 × 1,000,000 raw rows.

Moments are arrays as they come from a table of stored ones. The whole experiment has 20 metrics in 10
slices and 3 arms: sample ratio, absolute, relative and always-valid effects of each slice and of all
slices merged, heterogeneity of each metric, and the success metrics corrected by Holm. Raw rows are a
data frame of arms and values in no order, in memory already, for us as for the peers: GrowthBook's
`gbstats` after a pandas groupby in an environment of its own, as it is used, and this environment's
pandas and scipy.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from benchmarks import peers
from benchmarks.figures import Figure, interleaved
from experiments.stats import (
    cuped,
    multiplicity,
    proportions,
    ratios,
    sample_ratio,
    sequential,
    slices,
    welch,
)
from experiments.stats.moments import Moments, grouped, merged
from experiments.stats.results import Cannot

PEER = ("gbstats==0.8.0",)
REPEATS, TESTS, SINGLE = 5, 100_000, 5_000
METRICS, SLICES, ARMS = 20, 10, 3
USERS = 1_000_000

Floats = NDArray[np.float64]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many raw rows."""
    parser.add_argument("--users", type=int, default=USERS, help="raw rows of each arm")


def measure(options: argparse.Namespace) -> list[Figure]:
    """All figures."""
    chance = np.random.default_rng(7)
    rows = raw_rows(chance, options.users)
    batches = batch_calls(chance)
    experiment = stored(chance)
    gbstats = peers.python("gbstats", PEER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npz"
        np.savez(path, arm=rows["arm"].to_numpy(), value=rows["value"].to_numpy())
        peer = partial(peers.run, gbstats, "gbstats_peer.py", path)
        agree(rows, float(peer("p_value")))
        found = interleaved(
            {name: partial(rate_of, call, TESTS) for name, call in batches.items()}
            | {
                "Welch one by one": partial(
                    one_by_one, singles(chance, SINGLE), singles(chance, SINGLE)
                ),
                "gbstats one by one": lambda: float(peer("moments")),
                "whole experiment": lambda: 1000 * median_of(lambda: analyse(experiment)),
                "raw rows": lambda: 1000 * median_of(lambda: analyse_rows(rows)),
                "raw rows, gbstats": lambda: float(peer("raw")),
                "raw rows, pandas and scipy": lambda: 1000 * median_of(lambda: by_pandas(rows)),
            }
        )
    return figures(found, list(batches), options.users)


def figures(found: dict[str, float], batches: list[str], users: int) -> list[Figure]:
    """What was found beside its goals."""
    raw = f"2 × {users:,} raw rows, aggregated and tested"
    return [
        *(
            Figure(f"{name} in a batch call", "tests/s", "higher", found[name], goal=100_000)
            for name in batches
        ),
        *(
            Figure(
                name,
                "tests/s",
                "higher",
                found[name],
                found["gbstats one by one"],
                "gbstats",
                "peer",
                1,
            )
            for name in ("Welch", "Welch one by one")
        ),
        Figure(
            f"{METRICS} metrics × {SLICES} slices × {ARMS} arms",
            "ms",
            "lower",
            found["whole experiment"],
            goal=10,
        ),
        *(
            Figure(
                raw, "ms", "lower", found["raw rows"], found[f"raw rows, {peer}"], peer, "peer", 1
            )
            for peer in ("gbstats", "pandas and scipy")
        ),
    ]


def median_of(work: Callable[[], object]) -> float:
    """Seconds, after one call to warm up."""
    work()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def rate_of(call: Callable[[], object], tests: int) -> float:
    """Tests per second of a call that makes so many."""
    return tests / median_of(call)


def singles(chance: np.random.Generator, k: int) -> Floats:
    """Stored moments: n, mean, variance."""
    n = chance.integers(1_000, 100_000, k)
    return np.column_stack([n, chance.normal(20, 1, k), chance.gamma(40, 1, k)])


def joints(chance: np.random.Generator, k: int) -> Floats:
    """Stored moments of two quantities."""
    one, other = singles(chance, k), singles(chance, k)
    covariance = 0.6 * np.sqrt(one[:, 2] * other[:, 2])
    return np.column_stack([one, other[:, 1:], covariance])


def counts(chance: np.random.Generator, k: int) -> Floats:
    """Stored successes and units."""
    n = chance.integers(1_000, 100_000, k)
    return np.column_stack([chance.binomial(n, 0.05), n]).astype(np.float64)


def batch_calls(chance: np.random.Generator) -> dict[str, Callable[[], Any]]:
    """Each kind of test, of so many pairs of arms at once."""
    made: dict[str, tuple[Callable[..., Any], Callable[..., Floats]]] = {
        "Welch": (welch.batch, singles),
        "Welch, relative": (welch.batch_relative, singles),
        "always-valid": (sequential.batch, singles),
        "two proportions": (proportions.batch, counts),
        "ratio": (ratios.batch, joints),
        "CUPED": (cuped.batch, joints),
    }
    return {
        name: partial(test, draw(chance, TESTS), draw(chance, TESTS))
        for name, (test, draw) in made.items()
    }


def one_by_one(controls: Floats, treatments: Floats) -> float:
    """Tests per second of the scalar Welch over moments that are there as objects."""
    control, treatment = ([moments_of(row) for row in arms] for arms in (controls, treatments))
    pairs = list(zip(control, treatment, strict=True))
    return rate_of(lambda: [welch.welch(*pair) for pair in pairs], SINGLE)


def stored(chance: np.random.Generator) -> Floats:
    """Moments of an experiment, of shape (metrics, slices, arms, 3)."""
    n = chance.multinomial(400_000, [1 / (SLICES * ARMS)] * (SLICES * ARMS))
    shape = (METRICS, SLICES, ARMS)
    units = np.broadcast_to(n.reshape(SLICES, ARMS), shape)
    return np.stack([units, chance.normal(20, 0.05, shape), chance.gamma(40, 1, shape)], axis=3)


def analyse(moments: Floats) -> dict[str, Any]:
    """Everything that a page says about the experiment."""
    whole = np.array(
        [
            [row_of(merged([moments_of(row) for row in metric[:, arm]])) for arm in range(ARMS)]
            for metric in moments
        ]
    )
    every = np.concatenate([moments, whole[:, np.newaxis]], axis=1)
    control = np.broadcast_to(every[:, :, :1], every[:, :, 1:].shape).reshape(-1, 3)
    treatment = every[:, :, 1:].reshape(-1, 3)
    shape = (METRICS, SLICES + 1, ARMS - 1)
    effects = {
        name: {key: values.reshape(shape) for key, values in test(control, treatment).items()}
        for name, test in (
            ("absolute", welch.batch),
            ("relative", welch.batch_relative),
            ("always-valid", sequential.batch),
        )
    }
    absolute = effects["absolute"]
    gaps, variances = absolute["effect"][:, :-1], absolute["se"][:, :-1] ** 2
    return effects | {
        "sample ratio": sample_ratio.sample_ratio(whole[0, :, 0].astype(int).tolist(), [1] * ARMS),
        "heterogeneity": [
            slices.heterogeneity(gaps[metric, :, arm].tolist(), variances[metric, :, arm].tolist())
            for metric in range(METRICS)
            for arm in range(ARMS - 1)
        ],
        "corrected": multiplicity.correct(absolute["p_value"][:, -1].ravel().tolist()),
    }


def moments_of(row: Floats) -> Moments:
    """Of n, mean and variance."""
    n, mean, variance = row.tolist()
    return Moments.of_variance(int(n), mean, variance)


def row_of(moments: Moments) -> tuple[float, float, float]:
    """n, mean and variance of it."""
    return moments.n, moments.mean, moments.variance


def raw_rows(chance: np.random.Generator, users: int) -> pd.DataFrame:
    """Two arms in no order, with values as of what users spend."""
    arm = np.repeat(np.array([0, 1], dtype=np.int8), users)
    chance.shuffle(arm)
    return pd.DataFrame({"arm": arm, "value": chance.gamma(2, 5, 2 * users) + 0.03 * arm})


def agree(rows: pd.DataFrame, gbstats: float) -> None:
    """Raises `AssertionError` unless all three come to the same p-value."""
    ours = analyse_rows(rows)
    assert math.isclose(ours, by_pandas(rows), rel_tol=1e-6), (ours, by_pandas(rows))
    assert math.isclose(ours, gbstats, rel_tol=1e-6), (ours, gbstats)


def analyse_rows(rows: pd.DataFrame) -> float:
    """Our p-value of raw rows."""
    found = welch.welch(*grouped(rows["arm"].to_numpy(), rows["value"].to_numpy(), 2))
    assert not isinstance(found, Cannot)
    return found.p_value


def by_pandas(rows: pd.DataFrame) -> float:
    """The same by pandas and scipy."""
    found = rows.groupby("arm")["value"].agg(["count", "mean", "std"])
    (n, mean, sd), (m, other, spread) = found.itertuples(index=False)
    return float(stats.ttest_ind_from_stats(other, spread, m, mean, sd, n, equal_var=False).pvalue)
