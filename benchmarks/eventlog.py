"""The event log: appends, commands, reads, rebuilds and followers, beside a peer and the floor.

The peer is the Python library `eventsourcing` on the same PostgreSQL; the floor a bare psycopg
INSERT of the same full event row. Payload 450 bytes, one event a transaction, fsync on.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks import parcels, peers
from benchmarks.clients import PATIENCE, Call, context, drive
from benchmarks.figures import Figure, interleaved
from benchmarks.installation import commit_milliseconds, installation, owner, running
from benchmarks.tailing import Tail, followed, hot_stream, wait_until_sealed
from eventlog.core import Context, canonical, uuid7

PEER = ["eventsourcing[postgres]==9.5.*", "psycopg[binary]==3.3.*"]
FLOOR = """
INSERT INTO floor_event (event_id, stream, version, type, schema, occurred_at, recorded_at, actor,
    command_id, refs, payload, content, hash)
VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp(), %s, %s, %s, %s, %s, %s)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--runs", type=int, default=3, help="rounds, of which the median counts")
    parser.add_argument("--tail-seconds", type=float, default=10.0, help="length of the last two")
    parser.add_argument("--events", type=int, default=30_000, help="events to read and to rebuild")


def measure(options: argparse.Namespace) -> list[Figure]:
    """All figures of the event log."""
    with installation() as servers:
        peer = peers.python("eventsourcing", PEER)
        conninfo = servers.database.url("postgres")
        run_peer = partial(peers.run, peer, "eventsourcing_peer.py", conninfo)
        parcels.make_table(parcels.show_parcels())
        make_floor()
        fill(options.events)
        found = interleaved(read_cases(run_peer, options.seconds), options.runs)
        found |= interleaved(write_cases(run_peer, options.seconds), options.runs)
        with running("run_sealer"):
            wait_until_sealed()
            tail = followed(rate=500, seconds=options.tail_seconds)
            flood = followed(rate=None, seconds=options.seconds)
        hot = hot_stream(writers=8, seconds=options.tail_seconds)
    return [*write_figures(found), *read_figures(found), *tail_figures(tail, flood, hot)]


def write_cases(run_peer: Any, seconds: float) -> dict[str, Any]:
    """Everything that appends, at one client and at four."""
    cases: dict[str, Any] = {"commit": commit_milliseconds}
    for clients in (1, 4):
        cases |= {
            f"floor, {clients}": lambda n=clients: drive(inserting, n, seconds).rate,
            f"append, {clients}": lambda n=clients: drive(appending, n, seconds).rate,
            f"execute alone, {clients}": lambda n=clients: drive(executing, n, seconds).rate,
            f"peer recorder, {clients}": lambda n=clients: run_peer("record", n, seconds),
            f"peer save, {clients}": lambda n=clients: run_peer("save", n, seconds),
        }
    cases["execute, 1"] = lambda: drive(executing, 1, seconds, True).rate
    return cases


def read_cases(run_peer: Any, seconds: float) -> dict[str, Any]:
    """Reading from the beginning of the log."""
    return {
        "peer read": lambda: run_peer("read", 1, seconds),
        "read": lambda: read(seconds),
        "rebuild": rebuild_rate,
    }


def write_figures(found: dict[str, float]) -> list[Figure]:
    """Appends and commands."""
    figures = [Figure("one bare commit of this disk", "ms", "lower", found["commit"])]
    for clients, by in ((1, "1 client"), (4, "4 clients")):
        ours = found[f"append, {clients}"]
        beside = partial(Figure, f"append, {by}", "events/s", "higher", ours)
        save, record = found[f"peer save, {clients}"], found[f"peer recorder, {clients}"]
        figures += [
            beside(save, "eventsourcing save", "peer", 1.0),
            beside(record, "eventsourcing recorder", "peer", 1.0),
            beside(found[f"floor, {clients}"], "psycopg INSERT", "floor", 0.7),
            Figure(
                f"execute without a read model, {by}",
                "commands/s",
                "higher",
                found[f"execute alone, {clients}"],
                save,
                "eventsourcing save",
                "peer",
            ),
        ]
    execute = Figure("execute with one row, 1 client", "commands/s", "higher", found["execute, 1"])
    return [*figures, _with_goal(execute, 700)]


def read_figures(found: dict[str, float]) -> list[Figure]:
    """Catching up and rebuilding."""
    rebuilt = Figure("rebuild of a read model", "events/s", "higher", found["rebuild"])
    return [
        Figure(
            "catch-up read to event objects",
            "events/s",
            "higher",
            found["read"],
            found["peer read"],
            "eventsourcing mapped log",
            "peer",
            1.0,
        ),
        _with_goal(rebuilt, 5_000),
    ]


def tail_figures(tail: Tail, flood: Tail, hot: Any) -> list[Figure]:
    """Followers, and many writers of one stream."""
    return [
        Figure("follower lag p50 at 500 events/s", "ms", "lower", tail.milliseconds(0.5)),
        _with_goal(
            Figure("follower lag p99 at 500 events/s", "ms", "lower", tail.milliseconds(0.99)), 100
        ),
        _with_goal(Figure("missed by the follower, of all", "events", "lower", tail.missed), 0),
        Figure("4 writers at full speed, sealer running", "events/s", "higher", flood.rate),
        _with_goal(Figure("missed behind 4 writers", "events", "lower", flood.missed), 0),
        Figure("one stream, 8 writers", "commands/s", "higher", hot.work.rate),
        Figure("one stream, 8 writers, p99", "ms", "lower", hot.work.milliseconds(0.99)),
        _with_goal(Figure("one stream: updates lost", "events", "lower", hot.lost), 0),
        _with_goal(
            Figure("one stream: slowest writer's share of the mean", "", "higher", hot.fairness),
            0.5,
        ),
    ]


def _with_goal(figure: Figure, goal: float) -> Figure:
    return replace(figure, goal=goal, other=goal or None, other_name="goal" if goal else "")


def make_floor() -> None:
    """A table like that of the events, in which the bare INSERT writes."""
    with owner() as session:
        session.execute("CREATE TABLE floor_event (LIKE eventlog_event INCLUDING ALL)")


def inserting(client: int) -> Call:
    """The least that an event's row costs: its values ready-made, one prepared INSERT."""
    session, stream = owner(), f"parcel:{uuid7()}"
    payload = canonical(parcels.scan(stream[7:], client).payload()).decode()
    digest = bytes(32)

    def insert(n: int) -> None:
        row = (uuid7(), stream, n + 1, "parcel.scanned", 1, parcels.NOON, "system:bench", uuid7())
        session.execute(FLOOR, (*row, ["depot:0001"], payload, digest, digest), prepare=True)

    return insert


def appending(client: int) -> Call:
    """The store's durable append: digest, chain, idempotency record and all."""
    parcels.set_up()
    from eventlog import store

    parcel, last = str(uuid7()), None

    def append(n: int) -> None:
        nonlocal last
        context = Context.by("system:bench", f"{parcel} {n}")
        events = [parcels.scan(parcel, n)]
        last = store.append(f"parcel:{parcel}", last, events, context, at=parcels.NOON).events[-1]

    return append


def executing(client: int, projected: bool = False) -> Call:
    """A command: load, decide, append, and show one row if `projected`."""
    parcels.set_up()
    from eventlog import store

    if projected:
        parcels.show_parcels()
    parcel = str(uuid7())
    command = parcels.ScanParcel(parcel=parcel, depot="depot:0001", at=parcels.NOON)
    return lambda n: store.execute(command, Context.by("system:bench", f"{parcel} {n}"))


def fill(events: int, streams: int = 200) -> None:
    """Replaces what the appends have left by a sealed history."""
    from eventlog.bulk import Told, load_history

    names = [str(uuid7()) for _ in range(streams)]
    load_history(
        Told(f"parcel:{names[n % streams]}", parcels.scan(names[n % streams], n), parcels.NOON)
        for n in range(events)
    )
    with owner() as session:
        session.execute("VACUUM ANALYZE eventlog_event, eventlog_position")


def read(seconds: float) -> float:
    """Events a second, read by position in pages of 1,000 and turned into event objects."""
    from eventlog import store

    done = position = 0
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        page = store.read_after(position)
        for record in page:
            assert record.event is not None
        done += len(page)
        position = int(page[-1].position or 0) if page else 0
    return done / (time.perf_counter() - began)


def rebuild_rate() -> float:
    """Events a second of a rebuild in a process of its own, the swap included."""
    results = context.Queue()
    process = context.Process(target=_rebuild, args=(results,))
    process.start()
    rate: float = results.get(timeout=PATIENCE)
    process.join()
    return rate


def _rebuild(results: Any) -> None:
    parcels.set_up()
    parcels.show_parcels()
    from eventlog.db import become_owner
    from eventlog.projections import all_projections
    from eventlog.rebuild import rebuild

    become_owner()
    began = time.perf_counter()
    events = rebuild(all_projections()["benchmarks_parcels"])
    results.put(events / (time.perf_counter() - began))
