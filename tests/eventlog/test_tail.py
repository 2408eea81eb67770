"""Nothing is skipped: whoever follows the log by position sees every committed event, in order."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from config.environment import ROOT
from eventlog import lead, store
from eventlog.checkpoints import own_signer
from eventlog.core import Context
from eventlog.direct import connect
from eventlog.sealer import LostLead, Sealer
from eventlog.verification import verify
from tests.eventlog.lamps import NOON, Toggle

pytestmark = pytest.mark.django_db(transaction=True)

ANN = Context.by
PATIENCE_SECONDS = 120  # five processes start at once, on whatever machine this is
T = TypeVar("T")


class Writer:
    """Somebody with a connection of their own, who commits when told."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)

    def does(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result(10)

    def begins(self) -> None:
        self.block: Any = transaction.atomic()
        self.does(self.block.__enter__)

    def toggles(self, lamp: str) -> None:
        self.does(lambda: store.execute(Toggle(lamp=lamp, by="ann", at=NOON), ANN("person:ann")))

    def commits(self) -> None:
        self.does(lambda: self.block.__exit__(None, None, None))

    def rolls_back(self) -> None:
        self.does(lambda: transaction.set_rollback(True))
        self.commits()

    def runs(self, statement: str) -> None:
        self.does(lambda: connection.cursor().execute(statement))

    def leaves(self) -> None:
        self.does(lambda: connection.close())  # of that thread, not of this one
        self._thread.shutdown()


@pytest.fixture
def ann() -> Iterator[Writer]:
    writer = Writer()
    yield writer
    writer.leaves()


@pytest.fixture
def bob() -> Iterator[Writer]:
    writer = Writer()
    yield writer
    writer.leaves()


@pytest.fixture
def sealer() -> Iterator[Sealer]:
    with connect("test sealer") as own:
        yield Sealer(own, own_signer())


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def told() -> list[tuple[int | None, str, int]]:
    return [(r.position, r.stream, r.version) for r in store.read_after(0)]


def waits(round_: Future[Any]) -> bool:
    time.sleep(0.15)
    return not round_.done()


def test_an_event_that_is_committed_late_keeps_its_place(
    ann: Writer, bob: Writer, sealer: Sealer, background: ThreadPoolExecutor
) -> None:
    ann.begins()
    ann.toggles("first")
    bob.toggles("second")
    sealing = background.submit(sealer.round)
    assert waits(sealing)
    assert told() == []
    ann.commits()
    assert sealing.result(5).sealed == 2
    assert told() == [(1, "lamp:first", 1), (2, "lamp:second", 1)]


def test_events_drawn_while_the_fence_waits_are_left_for_the_next_round(
    ann: Writer, bob: Writer, sealer: Sealer, background: ThreadPoolExecutor
) -> None:
    ann.begins()
    ann.toggles("first")
    sealing = background.submit(sealer.round)
    assert waits(sealing)
    bob.begins()
    bob.toggles("second")
    ann.commits()
    assert sealing.result(5).sealed == 1
    bob.commits()
    assert sealer.round().sealed == 1
    assert told() == [(1, "lamp:first", 1), (2, "lamp:second", 1)]


def test_an_early_transaction_id_neither_holds_up_nor_disorders(
    ann: Writer, bob: Writer, sealer: Sealer
) -> None:
    ann.begins()
    ann.runs("SELECT pg_current_xact_id()")
    bob.toggles("lamp")
    assert sealer.round().sealed == 1
    ann.toggles("lamp")
    ann.commits()
    assert sealer.round().sealed == 1
    assert told() == [(1, "lamp:lamp", 1), (2, "lamp:lamp", 2)]


def test_a_rollback_leaves_no_gap(ann: Writer, bob: Writer, sealer: Sealer) -> None:
    for lamp in ("one", "two"):
        ann.begins()
        ann.toggles("never")
        ann.rolls_back()
        bob.toggles(lamp)
    assert sealer.round().position == 2
    ann.begins()
    ann.toggles("never")
    ann.rolls_back()
    assert sealer.round().sealed == 0
    bob.toggles("three")
    assert sealer.round().sealed == 1
    assert told() == [(1, "lamp:one", 1), (2, "lamp:two", 1), (3, "lamp:three", 1)]


def test_a_savepoint_that_is_rolled_back_holds_nobody_up(
    ann: Writer, bob: Writer, sealer: Sealer
) -> None:
    ann.begins()
    ann.runs("SAVEPOINT before")
    ann.toggles("never")
    ann.runs("ROLLBACK TO SAVEPOINT before")
    bob.toggles("one")
    assert sealer.round().sealed == 1
    ann.toggles("two")
    ann.commits()
    assert sealer.round().sealed == 1
    assert told() == [(1, "lamp:one", 1), (2, "lamp:two", 1)]


def test_a_sealer_that_lost_the_lead_gives_way(bob: Writer, sealer: Sealer) -> None:
    with connect("another sealer") as own:
        other = Sealer(own, own_signer())
        bob.toggles("one")
        assert other.round().sealed == sealer.round().sealed + 1
        bob.toggles("two")
        assert sealer.round().sealed == 1
        bob.toggles("three")
        with pytest.raises(LostLead):
            other.round()
        assert other.round().sealed == 1
        assert (other.checkpoint(force=True) or "").startswith("dropstitch\n3\n")
        with pytest.raises(LostLead):
            sealer.round()
        assert sealer.round().sealed == 0
    assert [position for position, *_ in told()] == [1, 2, 3]


def test_the_lead_is_taken_once_and_freed_by_death() -> None:
    with connect("first") as first, connect("second") as second:
        assert lead.take_lead(first)
        assert not lead.take_lead(second)
        assert lead.is_led(second)
        first.close()
        deadline = time.monotonic() + 5
        while not lead.take_lead(second):
            assert time.monotonic() < deadline


@pytest.fixture
def start(process_environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Starts a Python process of the product on the test database."""

    def start(*arguments: str, **pipes: int) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, env=process_environment, cwd=ROOT, text=True, **pipes)

    return start


def test_nothing_is_lost_or_doubled_when_sealers_are_killed(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    sealer = ("manage.py", "run_sealer")
    sealers = [start(*sealer), start(*sealer)]
    writers = [
        start("-m", "tests.eventlog.writer", name, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("ann", "bob", "cyd")
    ]
    seen: list[tuple[str, int]] = []
    try:
        for count in (30, 60, 90, 120):
            follow(seen, count)
            victim = sealers.pop(0)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            sealers.append(start(*sealer))
    finally:
        committed = sum(int(writer.communicate()[0]) for writer in writers)
        follow(seen, committed)
        for process in sealers:
            process.terminate()
        ended = [process.wait(20) for process in sealers]
    assert 0 in ended  # the one that led; the other may still have been starting
    assert len(seen) == committed >= 120
    assert_each_stream_in_order(seen)
    with connect("verify") as own:
        report = verify(own, [own_signer().verifier])
    assert report.problems == []
    assert (report.sealed, report.checkpoints > 0) == (committed, True)


def follow(seen: list[tuple[str, int]], count: int) -> None:
    """Tails the log as any follower does, asserting that it has no gap, until `count` are seen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(seen) < count:
        assert time.monotonic() < deadline, f"only {len(seen)} of {count} events came"
        for record in store.read_after(len(seen)):
            assert record.position == len(seen) + 1
            seen.append((record.stream, record.version))
        time.sleep(0.01)


def assert_each_stream_in_order(seen: list[tuple[str, int]]) -> None:
    versions: dict[str, int] = {}
    for stream, version in seen:
        assert version == versions.get(stream, 0) + 1
        versions[stream] = version
