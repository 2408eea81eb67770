"""The sealer as a process: it survives what it meets, signs, anchors and rings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from eventlog import store
from eventlog.anchors import AnchorFile, anchored
from eventlog.checkpoints import own_signer, signed_by
from eventlog.core import Context
from eventlog.direct import Connection, connect
from eventlog.doorbell import Doorbell
from eventlog.sealer import Sealer, seal_once
from eventlog.sealing import SealingProcess
from eventlog.secrets import installation_key
from tests.eventlog.lamps import NOON, Toggle

pytestmark = pytest.mark.django_db(transaction=True)


def toggle(lamp: str = "1", times: int = 1) -> None:
    for _ in range(times):
        store.execute(Toggle(lamp=lamp, by="ann", at=NOON), Context.by("person:ann"))


def eventually(true: Callable[[], Any], seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


@contextmanager
def running(process: SealingProcess) -> Iterator[None]:
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield
    finally:
        process.stop()
        thread.join(10)
        assert not thread.is_alive()


def notes(path: Path) -> list[int]:
    if not path.exists():
        return []
    known = [own_signer().verifier]
    return [signed_by(note, known).size for _, note in anchored(path) if note]


def test_events_are_sealed_signed_anchored_and_announced(tmp_path: Path) -> None:
    rung: list[frozenset[str]] = []
    path = tmp_path / "anchors.jsonl"
    with running(SealingProcess(rung.append, anchor=AnchorFile(path))):
        toggle(times=2)
        eventually(lambda: store.head() == 2)
        eventually(lambda: rung)
        toggle(times=3)
        eventually(lambda: store.head() == 5)
    assert frozenset().union(*rung) == {"lamp.lit", "lamp.put_out"}
    assert notes(path)[-1] == 5


def test_the_sealer_says_on_which_channel_to_listen() -> None:
    with connect("listener") as listener:
        listener.execute("LISTEN eventlog")
        toggle(times=2)
        seal_once()
        (notice,) = listener.notifies(timeout=5, stop_after=1)
    assert (notice.channel, notice.payload) == ("eventlog", "2")


def test_a_lost_connection_is_opened_again(owner: psycopg.Connection[Any]) -> None:
    opened: list[Connection] = []

    def open_one() -> Connection:
        opened.append(connect("sealer"))
        return opened[-1]

    with running(SealingProcess(lambda types: None, open_connection=open_one)):
        toggle()
        eventually(lambda: store.head() == 1)
        pid = opened[0].info.backend_pid
        owner.execute("SELECT pg_terminate_backend(%s)", (pid,))
        toggle()
        eventually(lambda: store.head() == 2)
    assert len(opened) >= 2


def test_a_sealer_that_is_asked_to_end_does_not_wait_for_writers(
    owner: psycopg.Connection[Any],
) -> None:
    toggle()
    with owner.transaction():
        owner.execute("LOCK TABLE eventlog_event IN ROW EXCLUSIVE MODE")
        with running(SealingProcess(lambda types: None)):
            time.sleep(0.2)
        assert store.head() == 0


def test_the_log_is_sealed_though_anchor_and_bell_fail(tmp_path: Path) -> None:
    def broken(types: frozenset[str]) -> None:
        raise RuntimeError("no broker")

    with running(SealingProcess(broken, anchor=AnchorFile(tmp_path, pause=0.05))):
        for count in (1, 2, 3):
            toggle()
            eventually(lambda expected=count: store.head() == expected)


def test_rings_that_come_close_are_joined_and_the_last_is_not_lost() -> None:
    rung: list[frozenset[str]] = []
    bell = Doorbell(rung.append, quiet=0.05)
    for kind in ("a", "b", "a"):
        bell.push(frozenset({kind}))
    eventually(lambda: rung)
    bell.push(frozenset({"c"}))
    bell.close()
    assert rung == [{"a", "b"}, {"c"}]


def test_a_checkpoint_comes_with_the_second_or_the_thousandth_event() -> None:
    now = [0.0]
    with connect("test") as own:
        sealer = Sealer(own, own_signer(), clock=lambda: now[0])
        toggle()
        sealer.round()
        assert (sealer.checkpoint() or "").startswith("dropstitch\n1\n")
        toggle()
        sealer.round()
        assert sealer.checkpoint() is None
        now[0] += 1.0
        assert (sealer.checkpoint() or "").startswith("dropstitch\n2\n")
        now[0] += 1.0
        assert sealer.checkpoint() is None
        assert sealer.checkpoint(force=True) is None


def test_small_batches_give_the_same_log_as_one() -> None:
    toggle(times=10)
    with connect("test") as own:
        sealer = Sealer(own, own_signer(), batch=3)
        assert sealer.round().sealed == 10
        assert [r.version for r in store.read_after(0)] == list(range(1, 11))
        assert Sealer(own, own_signer()).checkpoint(force=True) == own_signer().sign(
            10, sealer.root()
        )


def test_a_missing_key_is_drawn_once_and_kept() -> None:
    path = settings.ENV.dropstitch_data / "keys" / "log_signing_key"
    key = installation_key("log_signing_key")
    assert path.stat().st_mode & 0o777 == 0o600
    installation_key.cache_clear()
    assert installation_key("log_signing_key") == key
