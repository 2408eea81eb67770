"""The bell that wakes the workers when measurements have arrived."""

from __future__ import annotations

import threading

import pytest

from monitoring import arrivals


@pytest.fixture(autouse=True)
def shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "NUDGE_EVERY", 0.05)


def test_it_rings_at_once_and_once_more_for_all_who_came_too_soon() -> None:
    rings = threading.Semaphore(0)
    bell = arrivals.Doorbell(rings.release)
    for _ in range(10):
        bell.press()
    assert rings.acquire(timeout=5), "the first press"
    assert rings.acquire(timeout=5), "the other nine"
    assert not rings.acquire(timeout=0.15)


def test_a_broken_bell_is_left_alone_and_hurts_nobody() -> None:
    tried = 0

    def ring() -> None:
        nonlocal tried
        tried += 1
        raise ConnectionError("the broker is away")

    bell = arrivals.Doorbell(ring)
    for _ in range(3):
        bell.press()
    assert tried == 1
