"""The made-up shop: the same seed is the same shop, and its monitors see what they should."""

from __future__ import annotations

import ast
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import demo
from demo.monitors import definitions
from demo.shop import CLICKS, FEEDERS, GOLDEN, STEP, THROUGHPUT, TRAINED, Shop
from monitoring import kinds
from monitoring.kinds.base import Point

BEGAN = datetime(2026, 3, 1, 14, tzinfo=UTC)
LIVE = BEGAN + timedelta(days=14)
FAILS = LIVE + timedelta(hours=6)
NEVER = LIVE + timedelta(days=10_000)
HOUR = timedelta(hours=1)


def shop(seed: int = 7, fails_at: datetime = FAILS) -> Shop:
    return Shop(seed, BEGAN, fails_at)


def series(of: Shop, name: str, until: datetime) -> list[Point]:
    return [Point(at, value) for found, at, value in of.points(BEGAN, until) if found == name]


def breaches(of: Shop, until: datetime) -> dict[str, list[datetime]]:
    """Onsets by the last words of the monitor's name."""
    return {
        definition["name"]: onsets(definition, series(of, definition["series"], until))
        for definition in definitions({}, "demo")
    }


def onsets(definition: dict[str, Any], points: list[Point]) -> list[datetime]:
    kind = kinds.make(definition["kind"], definition["parameters"])
    state: dict[str, Any] = {}
    found, breached = [], False
    for point in points:
        state, verdicts = kind.evaluate(state, [point], point.time)
        for verdict in verdicts:
            if verdict.status == "breached" and not breached:
                found.append(verdict.at)
            breached = verdict.status == "breached"
    return found


def test_the_same_seed_is_the_same_shop() -> None:
    until = LIVE + 3 * HOUR
    assert list(shop().points(BEGAN, until)) == list(shop().points(BEGAN, until))
    assert list(shop(8).points(BEGAN, until)) != list(shop().points(BEGAN, until))


def test_points_come_once_whatever_the_steps() -> None:
    whole = list(shop().points(BEGAN, BEGAN + 5 * HOUR))
    steps = [BEGAN + minutes * timedelta(minutes=7) for minutes in range(43)] + [BEGAN + 5 * HOUR]
    pieces = [point for after, until in pairwise(steps) for point in shop().points(after, until)]
    assert pieces == whole
    assert len({(name, at) for name, at, _ in whole}) == len(whole)


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_a_healthy_shop_breaches_nothing(seed: int) -> None:
    quiet = breaches(shop(seed, NEVER), BEGAN + timedelta(days=28))
    assert quiet == {name: [] for name in quiet}


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_a_lost_night_is_seen_within_two_days_and_before_searchers_leave(seed: int) -> None:
    seen = {name: at[0] for name, at in breaches(shop(seed), LIVE + 90 * HOUR).items()}
    first_missed = LIVE.replace(hour=2) + timedelta(days=1)
    assert first_missed <= seen["YarnIt search model age"] <= first_missed + 8 * HOUR
    assert first_missed <= seen["YarnIt golden set unchanged"] <= first_missed + 2 * HOUR
    assert FAILS <= seen["YarnIt training throughput"] <= FAILS + 2 * HOUR
    clicks = seen["YarnIt click-through on the first five"]
    assert seen["YarnIt search model age"] + 12 * HOUR < clicks


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_after_the_repair_everything_recovers(seed: int) -> None:
    repaired = shop(seed)
    repaired.repair(LIVE + 70 * HOUR)
    healthy = LIVE + 110 * HOUR
    later = series(repaired, CLICKS, healthy + 24 * HOUR)
    after = [point.value for point in later if point.time > healthy]
    assert sum(after) / len(after) == pytest.approx(0.62, abs=0.003)
    assert series(repaired, FEEDERS, healthy)[-1].value == 20
    assert series(repaired, THROUGHPUT, healthy)[-1].value > 8_000
    assert series(repaired, GOLDEN, healthy)[-1].value > 0.02


def test_the_model_serves_four_hours_after_the_repair() -> None:
    repaired = shop()
    repaired.repair(LIVE + 70 * HOUR)
    before, after = LIVE + 74 * HOUR - STEP, LIVE + 74 * HOUR
    assert after - repaired.trained_at(after) == timedelta(0)
    assert before - repaired.trained_at(before) > 3 * 24 * HOUR


def test_click_through_falls_no_lower_than_the_story_says() -> None:
    lost = series(shop(), CLICKS, LIVE + timedelta(days=21))
    assert lost[-1].value == pytest.approx(0.54, abs=0.02)


def test_trained_at_never_goes_back() -> None:
    repaired = shop()
    repaired.repair(LIVE + 70 * HOUR)
    values = [point.value for point in series(repaired, TRAINED, LIVE + 120 * HOUR)]
    assert values == sorted(values)


def test_the_shop_imports_nothing_of_the_product() -> None:
    imported = set()
    for file in Path(demo.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - sys.stdlib_module_names - {"demo"} == {"httpx"}
