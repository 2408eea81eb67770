"""Clients at work: processes that do one thing again and again, all starting at one moment."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import percentile

Call = Callable[[int], Any]
Prepare = Callable[..., Call]
WARM_UP = 20
PATIENCE = 120.0

# Forked children would share their parent's connections.
context = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Work:
    """What the clients did: seconds and answer of each call, by client, and the time of it all."""

    latencies: list[list[float]]
    answers: list[list[Any]]
    seconds: float

    @property
    def calls(self) -> int:
        """Calls of all clients."""
        return sum(map(len, self.latencies))

    @property
    def rate(self) -> float:
        """Calls per second of all clients together."""
        return self.calls / self.seconds

    def milliseconds(self, share: float) -> float:
        """A percentile of the time a call took."""
        return percentile((x for each in self.latencies for x in each), share) * 1000


def drive(prepare: Prepare, clients: int, seconds: float, *arguments: Any) -> Work:
    """Lets each client call `prepare(client, *arguments)(n)` for n = 0, 1, … until time is up.

    The first `WARM_UP` calls of each are not counted. `prepare` must be a function of a module.
    """
    barrier, results = context.Barrier(clients), context.Queue()
    processes = [
        context.Process(
            target=_client, args=(prepare, client, seconds, arguments, barrier, results)
        )
        for client in range(clients)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=seconds + PATIENCE) for _ in processes]
    for process in processes:
        process.join()
    latencies, answers, seconds_taken = zip(*found, strict=True)
    return Work(list(latencies), list(answers), max(seconds_taken))


def _client(
    prepare: Prepare,
    client: int,
    seconds: float,
    arguments: tuple[Any, ...],
    barrier: Any,
    results: Any,
) -> None:
    call = prepare(client, *arguments)
    for n in range(WARM_UP):
        call(n)
    barrier.wait(PATIENCE)
    latencies, answers, n = [], [], WARM_UP
    now = began = time.perf_counter()
    while now < began + seconds:
        answers.append(call(n))
        n, before, now = n + 1, now, time.perf_counter()
        latencies.append(now - before)
    results.put((latencies, answers, now - began))
