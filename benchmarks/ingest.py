"""Measurements accepted per second over HTTP, beside the raw rates of the same rows in PostgreSQL.

One web process, one worker, PostgreSQL (fsync on) and the clients share the machine. Batches of
1,000 measurements as gzipped NDJSON, one of each of 1,000 series, 1 % of them sent before; ten of
the series have a monitor that is evaluated on arrival. The raw rates write equal rows to a table
of the same shape with one client: by `INSERT … SELECT unnest … ON CONFLICT`, and by COPY, which
can neither skip a repeat nor tell about one.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import psycopg

from benchmarks.clients import Work, drive
from benchmarks.figures import Figure, interleaved
from benchmarks.installation import installation, owner
from benchmarks.tokens import make_token
from config.environment import ROOT
from config.servers.ports import listen

SERIES, WATCHED = 1_000, 10
REPEATED = 0.01
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = 25_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long and with how many clients."""
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one run")
    parser.add_argument("--clients", type=int, default=2, help="processes that send")


def measure(options: argparse.Namespace) -> list[Figure]:
    """The rates, medians of three interleaved runs."""
    with installation() as servers, web() as url, worker():
        token = make_token("measurements:write", "monitors:write")
        watch_some(url, token)
        turns = itertools.count()
        found = interleaved(
            {
                "measurements over HTTP": lambda: over_http(options, url, token, next(turns)),
                "unnest": lambda: raw(options.seconds, unnest),
                "COPY": lambda: raw(options.seconds, copy),
            }
        )
        behind = evaluation_lag()
        del servers
    ours = found["measurements over HTTP"]
    lag = "monitors on arrival: points not yet judged after the last batch"
    return [
        Figure("measurements accepted over HTTP", "1/s", "higher", ours, goal=GOAL),
        Figure(
            "share of the raw floor", "1/s", "higher", ours, found["unnest"], "raw unnest", "floor"
        ),
        Figure("share of COPY", "1/s", "higher", ours, found["COPY"], "raw COPY", "floor"),
        Figure(lag, "points", "lower", behind, goal=0),
    ]


@contextmanager
def web() -> Iterator[str]:
    """A web process as `up` runs it; its address once it is ready."""
    listening = listen("127.0.0.1", 0)
    command = [sys.executable, "-m", "config.serve", str(listening.fileno())]
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=[listening.fileno()])
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str) -> None:
    for _ in range(150):
        try:
            httpx.get(f"{url}/healthz", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer")


@contextmanager
def worker() -> Iterator[None]:
    """A worker as `up` runs it."""
    command = ["-m", "celery", "--quiet", "-A", "config.celery:app", "worker"]
    options = ["--concurrency", "2", "--without-gossip", "--without-mingle", "-l", "ERROR"]
    process = subprocess.Popen([sys.executable, "-W", "ignore", *command, *options], cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def watch_some(url: str, token: str) -> None:
    """Monitors on the first ten series."""
    for number in range(WATCHED):
        body = {
            "name": f"Watched {number}",
            "kind": "robust_deviation",
            "series": "bench.value",
            "labels": labels_of(number),
        }
        headers = {"Authorization": f"Bearer {token}"}
        httpx.post(f"{url}/api/v1/monitors", json=body, headers=headers).raise_for_status()


def labels_of(number: int) -> dict[str, str]:
    """Labels of a series."""
    return {"service": "bench", "unit": f"u{number:04}"}


def over_http(options: argparse.Namespace, url: str, token: str, turn: int) -> float:
    """New measurements per second, as the installation counts them."""
    work: Work = drive(sender, options.clients, options.seconds, url, token, turn)
    accepted: int = sum(answer for answers in work.answers for answer in answers)
    return accepted / work.seconds


def sender(client: int, url: str, token: str, turn: int) -> Callable[[int], int]:
    """What a client does: it sends the n-th batch of its own stretch of time.

    The batches are made and compressed before the clock starts, since the senders of a real
    installation have processors of their own.
    """
    http = httpx.Client(timeout=60)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }
    first = BEGAN + timedelta(days=20 * turn + 5 * client)
    bodies = [batch(first, number) for number in range(700)]

    def send(number: int) -> int:
        answer = http.post(f"{url}/api/v1/measurements", content=bodies[number], headers=headers)
        answer.raise_for_status()
        return int(answer.json()["accepted"])

    return send


def batch(first: datetime, number: int) -> bytes:
    """One measurement of every series, some of them of the batch before."""
    repeats = int(SERIES * REPEATED)
    times = [
        first + timedelta(seconds=10 * (number - (n >= SERIES - repeats))) for n in range(SERIES)
    ]
    return gzip.compress(
        b"\n".join(
            orjson.dumps(
                {
                    "series": "bench.value",
                    "labels": labels_of(n),
                    "time": at,
                    "value": value_of(at, n),
                }
            )
            for n, at in enumerate(times)
        ),
        compresslevel=1,
    )


def value_of(at: datetime, number: int) -> float:
    """A value that is the same whenever it is asked for."""
    return round((at.timestamp() * 7919 + number * 104_729) % 1000 / 7, 4)


def rows(number: int, started: float) -> tuple[list[int], list[datetime], list[float]]:
    """The columns of a batch for the raw rates."""
    at = BEGAN + timedelta(seconds=started % 1e6 * 1000 + 10 * number)
    return list(range(SERIES)), [at] * SERIES, [value_of(at, n) for n in range(SERIES)]


SHAPE = """
DROP TABLE IF EXISTS bench_raw;
CREATE TABLE bench_raw (
    series_id bigint NOT NULL, time timestamptz NOT NULL, value double precision NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), revision integer NOT NULL DEFAULT 0,
    PRIMARY KEY (series_id, time)
)
"""


def raw(seconds: float, write: Callable[[psycopg.Connection[Any], Any], None]) -> float:
    """Rows per second that one client writes, a commit for every thousand."""
    with owner() as connection:
        connection.execute(SHAPE)
        began, written = time.perf_counter(), 0
        while time.perf_counter() < began + seconds / 2:
            with connection.transaction():
                write(connection, rows(written // SERIES, began))
            written += SERIES
        return written / (time.perf_counter() - began)


def unnest(connection: psycopg.Connection[Any], columns: Any) -> None:
    """The floor: what any idempotent write must do at least."""
    connection.execute(
        "INSERT INTO bench_raw (series_id, time, value)"
        " SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[])"
        " ON CONFLICT (series_id, time) DO NOTHING",
        columns,
    )


def copy(connection: psycopg.Connection[Any], columns: Any) -> None:
    """The fastest way in that PostgreSQL has, without idempotency."""
    with connection.cursor().copy("COPY bench_raw (series_id, time, value) FROM STDIN") as target:
        for row in zip(*columns, strict=True):
            target.write_row(row)


def evaluation_lag() -> float:
    """Points of watched series that no monitor has judged, a little after the last batch."""
    time.sleep(3)
    with owner() as connection:
        found = connection.execute(
            "SELECT count(*) FROM monitoring_measurement m JOIN monitoring_evaluation e"
            " ON e.series = m.series_id AND (e.cursor IS NULL OR m.time > e.cursor)"
        ).fetchone()
    return float(str(found[0])) if found else 0.0


os.environ.setdefault("API_RATE", "10000")
