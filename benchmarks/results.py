"""The page of an experiment's results is as fast with 100,000,000 outcomes as with 10,000.

Outcomes, the values of units and their sums are written by SQL as the doors would leave them, for both
experiments in the same tables; then the page of each is asked for in turn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import httpx

from benchmarks.figures import Figure
from benchmarks.ingest import web
from benchmarks.installation import installation, owner

SMALL = 10_000
DAYS, OUTCOMES_EACH = 14, 20
# Some outcomes of each of so many units, whose first exposure is on one of the days.
OUTCOMES = """
INSERT INTO experiments_outcome (unit, source, id, time, value)
SELECT '{name}-' || n / {each}, '{name}', (n % {each})::text,
    timestamptz '2026-01-01Z' + (n / {each} % {days}) * interval '1 day', 1 + n % 7
FROM generate_series({start}, {end}) AS n
"""
EXPOSURES = """
INSERT INTO experiments_exposure
    (experiment, phase, unit, variation, environment, exposed_at, probability, several,
     attributes)
SELECT '{name}', '1', '{name}-' || n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END, 'production',
    timestamptz '2026-01-01Z' + (n % {days}) * interval '1 day', 1, false, '{{}}'
FROM generate_series(0, {units} - 1) AS n
"""
COUNTS = """
INSERT INTO experiments_exposure_count
    (experiment, phase, variation, units, several, hour, in_hour)
SELECT experiment, phase, variation, count(*), 0, date_trunc('hour', now()), 0
FROM experiments_exposure WHERE experiment = '{name}' GROUP BY 1, 2, 3
"""
VALUES = """
INSERT INTO experiments_unit_value (experiment, phase, metric, unit, variation, day, slices, x, y)
SELECT e.experiment, '1', t.metric, e.unit, e.variation, e.exposed_at::date, '{{}}',
    CASE t.aggregation WHEN 'conversion' THEN 1 WHEN 'count' THEN {each}
        ELSE 60 + abs(hashtext(e.unit)) % 40 END, 0
FROM experiments_exposure AS e JOIN experiments_tracked AS t ON t.experiment = e.experiment
WHERE e.experiment = '{name}'
"""
SUMS = """
INSERT INTO experiments_cell
    (experiment, phase, metric, variation, slice, day, n, x, xx, y, yy, xy)
SELECT experiment, phase, metric, variation, '', day, count(*), sum(x), sum(x * x), sum(y),
    sum(y * y), sum(x * y)
FROM experiments_unit_value WHERE experiment = '{name}' GROUP BY 1, 2, 3, 4, 6
"""
AT_ONCE = 5_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many outcomes."""
    parser.add_argument("--outcomes", type=int, default=100_000_000)
    parser.add_argument("--reads", type=int, default=100)


def measure(options: argparse.Namespace) -> list[Figure]:
    """Median times of the page of both."""
    with installation(), web() as url:
        for name in ("small", "large"):
            start(name)
        began = time.perf_counter()
        with owner() as connection:
            # Its index is made once and not a row at a time, which would take as long again.
            connection.execute(
                "ALTER TABLE experiments_outcome DROP CONSTRAINT experiments_outcome_pkey"
            )
            fill("small", SMALL)
            fill("large", options.outcomes)
            connection.execute("ALTER TABLE experiments_outcome ADD PRIMARY KEY (unit, source, id)")
            connection.execute("ANALYZE")
        print(f"filled in {time.perf_counter() - began:,.0f} s", flush=True)
        times = read(url, options.reads)
    small, large = (statistics.median(times[name]) for name in ("small", "large"))
    return [
        Figure("outcomes of the large experiment", "", "higher", options.outcomes),
        Figure("its results, p50", "ms", "lower", large, small, "10,000 outcomes", "peer", 1.2),
        Figure("its results, p95", "ms", "lower", _p95(times["large"]), _p95(times["small"])),
    ]


def start(name: str) -> None:
    """An experiment with four metrics that is running, by its own commands."""
    from eventlog.clock import now
    from eventlog.core import Context
    from eventlog.store import execute
    from experiments import commands

    at = now()
    given: dict[str, dict[str, Any]] = {
        f"{name}-{aggregation}": {"aggregation": aggregation}
        for aggregation in ("conversion", "count", "sum")
    }
    definitions = {
        key: commands.sound_metric({"name": key, "source": name, **one})
        for key, one in given.items()
    }
    keys = list(definitions)
    design = {
        "title": name,
        "hypothesis": "It is as fast.",
        "flag": name,
        "variations": [{"key": "a", "value": False}, {"key": "b", "value": True}],
        "metrics": [
            {"metric": key, "part": "secondary" if n else "primary"} for n, key in enumerate(keys)
        ],
    }
    asked: dict[str, Any] = {"experiment": name, "at": at}
    made = [
        commands.DesignExperiment(**asked, design=design, by="a", definitions=definitions),
        commands.AskForReview(**asked),
        commands.ReviewDesign(**asked, approve=True, by="b"),
        commands.StartExperiment(**asked, seed=name, definitions=definitions),
    ]
    for command in made:
        execute(command, Context.by("system:bench"))


def fill(name: str, outcomes: int) -> None:
    """Its outcomes and everything that the doors would have made of them."""
    units = outcomes // OUTCOMES_EACH
    given: dict[str, Any] = {"name": name, "days": DAYS, "units": units, "each": OUTCOMES_EACH}
    with owner() as connection:
        for first in range(0, outcomes, AT_ONCE):
            last = min(first + AT_ONCE, outcomes) - 1
            connection.execute(OUTCOMES.format(**given, start=first, end=last))  # type: ignore[arg-type]
        for text in (EXPOSURES, COUNTS, VALUES, SUMS):
            connection.execute(text.format(**given))  # type: ignore[arg-type]


def read(url: str, reads: int) -> dict[str, list[float]]:
    """Milliseconds of each read of the results, the two in turn."""
    from benchmarks.tokens import make_token

    headers = {"Authorization": f"Bearer {make_token('experiments:read')}"}
    times: dict[str, list[float]] = {"small": [], "large": []}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as http:
        for number in range(reads + 10):
            for name, found in times.items():
                began = time.perf_counter()
                said = http.get(f"/api/v1/experiments/{name}/results")
                taken = (time.perf_counter() - began) * 1_000
                if said.status_code != 200 or not said.json()["comparisons"]:
                    raise ValueError(said.text)
                if number >= 10:
                    found.append(taken)
    return times


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]
