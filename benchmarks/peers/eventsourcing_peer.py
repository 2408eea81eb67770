"""The Python library `eventsourcing` at the work of our event log; runs in its own environment.

    eventsourcing_peer.py CONNINFO CASE CLIENTS SECONDS

CASE is `save` (Application.save of an aggregate with one new event), `record` (its recorder's
insert of one event) or `read` (its notification log in pages of 1,000, mapped to event objects).
Prints events per second as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

SCHEMA = "peer_eventsourcing"
TABLE = "stored_events"
NOTE = "Left at the depot because nobody answered; the next attempt is tomorrow morning. " * 4
ITEMS = ["merino 4-ply", "circular needle 3.5 mm", "sock pattern"]
STATE = json.dumps({"items": ITEMS, "note": NOTE})[:450].ljust(450).encode()
READ_EVENTS, WARM_UP, PATIENCE, PAGE = 20_000, 20, 60.0, 1_000

context = multiprocessing.get_context("spawn")


class Parcel(Aggregate):
    """An aggregate with an event of the same size as ours."""

    def __init__(self, depot: str):
        self.depot = depot

    @event("Scanned")
    def scan(self, depot: str, items: list[str], note: str) -> None:
        self.depot = depot


class Parcels(Application):
    """Saves parcels."""


def parts(conninfo: str) -> dict[str, str]:
    """Connection parameters by their names here."""
    given = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return {name: given.get(name, "") for name in ("dbname", "host", "port", "user", "password")}


def recorder(conninfo: str) -> PostgresApplicationRecorder:
    """The library's own store of events."""
    store = PostgresDatastore(**parts(conninfo), schema=SCHEMA, pool_size=1, max_overflow=2)
    return PostgresApplicationRecorder(store, events_table_name=TABLE)


def application(conninfo: str, *, create: bool = False) -> Parcels:
    """The library's application over that store."""
    environment = {f"POSTGRES_{name.upper()}": value for name, value in parts(conninfo).items()}
    environment |= {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_SCHEMA": SCHEMA,
        "POSTGRES_POOL_SIZE": "1",
        "CREATE_TABLE": "yes" if create else "no",
    }
    return Parcels(env=environment)


def saving(conninfo: str) -> Callable[[int], Any]:
    """One more event of an aggregate, through the application."""
    app, parcel = application(conninfo), Parcel("0")
    app.save(parcel)

    def save(n: int) -> None:
        parcel.scan(str(n), ITEMS, NOTE[:286])
        app.save(parcel)

    return save


def recording(conninfo: str) -> Callable[[int], Any]:
    """One more event of a stream, by the recorder alone."""
    store, stream = recorder(conninfo), uuid.uuid4()
    return lambda n: store.insert_events([StoredEvent(stream, n + 1, "peer:Scanned", STATE)])


PREPARE = {"save": saving, "record": recording}


def client(case: str, conninfo: str, seconds: float, barrier: Any, results: Any) -> None:
    """One process that calls until time is up."""
    call = PREPARE[case](conninfo)
    for n in range(WARM_UP):
        call(n)
    barrier.wait(PATIENCE)
    n, began = WARM_UP, time.perf_counter()
    while time.perf_counter() < began + seconds:
        call(n)
        n += 1
    results.put((n - WARM_UP, time.perf_counter() - began))


def write(case: str, conninfo: str, clients: int, seconds: float) -> float:
    """Events per second of all clients."""
    barrier, results = context.Barrier(clients), context.Queue()
    work = (case, conninfo, seconds, barrier, results)
    processes = [context.Process(target=client, args=work) for _ in range(clients)]
    for process in processes:
        process.start()
    found = [results.get(timeout=seconds + PATIENCE) for _ in processes]
    for process in processes:
        process.join()
    return float(sum(calls for calls, _ in found) / max(took for _, took in found))


def read(conninfo: str, seconds: float) -> float:
    """Events per second from the notification log, mapped to objects."""
    app = application(conninfo)
    for _ in range(READ_EVENTS // 100):
        parcel = Parcel("0")
        for n in range(99):
            parcel.scan(str(n), ITEMS, NOTE[:286])
        app.save(parcel)
    with psycopg.connect(conninfo, autocommit=True) as session:
        session.execute(f"ANALYZE {SCHEMA}.{TABLE}")
    count, start, began = 0, 1, time.perf_counter()
    while time.perf_counter() < began + seconds:
        page = app.recorder.select_notifications(start=start, limit=PAGE)
        for notification in page:
            app.mapper.to_domain_event(notification)
        count += len(page)
        start = page[-1].id + 1 if len(page) == PAGE else 1
    return count / (time.perf_counter() - began)


def main(conninfo: str, case: str, clients: int, seconds: float) -> None:
    """A fresh store, then the case."""
    with psycopg.connect(conninfo, autocommit=True) as session:
        session.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        session.execute(f"CREATE SCHEMA {SCHEMA}")
    # the application names its table differently from the recorder's default
    recorder(conninfo).create_table()
    application(conninfo, create=True).close()
    rate = read(conninfo, seconds) if case == "read" else write(case, conninfo, clients, seconds)
    print(json.dumps(round(rate, 1)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
