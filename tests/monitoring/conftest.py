"""What every test of monitoring gets: no memory of series that another test made."""

from __future__ import annotations

import pytest

from monitoring import arrivals, measurements, sources


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets series and watermarks, and leaves the workers alone: tests evaluate themselves."""
    measurements.forget()
    sources.forget()
    monkeypatch.setattr(arrivals, "nudge", lambda: None)
