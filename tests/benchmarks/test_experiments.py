"""What the benchmark of the statistics measures is a whole and right analysis."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import experiments
from experiments.analysis import analyse


def test_a_whole_experiment_is_analysed() -> None:
    report = analyse(*experiments.stored(np.random.default_rng(1)))
    assert len(report.comparisons) == 40
    assert all(one.effect is not None and not one.is_fixed for one in report.comparisons)
    assert [len(one.rows) for one in report.slices] == [10] * 40
    assert all(one.p_value is not None for one in report.slices)
    assert {one.key for one in report.checks if one.state != "unknown"} >= {
        "sample_ratio",
        "balance",
    }


def test_raw_rows_come_to_what_pandas_and_scipy_say() -> None:
    rows = experiments.raw_rows(np.random.default_rng(2), 2_000)
    assert experiments.analyse_rows(rows) == pytest.approx(experiments.by_pandas(rows))
