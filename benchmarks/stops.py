"""Harmful experiments are stopped, seen to have stopped and told of; equal ones are left alone.

A whole installation runs as anybody would start it. Half of the experiments make something slower,
half do nothing at all. Units are assigned by what the GrowthBook door serves at that moment, as an SDK
would, so that whoever comes after a stop is no longer in the experiment. Nothing here decides: the
installation's own worker looks, stops, sees and declares.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import datetime
from typing import Any

import httpx
import psycopg

from benchmarks.figures import Figure
from benchmarks.up import Up
from experiments.assignment.compiled import Configuration
from experiments.assignment.subjects import Subject

ALPHA = 0.05
SLOWER, USUAL, SPREAD = 1.10, 300.0, 60.0
MARGIN = 0.05
AT_ONCE = 20_000
CHAIN = """
SELECT count(DISTINCT stopped.stream) FROM eventlog_event AS declared
JOIN eventlog_event AS seen ON seen.event_id = declared.causation_id
    AND seen.type = 'experiment.stop_observed'
JOIN eventlog_event AS stopped ON stopped.stream = seen.stream AND stopped.version < seen.version
    AND stopped.type = 'experiment.stopped' AND stopped.payload::jsonb ->> 'cause' = 'harm'
JOIN eventlog_event AS begun ON begun.stream = stopped.stream AND begun.type = 'experiment.started'
WHERE declared.type = 'incident.declared'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and how long."""
    parser.add_argument("--seeds", type=int, default=100, help="experiments of each kind")
    parser.add_argument("--units", type=int, default=2_000, help="planned units of an experiment")
    parser.add_argument("--rounds", type=int, default=20, help="in which the units come")
    parser.add_argument("--pause", type=float, default=16.0, help="seconds between them")


def measure(options: argparse.Namespace) -> list[Figure]:
    """Counts of what was stopped, seen and declared."""
    with Up() as up:
        laboratory = Laboratory(up)
        names = laboratory.design(options.seeds, options.units)
        each = options.units // options.rounds
        for round_ in range(options.rounds):
            laboratory.visit(names, each, round_)
            time.sleep(options.pause)
        laboratory.wait_for_stops()
        return laboratory.figures(options)


class Laboratory:
    """Whoever designs the experiments, and the units that meet them."""

    def __init__(self, up: Up):
        everything = ("experiments:write", "flags:write", "exposures:write", "outcomes:write")
        self._database = up.published()["DATABASE_URL"]
        self._http = _client(up.address, up.token(*everything))
        self._other = _client(up.address, up.token("experiments:write"))
        self._chance: dict[str, random.Random] = {}
        key = self._post(self._http, "sdk-keys", {"environment": "production", "name": "bench"})
        self._key = str(key["stream"]).removeprefix("sdk:")

    def design(self, seeds: int, units: int) -> list[str]:
        """Harmful and equal experiments, each on a flag of its own, all of them running."""
        latency = {"aggregation": "mean", "source": "latency", "direction": "down"}
        done = {"aggregation": "conversion", "source": "latency"}
        for key, fields in (("latency", latency), ("done", done)):
            self._post(self._http, f"metrics/{key}", {"definition": {"name": key, **fields}})
        names = [f"{kind}-{seed:03d}" for kind in ("harmful", "equal") for seed in range(seeds)]
        for name in names:
            self._chance[name] = random.Random(name)
            self._start(name, units)
        return names

    def _start(self, name: str, units: int) -> None:
        flag = {"flag": name, "kind": "boolean", "default": False}
        self._post(self._http, "flags", flag)
        arms = [{"key": "a", "value": False}, {"key": "b", "value": True}]
        # The strictest limit for those that do nothing: any certain harm at all stops them.
        margin = MARGIN if name.startswith("harmful") else 0.0
        design = {
            "title": name,
            "hypothesis": "Nothing gets slower.",
            "flag": name,
            "variations": arms,
            "alpha": ALPHA,
            "units": units,
            "metrics": [
                {"metric": "done", "part": "primary"},
                {"metric": "latency", "part": "guardrail", "margin": margin},
            ],
        }
        self._post(self._http, "experiments", {"experiment": name, "design": design})
        self._post(self._http, f"experiments/{name}/ask-for-review", {})
        self._post(self._other, f"experiments/{name}/review", {"approve": True})
        self._post(self._http, f"experiments/{name}/start", {})

    def visit(self, names: list[str], count: int, round_: int) -> None:
        """New units of every experiment, as far as they are still in it."""
        payload = self._http.get(f"/api/features/{self._key}").json()
        served, at = Configuration(payload), _now()
        met, done = [], []
        for name in names:
            chance = self._chance[name]
            for n in range(count):
                unit = f"{round_}-{n}"
                assignment = served.evaluate(name, Subject({"id": unit})).assignment
                if assignment is None:
                    continue
                arm = assignment.arm.key
                slower = SLOWER if arm == "b" and name.startswith("harmful") else 1.0
                wait = chance.gauss(USUAL, SPREAD) * slower
                unit = f"{name}/{unit}"
                met.append(
                    {"experiment": name, "phase": "1", "unit": unit, "variation": arm, "time": at}
                )
                done.append({"source": "latency", "unit": unit, "time": at, "value": wait})
        for path, items in (("exposures", met), ("outcomes", done)):
            for start in range(0, len(items), AT_ONCE):
                self._post(self._http, path, {path: items[start : start + AT_ONCE]})

    def wait_for_stops(self) -> None:
        """Until every stop was seen and told of, two minutes at most."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            stopped = [one for one in self.experiments() if one["status"] == "stopped"]
            if all(one["observed_at"] for one in stopped) and self.incidents() == len(stopped):
                return
            time.sleep(1)

    def experiments(self) -> list[dict[str, Any]]:
        """All of them as the API tells."""
        found: list[dict[str, Any]] = []
        address = "/api/v1/experiments"
        while address:
            said = self._http.get(address).json()
            found, address = found + said["items"], said["next"]
        return found

    def incidents(self) -> int:
        """How many incidents there are."""
        with psycopg.connect(self._database) as connection:
            row = connection.execute("SELECT count(*) FROM incidents_incident").fetchone()
        return int(row[0]) if row else 0

    def figures(self, options: argparse.Namespace) -> list[Figure]:
        """What came of it."""
        seen = self.experiments()
        harmful = [one for one in seen if one["key"].startswith("harmful")]
        equal = [one for one in seen if one["key"].startswith("equal")]
        harmed = [one for one in harmful if one["stop"].get("cause") == "harm"]
        units = sorted(one["stop"]["evidence"]["units"] for one in harmed)
        seconds = sorted(_seconds(one) for one in harmed if one["observed_at"])
        with psycopg.connect(self._database) as connection:
            row = connection.execute(CHAIN).fetchone()
        stopped_equal = sum(bool(one["stop"]) for one in equal)
        return [
            Figure("harmful experiments", "", "higher", len(harmful)),
            Figure(
                "stopped within the planned units",
                "of 100",
                "higher",
                100 * sum(count <= options.units for count in units) / len(harmful),
                goal=95,
            ),
            Figure(
                "units at the stop, median", "", "lower", units[len(units) // 2] if units else 0
            ),
            Figure(
                "seen by every process",
                "of the stopped",
                "higher",
                len(seconds) / max(1, len(harmed)),
                goal=1,
            ),
            Figure(
                "from stop to seen, longest", "s", "lower", seconds[-1] if seconds else 0, goal=60
            ),
            Figure(
                "with a chain from start to incident",
                "of the stopped",
                "higher",
                int(row[0] if row else 0) / max(1, len(harmed)),
                goal=1,
            ),
            Figure(
                "incidents a stop",
                "",
                "lower",
                self.incidents() / max(1, len(harmed) + stopped_equal),
                goal=1,
            ),
            Figure("equal experiments", "", "higher", len(equal)),
            Figure("of them stopped", "share", "lower", stopped_equal / len(equal), goal=ALPHA),
        ]

    def _post(self, client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
        said = client.post(f"/api/v1/{path}", json=body)
        if said.status_code >= 400:
            raise ValueError(f"{path}: {said.text}")
        return said.json()


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _seconds(one: dict[str, Any]) -> float:
    begin, end = (datetime.fromisoformat(one[name]) for name in ("stopped_at", "observed_at"))
    return (end - begin).total_seconds()
