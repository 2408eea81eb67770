"""Flags: evaluations a second beside GrowthBook's SDK, OpenFeature over HTTP, the kill switch.

The evaluator answers one flag with a targeting rule that does not apply and an A/B rule that does,
for a new subject each time; the SDK evaluates the same flag with its attributes set beforehand,
which is its faster case. OpenFeature's door is asked at a fixed rate, whether it keeps up or not,
while measurements arrive and a sealer and a worker are at work on the same two cores; latency counts
from the moment when a request was due. The kill switch is seen by a client that polls five times a
second and by one that listens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from growthbook import GrowthBook

from benchmarks.figures import Figure, interleaved, percentile
from benchmarks.ingest import BEGAN, batch, web, worker
from benchmarks.installation import installation, running
from benchmarks.serving import Shop
from experiments.assignment import bulk
from experiments.assignment.compiled import Configuration
from experiments.assignment.subjects import Subject

EVALUATIONS = 50_000
POPULATION = 1_000_000
RULES: list[dict[str, Any]] = [
    {"id": "staff", "condition": {"country": {"$in": ["US", "CA"]}}, "force": "red"},
    {
        "id": "test",
        "key": "exp",
        "seed": "exp",
        "variations": ["blue", "green"],
        "weights": [0.5, 0.5],
        "coverage": 1.0,
        "hashVersion": 2,
    },
]
FEATURES = {"button": {"defaultValue": "grey", "rules": RULES}}
CONNECTIONS = 16
POLL_EVERY = 0.2
BACKGROUND_EVERY = 0.2  # seconds between batches of 1,000 measurements


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How hard and how long the HTTP door is asked."""
    parser.add_argument("--rate", type=int, default=300, help="OpenFeature requests a second")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--kills", type=int, default=20, help="how often the switch is thrown")


def measure(options: argparse.Namespace) -> list[Figure]:
    """All figures."""
    rates = interleaved({"evaluator": ours, "GrowthBook's SDK": theirs, "re-bucketing": rebucket})
    with installation(), web() as url, worker(), running("run_sealer"):
        shop = Shop(url)
        shop.create("button", "string", "grey", RULES)
        key = shop.sdk_key()
        with Background(shop):
            latencies = asyncio.run(ask(shop, options.rate, options.seconds))
        polled, streamed = kills(shop, key, options.kills)
    return [
        Figure("evaluations per core", "1/s", "higher", rates["evaluator"], goal=150_000),
        Figure(
            "evaluations per core",
            "1/s",
            "higher",
            rates["evaluator"],
            rates["GrowthBook's SDK"],
            "growthbook SDK",
            "peer",
            goal=1.0,
        ),
        Figure("1,000,000 users re-bucketed", "s", "lower", rates["re-bucketing"], goal=0.1),
        Figure(f"OpenFeature at {options.rate}/s, p50", "ms", "lower", percentile(latencies, 0.5)),
        Figure(
            f"OpenFeature at {options.rate}/s, p99",
            "ms",
            "lower",
            percentile(latencies, 0.99),
            goal=20,
        ),
        Figure("requests answered", "", "higher", len(latencies)),
        Figure("kill switch, polling client, longest", "s", "lower", max(polled), goal=1),
        Figure("kill switch, streaming client, longest", "s", "lower", max(streamed), goal=1),
        Figure("kill switch, streaming client, p50", "s", "lower", statistics.median(streamed)),
    ]


def rate_of(evaluate: Callable[[int], object]) -> float:
    """Calls per second of one core."""
    began = time.perf_counter()
    for number in range(EVALUATIONS):
        evaluate(number)
    return EVALUATIONS / (time.perf_counter() - began)


def ours() -> float:
    """Our evaluator, a new subject each time."""
    configuration = Configuration({"features": FEATURES})
    ids = [f"user-{number}" for number in range(EVALUATIONS)]

    def evaluate(number: int) -> object:
        return configuration.evaluate("button", Subject({"id": ids[number], "country": "FI"}))

    return rate_of(evaluate)


def theirs() -> float:
    """The SDK, its attributes set once."""
    client = GrowthBook(features=FEATURES, attributes={"id": "user-1", "country": "FI"})
    return rate_of(lambda number: client.eval_feature("button"))


def rebucket() -> float:
    """Seconds to place a population and choose everybody's arm."""
    ids = np.array([f"user-{number:07d}" for number in range(POPULATION)])
    began = time.perf_counter()
    bulk.arms(bulk.places("exp", ids), [(0, 0.5), (0.5, 1)])
    return time.perf_counter() - began


async def ask(shop: Shop, rate: int, seconds: float) -> list[float]:
    """Milliseconds from when each request was due until it was answered.

    Straight on the connections: an HTTP library of Python's could not keep the rate.
    """
    latencies: list[float] = []
    began = time.perf_counter() + 0.5

    async def connection(first: int) -> None:
        address = urlsplit(shop.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for number in range(first, int(rate * seconds), CONNECTIONS):
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            writer.write(request(shop, number))
            await answered(reader)
            latencies.append((time.perf_counter() - due) * 1000)
        writer.close()

    await asyncio.gather(*(connection(first) for first in range(CONNECTIONS)))
    return latencies[int(rate) :]  # the first second is for warming up


def request(shop: Shop, number: int) -> bytes:
    """One evaluation as it goes over the wire."""
    body = json.dumps({"context": {"targetingKey": f"user-{number}", "country": "FI"}}).encode()
    head = (
        "POST /ofrep/v1/evaluate/flags/button HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {shop.headers['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answered(reader: asyncio.StreamReader) -> None:
    """Reads one answer to its end. Raises `ValueError` unless it is a 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200 "):
        raise ValueError(head)
    length = re.search(rb"content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)


class Background:
    """Measurements that arrive meanwhile."""

    def __init__(self, shop: Shop):
        self._shop, self._stop = shop, threading.Event()
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _send(self) -> None:
        headers = {
            **self._shop.headers,
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        }
        bodies = [batch(BEGAN, number) for number in range(100)]
        with httpx.Client(base_url=self._shop.url, headers=headers, timeout=60) as http:
            for body in bodies:
                http.post("/api/v1/measurements", content=body).raise_for_status()
                if self._stop.wait(BACKGROUND_EVERY):
                    return


def kills(shop: Shop, key: str, count: int) -> tuple[list[float], list[float]]:
    """Seconds from throwing the switch until each client has seen it, for every throw."""
    seen = {"polled": Seen(), "streamed": Seen()}
    stop = threading.Event()
    threads = [
        threading.Thread(target=poll, args=(shop, key, seen["polled"], stop), daemon=True),
        threading.Thread(target=listen, args=(shop, key, seen["streamed"]), daemon=True),
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    taken: dict[str, list[float]] = {name: [] for name in seen}
    for number in range(count):
        is_on = bool(number % 2)
        began = time.perf_counter()
        shop.turn("button", is_on)
        for name, one in seen.items():
            taken[name].append(one.wait(is_on) - began)
        time.sleep(0.3)
    stop.set()
    return taken["polled"], taken["streamed"]


class Seen:
    """What a client last saw of the switch, and when."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_on, self._at = True, 0.0

    def note(self, is_on: bool) -> None:
        """The client sees this now."""
        with self._changed:
            if is_on != self._is_on:
                self._is_on, self._at = is_on, time.perf_counter()
                self._changed.notify_all()

    def wait(self, is_on: bool) -> float:
        """When the client saw this."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_on == is_on, 10):
                raise TimeoutError("a client never saw the switch")
            return self._at


def poll(shop: Shop, key: str, seen: Seen, stop: threading.Event) -> None:
    """Fetches the payload again and again, by its tag."""
    tag = ""
    with httpx.Client(base_url=shop.url, timeout=30) as http:
        while not stop.wait(POLL_EVERY):
            said = http.get(f"/api/features/{key}", headers={"If-None-Match": tag})
            if said.status_code == 200:
                tag = said.headers["ETag"]
                seen.note(bool(said.json()["features"]["button"]["rules"]))


def listen(shop: Shop, key: str, seen: Seen) -> None:
    """Follows the stream."""
    timeout = httpx.Timeout(30, read=60)
    # The stream ends with the web process, when everything has been seen.
    with (
        suppress(httpx.RemoteProtocolError),
        httpx.stream("GET", f"{shop.url}/sub/{key}", timeout=timeout) as events,
    ):
        for line in events.iter_lines():
            if line.startswith("data: "):
                seen.note(bool(json.loads(line[6:])["features"]["button"]["rules"]))
