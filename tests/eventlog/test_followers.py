from __future__ import annotations

import pytest
from django.db import connection

from eventlog import followers, store
from eventlog.core import Context
from eventlog.followers import Follower
from eventlog.reactions import context_of
from eventlog.records import Record
from eventlog.sealer import seal_once
from tests.eventlog.lamps import NOON, Toggle


class Reader:
    """Notes what it is given; events of the streams in `broken` make it fail."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.broken: set[str] = set()

    def __call__(self, record: Record) -> None:
        if record.stream in self.broken:
            raise RuntimeError(f"can not digest {record!r}")
        self.seen.append((record.stream, record.version))


@pytest.fixture
def reader(db: None, monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()
    follower = Follower("test.reader", ("lamp.lit", "lamp.put_out"), reader)
    monkeypatch.setattr(followers, "_reactions", {follower.name: follower})
    followers.install()
    return reader


def toggle(lamp: str, times: int = 1) -> None:
    for _ in range(times):
        store.execute(Toggle(lamp=lamp, by="ana", at=NOON), Context.by("person:ana"))


def parked() -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream, position, attempts FROM eventlog_parked ORDER BY position")
        return cursor.fetchall()


def catch_up() -> int:
    seal_once()
    return followers.catch_up(["test.reader"])


def test_a_follower_sees_every_sealed_event_once_and_in_order(reader: Reader) -> None:
    toggle("a", 2)
    toggle("b")
    catch_up()
    catch_up()
    assert reader.seen == [("lamp:a", 1), ("lamp:a", 2), ("lamp:b", 1)]


def test_what_is_not_sealed_is_not_seen(reader: Reader) -> None:
    toggle("a")
    assert followers.catch_up(["test.reader"]) == 0


def test_a_new_side_effect_begins_with_what_happens_from_now_on(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    toggle("a")
    seal_once()
    late, early = Reader(), Reader()
    chosen = [
        Follower("test.late", ("lamp.lit",), late),
        Follower("test.early", ("lamp.lit",), early, from_start=True),
    ]
    monkeypatch.setattr(followers, "_reactions", {f.name: f for f in chosen})
    followers.install()
    followers.catch_up()
    assert (late.seen, early.seen) == ([], [("lamp:a", 1)])


def test_a_poison_event_is_parked_with_its_stream_and_the_others_go_on(reader: Reader) -> None:
    reader.broken = {"lamp:a"}
    toggle("a", 2)
    toggle("b", 2)
    catch_up()
    assert reader.seen == [("lamp:b", 1), ("lamp:b", 2)]
    assert parked() == [("lamp:a", 1, 1), ("lamp:a", 2, 0)]


def test_parked_events_are_handled_in_order_once_the_cause_is_mended(reader: Reader) -> None:
    reader.broken = {"lamp:a"}
    toggle("a", 3)
    catch_up()
    assert followers.catch_up(["test.reader"]) == 0, "their pause is not over"
    reader.broken = set()
    toggle("a")
    handled = followers.retry_parked(
        followers.all_followers()["test.reader"], even_if_given_up=True
    )
    assert handled == 3
    catch_up()
    assert reader.seen == [("lamp:a", version) for version in (1, 2, 3, 4)]
    assert parked() == []


def test_a_parked_event_that_keeps_failing_is_given_up_and_waits_for_a_person(
    reader: Reader,
) -> None:
    reader.broken = {"lamp:a"}
    toggle("a")
    catch_up()
    follower = followers.all_followers()["test.reader"]
    for _ in range(len(followers.RETRY_SECONDS)):
        followers.retry_parked(follower, even_if_given_up=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT retry_at, error FROM eventlog_parked")
        ((retry_at, error),) = cursor.fetchall()
    assert retry_at is None
    assert "can not digest" in error


def test_a_reaction_repeats_itself_under_the_same_command_id(db: None) -> None:
    toggle("a")
    (record,) = store.read_stream("lamp:a")
    first, second = context_of("test.reaction", record), context_of("test.reaction", record)
    assert first == second
    assert first.causation_id == record.event_id
    assert first.command_id != context_of("test.other", record).command_id


def test_what_is_sealed_just_before_it_leaves_does_not_wait_for_another_ring(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, moves = followers._move, 0

    def move_late(follower: Follower, old: int, new: int) -> None:
        nonlocal moves
        move(follower, old, new)
        moves += 1
        if moves == 2:  # the look that found nothing more
            toggle("b")
            seal_once()

    monkeypatch.setattr(followers, "_move", move_late)
    toggle("a")
    assert catch_up() == 2
    assert reader.seen == [("lamp:a", 1), ("lamp:b", 1)]
