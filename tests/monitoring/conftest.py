"""What every test of monitoring gets: no memory of series that another test made."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring import arrivals, evaluation, measurements, sources


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets series and watermarks, and leaves the workers alone: tests evaluate themselves,
    and at once.
    """
    measurements.forget()
    sources.forget()
    monkeypatch.setattr(arrivals, "nudge", lambda: None)
    monkeypatch.setattr(evaluation, "SETTLE", timedelta(0))
