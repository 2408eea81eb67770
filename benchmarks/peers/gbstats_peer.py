"""GrowthBook's statistics library at the work of ours; runs in its own environment.

    gbstats_peer.py ROWS CASE

ROWS is a NumPy archive of `arm` and `value`, read before the clock starts, or a Parquet file, read
while it runs. CASE is `raw`, milliseconds to group those rows in pandas and test the two means; `p_value`, what that test says; or `moments`, tests a second from sums. Prints
JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic

REPEATS, TESTS = 5, 2_000
ABSOLUTE = FrequentistConfig(difference_type="absolute")


def sums(frame: pd.DataFrame) -> list[SampleMeanStatistic]:
    """Count, sum and sum of squares of each arm."""
    squared = frame.assign(square=frame.value * frame.value)
    found = squared.groupby("arm", sort=True).agg(
        n=("value", "size"), total=("value", "sum"), squares=("square", "sum")
    )
    return [
        SampleMeanStatistic(n=int(row.n), sum=float(row.total), sum_squares=float(row.squares))
        for row in found.itertuples()
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


def main(path: str, case: str) -> None:
    """One case."""
    if path.endswith(".parquet"):
        read = partial(pd.read_parquet, path, columns=["arm", "value"])
    else:
        with np.load(path) as rows:
            frame = pd.DataFrame({"arm": rows["arm"], "value": rows["value"]})
        read = lambda: frame  # noqa: E731
    arms = sums(read())
    if case == "p_value":
        print(json.dumps(float(TwoSidedTTest(*arms, ABSOLUTE).compute_result().p_value)))
        return
    if case == "raw":
        seconds = median_of(lambda: TwoSidedTTest(*sums(read()), ABSOLUTE).compute_result())
        print(json.dumps(seconds * 1000))
        return
    seconds = median_of(
        lambda: [TwoSidedTTest(*arms, ABSOLUTE).compute_result() for _ in range(TESTS)]
    )
    print(json.dumps(TESTS / seconds))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
