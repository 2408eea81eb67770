"""The live channel: many sockets, steady talk, a burst, and the death of a web process.

Real web processes, the sealer and PostgreSQL with fsync on, and the clients, which share the
machine with them. Messages have a text of 200 characters and are posted through the sockets;
latencies are from the moment a message is sent by its author to its arrival at each follower,
so they include the durable append, the sealing and the fan-out.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import psutil
import uvloop

from benchmarks.figures import Figure, percentile
from benchmarks.installation import installation, manage, running
from benchmarks.sockets import Crowd, Seen
from config.environment import ROOT

TEXT = 180  # characters after the time that each message carries
SOCKETS_PER_TOKEN = 10
POSTERS = 20
BURST = 300
BURST_POSTERS = 50
WARM_UP = 2  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much of it to do."""
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--held", type=int, default=2_000, help="sockets held at once")
    parser.add_argument("--only", choices=list(PARTS), help="one part of the whole")


@dataclass(frozen=True)
class Place:
    """Where the clients go: an address, a stream, and tokens to come with."""

    port: int
    stream: str
    tokens: list[str]

    def crowd(self) -> Crowd:
        """Nobody yet."""
        return Crowd(self.port, self.stream, self.tokens)


class Web:
    """Web processes that share one listening socket, as behind one address."""

    def __init__(self, processes: int):
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4_096)
        self.port = self._listening.getsockname()[1]
        self.processes = [self._started() for _ in range(processes)]

    def _started(self) -> subprocess.Popen[bytes]:
        descriptor = self._listening.fileno()
        return subprocess.Popen(
            [sys.executable, "-m", "config.serve", str(descriptor)],
            pass_fds=[descriptor],
            cwd=ROOT,
        )

    def wait(self) -> None:
        """Waits until every process takes its share of connections."""
        for _ in range(120):
            with ExitStack() as probes:
                for _ in range(16 * len(self.processes)):
                    probe = HTTPConnection("127.0.0.1", self.port, timeout=60)
                    probes.callback(probe.close)
                    probe.request("GET", "/healthz")
                    probe.getresponse().read()
                if all(self._connections(process) for process in self.processes):
                    return
            time.sleep(0.5)
        raise TimeoutError("a web process takes no connections")

    def _connections(self, process: subprocess.Popen[bytes]) -> int:
        found = psutil.Process(process.pid).net_connections("tcp")
        return sum(c.status == "ESTABLISHED" and c.laddr.port == self.port for c in found)

    def kill(self) -> None:
        """Kills the first process without notice."""
        self.processes[0].kill()
        self.processes[0].wait()

    def replace(self) -> None:
        """Starts another in its place."""
        self.processes[0] = self._started()

    def megabytes(self) -> float:
        """Resident memory of the first process."""
        return float(psutil.Process(self.processes[0].pid).memory_info().rss) / 2**20

    def close(self) -> None:
        """Ends them all."""
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._listening.close()


@contextmanager
def web(processes: int) -> Iterator[Web]:
    """Web processes for as long as the block."""
    started = Web(processes)
    try:
        started.wait()
        yield started
    finally:
        started.close()


def prepare(sockets: int) -> tuple[str, list[str]]:
    """An incident, and enough tokens that nobody connects or posts too fast."""
    from access.commands import IssueToken
    from access.tokens import new_secret
    from eventlog.clock import now
    from eventlog.core import Context, uuid7
    from eventlog.store import execute
    from incidents.acting import next_number
    from incidents.commands import Declare

    operator = Context.by("system:bench")
    declare = Declare(
        incident=str(uuid7()),
        at=now(),
        title="Benchmark",
        severity=3,
        declared_by=operator.actor,
        number=next_number(),
    )
    execute(declare, operator)
    tokens = []
    for number in range(max(sockets // SOCKETS_PER_TOKEN, BURST_POSTERS)):
        secret = new_secret()
        issue = IssueToken(
            token=str(uuid7()),
            at=now(),
            name=f"client {number}",
            digest=secret.digest,
            hint=secret.hint,
            scopes=["incidents:write"],
        )
        execute(issue, Context.by("system:bench"))
        tokens.append(secret.text)
    return declare.stream, tokens


def head_of(stream: str) -> int:
    """The version of the newest event."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM eventlog_stream WHERE stream = %s", [stream])
        return int(cursor.fetchone()[0])


async def _head(stream: str) -> int:
    return await asyncio.to_thread(head_of, stream)


async def _settle(crowd: Crowd) -> int:
    """Lets every message arrive; returns the deliveries that never came."""
    head = await _head(crowd.stream)
    await crowd.until(lambda: crowd.complete(head), 30)
    return crowd.lost(head)


async def _steady(place: Place, options: argparse.Namespace) -> list[Figure]:
    crowd = place.crowd()
    await crowd.grow(options.sockets)
    await crowd.post(int(options.rate * WARM_UP), options.rate, POSTERS, TEXT)
    await _settle(crowd)
    crowd.seen = Seen()
    count = int(options.rate * options.seconds)
    acks = await crowd.post(count, options.rate, POSTERS, TEXT)
    lost = await _settle(crowd)
    crowd.close()
    what = f"{options.sockets} sockets × {options.rate:g} messages/s"
    return [
        _within(f"{what}: p50", "ms", percentile(crowd.seen.latencies, 0.5) * 1e3, 50),
        _within(f"{what}: p99", "ms", percentile(crowd.seen.latencies, 0.99) * 1e3, 250),
        _within(f"{what}: acknowledged, p50", "ms", percentile(acks, 0.5) * 1e3, None),
        _within(f"{what}: lost", "deliveries", lost, 0),
        *_orderly(what, crowd.seen),
    ]


async def _burst(place: Place, options: argparse.Namespace) -> list[Figure]:
    crowd = place.crowd()
    await crowd.grow(options.sockets)
    await crowd.post(BURST_POSTERS, 0, BURST_POSTERS, TEXT)
    await _settle(crowd)
    await asyncio.sleep(3)  # so that everybody may post at once again
    crowd.seen = Seen()
    began = time.monotonic()
    await crowd.post(BURST, 0, BURST_POSTERS, TEXT)
    lost = await _settle(crowd)
    rate = BURST * options.sockets / (time.monotonic() - began)
    crowd.close()
    what = f"burst of {BURST} to {options.sockets} sockets"
    return [
        _within(f"{what}: lost", "deliveries", lost, 0),
        _within(f"{what}: p99", "ms", percentile(crowd.seen.latencies, 0.99) * 1e3, None),
        Figure(f"{what}: deliveries", "1/s", "higher", round(rate)),
        *_orderly(what, crowd.seen),
    ]


async def _hold(place: Place, options: argparse.Namespace, process: Web) -> list[Figure]:
    before, crowd = process.megabytes(), place.crowd()
    began = time.monotonic()
    await crowd.grow(options.held)
    took = time.monotonic() - began
    each = (process.megabytes() - before) * 1024 / options.held
    await crowd.post(10, 2, POSTERS, TEXT)
    lost = await _settle(crowd)
    live = sum(client.live for client in crowd.clients)
    crowd.close()
    return [
        Figure("sockets held by one process", "sockets", "higher", live, goal=options.held),
        _within(f"{options.held} sockets: time to connect them all", "s", took, None),
        _within(f"{options.held} sockets: memory of each", "KiB", each, None),
        _within(f"{options.held} sockets × 2 messages/s: lost", "deliveries", lost, 0),
        _within(
            f"{options.held} sockets × 2 messages/s: p99",
            "ms",
            percentile(crowd.seen.latencies, 0.99) * 1e3,
            None,
        ),
    ]


async def _kill(place: Place, options: argparse.Namespace, processes: Web) -> list[Figure]:
    crowd = place.crowd()
    await crowd.grow(options.sockets)
    talking = asyncio.create_task(_talk(place, options))
    await asyncio.sleep(3)
    crowd.cut_at = time.monotonic()
    processes.kill()
    await asyncio.sleep(1)
    processes.replace()
    await talking
    lost = await _settle(crowd)
    crowd.close()
    cut = len(crowd.seen.resumed)
    what = f"one of two processes killed, {options.sockets} sockets"
    return [
        Figure(f"{what}: sockets cut", "sockets", "lower", cut),
        _within(f"{what}: lost", "deliveries", lost, 0),
        _within(f"{what}: live again, p50", "s", percentile(crowd.seen.resumed, 0.5), None),
        _within(f"{what}: live again, p99", "s", percentile(crowd.seen.resumed, 0.99), 5),
        *_orderly(what, crowd.seen),
    ]


async def _talk(place: Place, options: argparse.Namespace) -> None:
    """The same pace of messages by another door, which does not die."""
    count, began = int(options.rate * 12), time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / options.rate - time.monotonic()))
        await asyncio.to_thread(_say, place.stream)


def _say(stream: str) -> None:
    from eventlog.clock import now
    from eventlog.core import uuid7
    from eventlog.db import with_connection
    from incidents.acting import say

    text = f"{time.time():.6f} {'x' * TEXT}"
    with_connection(say, stream.partition(":")[2], "system:bench", str(uuid7()), text, now())


def _within(what: str, unit: str, value: float, budget: float | None) -> Figure:
    return Figure(what, unit, "lower", round(value, 1), goal=budget)


def _orderly(what: str, seen: Seen) -> list[Figure]:
    return [
        _within(f"{what}: twice", "deliveries", seen.duplicates, 0),
        _within(f"{what}: out of order", "deliveries", seen.gaps, 0),
    ]


PARTS: dict[str, int] = {"steady": 1, "burst": 1, "hold": 1, "kill": 2}


def measure(options: Any) -> list[Figure]:
    """Every part, each on fresh web processes."""
    figures: list[Figure] = []
    chosen = [options.only] if options.only else list(PARTS)
    with installation(), running("run_sealer"):
        manage("collectstatic", "--no-input", "--verbosity", "0")
        for part in chosen:
            stream, tokens = prepare(max(options.held, options.sockets))
            with web(PARTS[part]) as processes:
                print(f"  {part}", flush=True)
                place = Place(processes.port, stream, tokens)
                figures += uvloop.run(_part(part, place, options, processes))
    return figures


async def _part(
    part: str, place: Place, options: argparse.Namespace, processes: Web
) -> list[Figure]:
    match part:
        case "steady":
            return await _steady(place, options)
        case "burst":
            return await _burst(place, options)
        case "hold":
            return await _hold(place, options, processes)
    return await _kill(place, options, processes)
