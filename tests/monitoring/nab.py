"""The labelled series of the Numenta benchmark, where the shared data are at hand."""

from __future__ import annotations

import pytest

from benchmarks.nab import FOLDER

MACHINE = "realKnownCause/machine_temperature_system_failure.csv"
needs_nab = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the labelled series are not at {FOLDER}; see DROPSTITCH_SHARED"
)
