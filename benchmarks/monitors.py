"""Ten thousand monitors, each evaluated every minute, and how soon a breach is an incident.

A whole installation runs as anybody would start it. Senders bring one point of every series each
minute, spread over it as real senders are, 1 % of them two minutes late. Half of the monitors are
thresholds, three of ten look for robust deviations, and one of ten each for anomalies and silence.
What evaluation costs is the processor time of the worker and of its connections to PostgreSQL.
Beside it, series of monitors that page turn bad; Prometheus and Alertmanager with default
intervals are told of the same thing in the same minutes.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import psutil
import psycopg

from benchmarks.figures import Figure, percentile
from benchmarks.many_monitors import PAGING, SERIES, labels_of
from benchmarks.peers import prometheus_peer
from benchmarks.up import Up

SENDINGS = 60  # in a minute
LATE, LATE_BY = 0.01, timedelta(minutes=2)
LEARNT = 120  # points of every series before the clock starts
TRIALS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and how long."""
    parser.add_argument("--monitors", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--paging", type=int, default=60, help="monitors that page")


def measure(options: argparse.Namespace) -> list[Figure]:
    """Cost, lag, and seconds from a bad value to its incident."""
    with Up() as up, ExitStack() as stack:
        made = up.run_python("benchmarks.many_monitors", options.monitors, options.paging)
        if made.returncode:
            raise RuntimeError(made.stderr)
        fleet = Fleet(up, options.monitors)
        fleet.teach()
        fleet.wait_until_judged()
        peer = None
        if prometheus_peer.is_here():
            peer = stack.enter_context(prometheus_peer.running(TRIALS, 60 * options.minutes - 60))
        else:
            print("prometheus and prometheus-alertmanager are not installed", file=sys.stderr)
        with sampling(up) as samples:
            incidents = fleet.run(options.minutes, options.paging)
        if peer:
            peer.wait()
        return figures(options, samples, incidents, peer, fleet)


class Fleet:
    """Whoever sends the measurements."""

    def __init__(self, up: Up, monitors: int):
        self._up, self.monitors = up, monitors
        token = up.token("measurements:write")
        self._http = httpx.Client(
            base_url=up.address, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        self.database = up.published()["DATABASE_URL"]
        self._made = random.Random(5)
        self.sent = self.late = 0

    def teach(self) -> None:
        """Two hours of history for every series, so that the kinds know what is usual."""
        begin = datetime.now(UTC) - timedelta(minutes=LEARNT + 1)
        for minute in range(LEARNT):
            at = begin + timedelta(minutes=minute)
            for first in range(0, self.monitors, 5_000):
                last = min(first + 5_000, self.monitors)
                self._send([self._point(n, at) for n in range(first, last)])

    def _point(self, number: int, at: datetime) -> dict[str, Any]:
        value = round(100 + self._made.gauss(0, 5), 3)
        return {"series": SERIES, "labels": labels_of(number), "time": at, "value": value}

    def _send(self, points: list[dict[str, Any]]) -> None:
        answer = self._http.post(
            "/api/v1/measurements",
            content=orjson.dumps(points),
            headers={"Content-Type": "application/json"},
        )
        answer.raise_for_status()

    def wait_until_judged(self, patience: float = 900) -> None:
        """Until nothing that arrived is left to judge."""
        give_up = time.monotonic() + patience
        with psycopg.connect(self.database, autocommit=True) as connection:
            while (left := backlog(connection)) and time.monotonic() < give_up:
                time.sleep(1)
        if left:
            raise TimeoutError(f"{len(left)} points were not judged in {patience} s")

    def run(self, minutes: float, paging: int) -> list[float]:
        """A point of every series each minute; returns seconds from bad value to incident."""
        each, held = self.monitors // SENDINGS, list[dict[str, Any]]()
        breaches = Breaches(self._up, paging, minutes)
        breaches.start()
        began, count = time.monotonic(), round(minutes * SENDINGS)
        for sending in range(count):
            time.sleep(max(0.0, began + sending * 60 / SENDINGS - time.monotonic()))
            first, at = sending % SENDINGS * each, datetime.now(UTC)
            points = [self._point(n, at) for n in range(first, first + each)]
            late = [p for p in points if self._made.random() < LATE]
            held += late
            due = [p for p in held if p["time"] <= at - LATE_BY]
            held = [p for p in held if p["time"] > at - LATE_BY]
            self._send([p for p in points if p not in late] + due)
            self.sent, self.late = self.sent + len(points), self.late + len(due)
        breaches.join()
        return breaches.seconds


class Breaches(threading.Thread):
    """Series of paging monitors that turn bad, one after the other."""

    def __init__(self, up: Up, count: int, minutes: float):
        super().__init__()
        self._up, self._count, self._pause = up, count, 60 * minutes / count
        self._token = up.token("measurements:write")
        self.seconds: list[float] = []

    def run(self) -> None:
        """Sends each bad value and waits for its incident to be there for everybody."""
        headers = {"Authorization": f"Bearer {self._token}"}
        with (
            httpx.Client(base_url=self._up.address, headers=headers, timeout=60) as http,
            psycopg.connect(self._up.published()["DATABASE_URL"], autocommit=True) as database,
        ):
            for number in range(self._count):
                point = {
                    "series": PAGING,
                    "labels": labels_of(number),
                    "time": datetime.now(UTC).isoformat(),
                    "value": 9.0,
                }
                began = time.monotonic()
                http.post("/api/v1/measurements", json=[point]).raise_for_status()
                while incidents(database) <= number and time.monotonic() < began + 60:
                    time.sleep(0.02)
                self.seconds.append(time.monotonic() - began)
                time.sleep(max(0.0, self._pause - (time.monotonic() - began)))


def incidents(connection: psycopg.Connection[Any]) -> int:
    """How many incidents anybody can see."""
    row = connection.execute("SELECT count(*) FROM incidents_incident").fetchone()
    return int(row[0]) if row else 0


BACKLOG = """
SELECT m.series_id, extract(epoch FROM m.time)::float8,
    extract(epoch FROM clock_timestamp() - m.recorded_at)::float8
FROM monitoring_evaluation e JOIN monitoring_measurement m
    ON m.series_id = e.series AND m.time > coalesce(e.cursor, '1970-01-01Z')
UNION ALL
SELECT 0, extract(epoch FROM time)::float8,
    extract(epoch FROM clock_timestamp() - noted_at)::float8 FROM monitoring_late
"""


def backlog(connection: psycopg.Connection[Any]) -> list[tuple[int, float, float]]:
    """Points that no monitor has judged: series, time, and for how long they have been there."""
    return connection.execute(BACKLOG).fetchall()


class Samples:
    """Processor time of the evaluation, and how long points waited for it."""

    def __init__(self) -> None:
        self.cpu: dict[int, float] = {}
        self.first: dict[int, float] = {}
        self.waited: dict[tuple[int, float], float] = {}
        self.seconds = 0.0

    def spent(self) -> float:
        """Processor seconds since the clock was started."""
        return sum(self.cpu[pid] - self.first[pid] for pid in self.cpu)


@contextmanager
def sampling(up: Up) -> Iterator[Samples]:
    """Looks every half second, until left."""
    samples, stop = Samples(), threading.Event()

    def look() -> None:
        with psycopg.connect(up.published()["DATABASE_URL"], autocommit=True) as connection:
            began = time.monotonic()
            while not stop.wait(0.5):
                for pid in _pids(up, connection):
                    _note(samples, pid)
                for series, at, waited in backlog(connection):
                    samples.waited[series, at] = waited
                samples.seconds = time.monotonic() - began

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def _note(samples: Samples, pid: int) -> None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return
    samples.cpu[pid] = times.user + times.system
    samples.first.setdefault(pid, samples.cpu[pid])


def _pids(up: Up, connection: psycopg.Connection[Any]) -> list[int]:
    """The worker, its children and its connections."""
    worker = up.pid("worker")
    mine = (
        []
        if worker is None
        else [worker, *(child.pid for child in psutil.Process(worker).children(recursive=True))]
    )
    theirs = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'dropstitch worker'"
    ).fetchall()
    return [*mine, *(pid for (pid,) in theirs)]


def figures(
    options: argparse.Namespace,
    samples: Samples,
    seconds: list[float],
    peer: prometheus_peer.Trials | None,
    fleet: Fleet,
) -> list[Figure]:
    """What came of it."""
    share = samples.spent() / samples.seconds
    # Whatever no look found waiting was judged within half a second.
    waited = sorted(samples.waited.values())
    lags = [0.5] * (fleet.sent + fleet.late - len(waited)) + [max(0.5, w) for w in waited]
    with psycopg.connect(fleet.database) as connection:
        left, declared = len(backlog(connection)), incidents(connection)
    found = [
        Figure("monitors, each evaluated every minute", "", "higher", options.monitors),
        Figure("points sent", "", "higher", fleet.sent),
        Figure("of them late", "", "higher", fleet.late),
        Figure("worker and its connections", "of a core", "lower", share, goal=0.7),
        Figure(
            "processor time an evaluation",
            "ms",
            "lower",
            1e3 * samples.spent() / max(1, fleet.sent),
        ),
        Figure("from recorded to judged, p50", "s", "lower", percentile(lags, 0.5)),
        Figure("from recorded to judged, p99", "s", "lower", percentile(lags, 0.99), goal=10),
        Figure("longest", "s", "lower", lags[-1]),
        Figure("not judged at the end", "points", "lower", left),
        Figure("bad value to incident, p50", "s", "lower", percentile(seconds, 0.5)),
        Figure("bad value to incident, p99", "s", "lower", percentile(seconds, 0.99), goal=2),
        Figure("incidents declared", "of breaches", "higher", declared / options.paging, goal=1),
    ]
    if peer is not None and (delays := peer.delays()):
        ours = percentile(seconds, 0.5)
        found.append(
            Figure(
                "bad value to somebody told, p50",
                "s",
                "lower",
                ours,
                percentile(delays, 0.5),
                "Prometheus and Alertmanager",
                "peer",
                goal=1,
            )
        )
        found.append(
            Figure(
                "the same, longest",
                "s",
                "lower",
                max(seconds),
                delays[-1],
                "Prometheus and Alertmanager",
                "peer",
                goal=1,
            )
        )
    return found
