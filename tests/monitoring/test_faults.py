"""The fault injector: worlds, injections, and that kinds judge worlds as they judge measurements."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from numpy.random import default_rng

from monitoring import kinds, replaying
from monitoring.faults import injections as inject
from monitoring.faults import world as worlds
from monitoring.faults.cases import CASES, Case, Target
from monitoring.faults.detecting import Watch
from monitoring.faults.injections import Injection
from monitoring.faults.score import BEGIN, healthy, score, span
from monitoring.faults.world import DAY, HOUR, STEP, World, key
from monitoring.management.commands import score_faults
from monitoring.management.commands.score_faults import BEGINS, ENDS, told, with_table
from monitoring.measurements import find_or_make, write
from tests.monitoring.test_concurrency import batch_of

ONSET = BEGIN + 12 * HOUR
NAMED = {case.name: case for case in CASES}
INJECTIONS = [
    pytest.param(case, fault, id=f"{case.name}: {fault.says}")
    for case in CASES
    for fault in (*(target.fault for target in case.targets), *case.endures)
]


def built(case: Case, seed: int = 1, days: float = 1) -> World:
    return case.build(default_rng(seed), span(days * DAY))


def test_every_kind_has_a_case_and_every_case_a_kind() -> None:
    known, covered = set(kinds.kinds()), {case.kind for case in CASES}
    assert covered <= known
    assert known - covered == set()


def test_a_world_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, again, other = (built(NAMED["slice_broken"], seed) for seed in (1, 1, 2))
    for name, line in one.items():
        assert np.array_equal(line.values, again[name].values)
    assert any(not np.array_equal(line.values, other[name].values) for name, line in one.items())


@pytest.mark.parametrize(("case", "fault"), INJECTIONS)
def test_an_injection_changes_something_and_nothing_before_its_onset(
    case: Case, fault: Injection
) -> None:
    before = built(case)
    kept = {name: line.values.copy() for name, line in before.items()}
    after = fault.apply(before, ONSET, default_rng(7))
    changed = 0
    for name, line in before.items():
        assert np.array_equal(line.values, kept[name], equal_nan=True)  # the world itself
        was, now = line.times <= ONSET, after[name].times <= ONSET
        assert np.array_equal(line.times[was], after[name].times[now])
        assert np.array_equal(line.values[was], after[name].values[now], equal_nan=True)
        changed += not np.array_equal(line.values[~was], after[name].values[~now])
    assert changed


def test_injections_do_what_they_say() -> None:
    world = built(NAMED["biased_loss"])
    gone = inject.slice_gone("lines_merged", partner="west").apply(world, ONSET, default_rng(1))
    later = world[key("lines_merged", {"partner": "west"})].times > ONSET
    assert not gone[key("lines_merged", {"partner": "west"})].values[later].any()
    assert gone[key("lines_merged", {"partner": "east"})].values[later].any()
    assert gone[key("lines_sent", {"partner": "west"})].values[later].any()

    world = built(NAMED["burn_rate"])
    failed = inject.failing(0.2).apply(world, ONSET, default_rng(1))
    later = world[key("requests")].times > ONSET
    share = failed[key("failures")].values[later].sum() / world[key("requests")].values[later].sum()
    assert share == pytest.approx(0.2, abs=0.005)
    totals = failed[key("failures_total")].values
    assert np.array_equal(np.diff(totals), failed[key("failures")].values[1:])

    reset = inject.counter_reset("requests_total").apply(world, ONSET, default_rng(1))
    values = reset[key("requests_total")].values
    assert values[later][0] == 0
    assert np.sum(np.diff(values) < 0) == 1

    lagging = inject.lag("requests", 2).apply(world, ONSET, default_rng(1))[key("requests")]
    absent = set(world[key("requests")].times) - set(lagging.times)
    assert (min(absent), max(absent)) == (ONSET + STEP, ONSET + 2 * HOUR)


def test_popular_days_are_three_times_as_popular() -> None:
    factor = worlds.popular(default_rng(3), span(400 * DAY))
    assert set(np.unique(factor)) == {1.0, 3.0}
    assert 0.005 < np.mean(factor == 3.0) < 0.08


@pytest.mark.parametrize("name", ["absence", "threshold", "slice_broken", "invariant", "age"])
def test_kinds_notice_their_faults(name: str) -> None:
    scored = score(NAMED[name], range(101, 104), months=1)
    assert scored.holds, told(scored)
    assert scored.months == 1


def test_one_that_is_breached_already_has_noticed_nothing() -> None:
    world = built(NAMED["threshold"])
    broken = inject.failing(0.2).apply(world, BEGIN + HOUR, default_rng(1))
    watch = Watch.of(kinds.make("threshold", {"value": 0.01}), NAMED["threshold"].own, BEGIN)
    assert len(watch.go_on(broken, ONSET)) == 1
    assert watch.breached
    assert watch.copy().go_on(broken, ONSET + HOUR) == []


def test_a_short_life_is_lived_again_and_again() -> None:
    opened, months = healthy(NAMED["training_health"], 0.1)
    assert months == pytest.approx(0.1, abs=0.03)
    assert opened == 0


BOUND = Case(
    "burn_rate",
    "latency",
    worlds.latency,
    [Target(inject.times(3, "latency", "outage", "values × 3"), HOUR)],
    {"target": "0.99", "bound": 0.2, "every": "5m", "min_events": 1, "min_bad": 1},
)
JUDGED = [
    NAMED["slice_broken"],
    NAMED["burn_rate, of running totals"],
    NAMED["threshold"],
    pytest.param(BOUND, id="single values within a bound"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case.name)
def test_a_world_is_judged_as_its_measurements_are(case: Case) -> None:
    world = case.targets[0].fault.apply(built(case), ONSET, default_rng(2))
    for (series, labels), line in world.items():
        points = [
            ((series, labels), int(at) * 1_000_000, float(value))
            for at, value in zip(line.times, line.values, strict=True)
        ]
        batch = batch_of(points)
        now = datetime.now(UTC)
        write(batch, find_or_make(list(set(batch.keys)), "token:1", now, {}))
    kind = kinds.make(case.kind, dict(case.parameters))
    opened = Watch.of(kind, case.own, BEGIN).go_on(world, BEGIN + DAY)
    replayed = replaying.replay(kind, case.own, datetime.fromtimestamp(BEGIN, UTC), None)
    settle = getattr(kind, "settle", 0.0)
    assert [at - settle for at in opened] == [b.onset.timestamp() for b in replayed.breaches]
    assert opened


def test_the_command_writes_its_table_into_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page, result = tmp_path / "monitors.md", tmp_path / "result.json"
    page.write_text(f"before\n{BEGINS}\n{ENDS}\nafter\n")
    monkeypatch.setattr(score_faults, "PAGE", page)
    monkeypatch.setattr(score_faults, "CASES", (NAMED["threshold"],))
    call_command("score_faults", seeds=2, months=0.1, write_docs=True, json=result)
    assert (
        "| `threshold` | outage: 5.0% of the requests fail | 20 min | 2 of 2 |" in page.read_text()
    )
    assert json.loads(result.read_text())[0]["holds"] is True


def test_the_table_goes_between_its_marks_and_nowhere_else() -> None:
    page = f"before\n{BEGINS}\nold\n{ENDS}\nafter\n"
    assert with_table(page, "| new |") == f"before\n{BEGINS}\n\n| new |\n\n{ENDS}\nafter\n"
    with pytest.raises(CommandError):
        with_table("no marks", "| new |")
