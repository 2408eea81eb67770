"""Experiment statistics: batch calls over moments, a whole experiment, 2 × 1,000,000 raw rows.

Moments are arrays as they come from a table of stored ones. The whole experiment is `analyse` of the
product over 20 metrics with a covariate, in 10 slices, 3 arms and 14 days: trust checks, always-valid
effects of all and of each slice, heterogeneity, trend and verdict. Raw rows are a
data frame of arms and values in no order, in memory already, for us as for the peers: GrowthBook's
`gbstats` after a pandas groupby in an environment of its own, as it is used, and this environment's
pandas and scipy. The same rows are then read from one Parquet file by everybody: by us through the
warehouse door, by the others into a data frame first.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from benchmarks import peers
from benchmarks.figures import Figure, interleaved
from experiments.analysis import Data, Kept, analyse
from experiments.state import Part
from experiments.stats import cuped, proportions, ratios, sequential, welch
from experiments.stats.moments import JointMoments, Moments, grouped, merged
from experiments.stats.results import Cannot
from experiments.warehouse.aggregation import Asked, Rows
from experiments.warehouse.sources import Units, Warehouse, connect

PEER = ("gbstats==0.8.0", "pyarrow==15.0.2")
REPEATS, TESTS, SINGLE = 5, 100_000, 5_000
PAGES = 100  # a single one is as short as a turn of another process on the same core
METRICS, SLICES, ARMS, DAYS = 20, 10, 3, 14
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
        path, file = Path(folder) / "rows.npz", Path(folder) / "rows.parquet"
        np.savez(path, arm=rows["arm"].to_numpy(), value=rows["value"].to_numpy())
        rows.to_parquet(file, index=False)
        peer = partial(peers.run, gbstats, "gbstats_peer.py")
        warehouse, known = warehouse_of(file), float(peer(path, "p_value"))
        for ours in (analyse_rows(rows), by_pandas(rows), analyse_file(warehouse)):
            agree(ours, known)
        found = interleaved(
            {name: partial(rate_of, call, TESTS) for name, call in batches.items()}
            | {
                "Welch one by one": partial(
                    one_by_one, singles(chance, SINGLE), singles(chance, SINGLE)
                ),
                "gbstats one by one": lambda: float(peer(path, "moments")),
                "whole experiment": lambda: 1000 * median_of(lambda: analyse(*experiment), PAGES),
                "raw rows": lambda: 1000 * median_of(lambda: analyse_rows(rows)),
                "raw rows, gbstats": lambda: float(peer(path, "raw")),
                "raw rows, pandas and scipy": lambda: 1000 * median_of(lambda: by_pandas(rows)),
                "file": lambda: 1000 * median_of(lambda: analyse_file(warehouse)),
                "file, gbstats": lambda: float(peer(file, "raw")),
                "file, pandas and scipy": lambda: (
                    1000 * median_of(lambda: by_pandas(pd.read_parquet(file)))
                ),
            }
        )
    return figures(found, list(batches), options.users)


def figures(found: dict[str, float], batches: list[str], users: int) -> list[Figure]:
    """What was found beside its goals."""
    raw = f"2 × {users:,} raw rows, aggregated and tested"
    places = {"raw rows": raw, "file": f"{raw}, from one Parquet file"}
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
            Figure(what, "ms", "lower", found[case], found[f"{case}, {peer}"], peer, "peer", 1)
            for case, what in places.items()
            for peer in ("gbstats", "pandas and scipy")
        ),
    ]


def median_of(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Seconds, after one call to warm up."""
    work()
    taken = []
    for _ in range(repeats):
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


def stored(chance: np.random.Generator) -> tuple[dict[str, Any], list[Kept], Data]:
    """A design, its metrics and everything that is stored of them, as if nothing had an effect."""
    keys = [f"arm-{number}" for number in range(ARMS)]
    design = {
        "variations": [{"key": key, "weight": 1 / ARMS} for key in keys],
        "alpha": 0.05,
        "power": 0.8,
        "units": 400_000,
        "days": DAYS,
        "min_days": DAYS,
        "smallest_effect": 0.01,
        "slices": ["country"],
    }
    names = [f"metric-{number}" for number in range(METRICS)]
    metrics = [
        Kept(name, name, "count", "up", "", Part.PRIMARY, 0.0, has_covariate=True) for name in names
    ]

    def arms(n: int) -> dict[str, JointMoments]:
        return {key: joint_of(joints(chance, 1)[0], n) for key in keys}

    by_slice = {
        name: {f"country={number}": arms(13_000) for number in range(SLICES)} for name in names
    }
    by_day = {
        name: {date(2026, 3, 1) + timedelta(days=day): arms(10_000) for day in range(DAYS)}
        for name in names
    }
    sums = {
        name: {key: merged([parts[key] for parts in by_slice[name].values()]) for key in keys}
        for name in names
    }
    units = dict.fromkeys(keys, (SLICES * 13_000, 0))
    return design, metrics, Data(sums, by_slice, by_day, units, hours=DAYS * 24.0)


def joint_of(row: Floats, n: int) -> JointMoments:
    """Of a row of `joints`, with so many units."""
    _, x, variance_x, y, variance_y, covariance = row.tolist()
    one, other = Moments.of_variance(n, x, variance_x), Moments.of_variance(n, y, variance_y)
    return JointMoments(one, other, covariance * (n - 1))


def moments_of(row: Floats) -> Moments:
    """Of n, mean and variance."""
    n, mean, variance = row.tolist()
    return Moments.of_variance(int(n), mean, variance)


def raw_rows(chance: np.random.Generator, users: int) -> pd.DataFrame:
    """Two arms in no order, with values as of what users spend."""
    arm = np.repeat(np.array([0, 1], dtype=np.int8), users)
    chance.shuffle(arm)
    return pd.DataFrame({"arm": arm, "value": chance.gamma(2, 5, 2 * users) + 0.03 * arm})


def agree(p_value: float, other: float) -> None:
    """Raises `AssertionError` unless two come to the same p-value."""
    assert math.isclose(p_value, other, rel_tol=1e-6), (p_value, other)


def warehouse_of(file: Path) -> Rows:
    """The file as a table of units, on a connection that stays."""
    units = Units(str(file), variation="arm", values={"value": "value"})
    return Rows(connect("duckdb://"), Warehouse(units=units))


def analyse_file(warehouse: Rows) -> float:
    """Our p-value of rows that stay in their file."""
    arms = {
        one.variation: Moments(one.n, one.x, one.xx)
        for one in warehouse.moments(Asked("value", "sum", "value"))
    }
    found = welch.welch(arms["0"], arms["1"])
    assert not isinstance(found, Cannot)
    return found.p_value


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
