"""Followers of the log while others write, and many writers of one stream."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from benchmarks import parcels
from benchmarks.clients import PATIENCE, WARM_UP, Call, Work, context, drive
from benchmarks.figures import percentile
from benchmarks.installation import owner
from config.servers.children import wait_until
from eventlog.core import Context, uuid7

POLL_SECONDS = 0.005
WRITERS = 4
ALL_SEALED = "SELECT seq >= (SELECT max(seq) FROM eventlog_event) FROM eventlog_head"


@dataclass(frozen=True)
class Tail:
    """What a follower saw: seconds from commit to it by event, and how many it never saw."""

    lags: list[float]
    missed: int
    rate: float

    def milliseconds(self, share: float) -> float:
        """A percentile of the lag."""
        return percentile(self.lags, share) * 1000


@dataclass(frozen=True)
class Hot:
    """What many writers of one stream did."""

    work: Work
    lost: int

    @property
    def fairness(self) -> float:
        """Commands of the slowest writer over the mean of all."""
        each = [len(latencies) for latencies in self.work.latencies]
        return min(each) / (sum(each) / len(each))


def wait_until_sealed() -> None:
    """Until the sealer has come up and has given a position to all that was committed before."""
    from eventlog import store

    command = parcels.ScanParcel(parcel=str(uuid7()), depot="depot:0001", at=parcels.NOON)
    store.execute(command, Context.by("system:bench"))
    with owner() as session:
        if not wait_until(
            lambda: session.execute(ALL_SEALED).fetchone() == (True,), lambda: True, PATIENCE
        ):
            raise TimeoutError("the sealer has not caught up")


def followed(rate: float | None, seconds: float) -> Tail:
    """Four writers, together at `rate` events a second or as fast as they can, and one follower.

    The follower polls the log by position, as the hub of the websockets does between doorbells.
    """
    ready, stop, seen = context.Event(), context.Event(), context.Queue()
    follower = context.Process(target=_follow, args=(ready, stop, seen))
    follower.start()
    ready.wait(PATIENCE)
    work = drive(writing, WRITERS, seconds, rate and rate / WRITERS)
    stop.set()
    saw: dict[str, float] = seen.get(timeout=PATIENCE)
    follower.join()
    times = dict(answer for each in work.answers for answer in each)
    lags = [saw[event] - at for event, at in times.items() if event in saw]
    return Tail(lags, len(times.keys() - saw.keys()), work.rate)


def writing(client: int, rate: float | None) -> Call:
    """One event at each call, at an even pace if a rate is given; when it was durable."""
    parcels.set_up()
    from eventlog import store

    parcel, due = str(uuid7()), time.perf_counter()
    command = parcels.ScanParcel(parcel=parcel, depot="depot:0001", at=parcels.NOON)

    def write(n: int) -> tuple[str, float]:
        nonlocal due
        if rate:
            due = max(due + 1 / rate, time.perf_counter() - 0.1)
            time.sleep(max(0.0, due - time.perf_counter()))
        receipt = store.execute(command, Context.by("system:bench"))
        return str(receipt.events[0].event_id), time.time()

    return write


def _follow(ready: Any, stop: Any, seen: Any) -> None:
    parcels.set_up()
    from eventlog import store

    position, quiet = store.head(), 0
    found: dict[str, float] = {}
    ready.set()
    while quiet < 100:
        page = store.read_after(position)
        now = time.time()
        for record in page:
            assert record.position == position + 1, "the positions have a gap"
            position, found[str(record.event_id)] = position + 1, now
        quiet = quiet + 1 if stop.is_set() and not page else 0
        if not page:
            time.sleep(POLL_SECONDS)
    seen.put(found)


def hot_stream(writers: int, seconds: float) -> Hot:
    """Every writer scans the same parcel; whoever loses a race tries again."""
    parcel = str(uuid7())
    work = drive(scanning, writers, seconds, parcel)
    from eventlog import store

    state, _ = store.load(f"parcel:{parcel}", parcels.Parcel())
    return Hot(work, abs(work.calls + writers * WARM_UP - state.scans))


def scanning(client: int, parcel: str) -> Call:
    """A command to a stream that all clients share."""
    parcels.set_up()
    from eventlog import store

    command = parcels.ScanParcel(parcel=parcel, depot="depot:0001", at=parcels.NOON)

    def scan(n: int) -> None:
        store.execute(command, Context.by("system:bench"))

    return scan
