"""What the benchmark of the statistics measures is a whole and right analysis."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import experiments
from experiments.stats import welch
from experiments.stats.results import Cannot


def test_every_slice_and_all_of_them_merged_are_tested() -> None:
    moments = experiments.stored(np.random.default_rng(1))
    found = experiments.analyse(moments)
    p = found["absolute"]["p_value"]
    assert p.shape == (20, 11, 2)
    alone = welch.welch(*(experiments.moments_of(moments[4, 3, arm]) for arm in (0, 2)))
    assert not isinstance(alone, Cannot)
    assert p[4, 3, 1] == pytest.approx(alone.p_value)
    assert np.isfinite(found["always-valid"]["p_value"]).all()
    assert len(found["heterogeneity"]) == len(found["corrected"].adjusted) == 40
    assert found["sample ratio"].p_value > 0.001


def test_raw_rows_come_to_what_pandas_and_scipy_say() -> None:
    rows = experiments.raw_rows(np.random.default_rng(2), 2_000)
    assert experiments.analyse_rows(rows) == pytest.approx(experiments.by_pandas(rows))
