"""The rail: every place is reached on a phone, too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from config import frame

PLACES = [(f"/{name}/", name.capitalize(), "dot") for name in ("board", "one", "two", "three")]


def framed(monkeypatch: pytest.MonkeyPatch, places: list[tuple[str, str, str]]) -> dict[str, Any]:
    monkeypatch.setattr(frame, "RAIL", tuple(places))
    return frame.frame(RequestFactory().get("/two/"))


def test_a_long_rail_keeps_its_end_under_more(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [*PLACES, ("/four/", "Four", "dot"), ("/settings/", "Settings", "gear")]
    shown = framed(monkeypatch, places)
    assert [entry[1] for entry in shown["rail_more"]] == ["Four", "Settings"]
    assert [entry[1] for entry in shown["rail"] if entry[3]] == ["Two"]


def test_a_rail_that_fits_needs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = framed(monkeypatch, [*PLACES, ("/settings/", "Settings", "gear")])
    assert shown["rail_more"] == []
