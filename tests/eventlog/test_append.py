"""Appending without a rule, and the short way that single events take."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from eventlog import store
from eventlog.core import Conflict, Context, chain
from eventlog.records import Record
from tests.eventlog.lamps import NOON, LampLit, LampPutOut, Light, Toggle

ANA = "person:ana"


def lit(
    lamp: str, after: Record | None = None, key: str | None = None, by: str = "ana"
) -> store.Receipt:
    events = [LampLit(by=by)]
    return store.append(f"lamp:{lamp}", after, events, Context.by(ANA, key), at=NOON)


@pytest.mark.django_db
def test_what_is_appended_continues_the_chain_of_its_stream() -> None:
    (first,) = lit("1").events
    (second,) = lit("1", after=first).events
    records = store.read_stream("lamp:1")
    assert [record.version for record in records] == [1, 2]
    assert records[1].hash == second.hash == chain(records[0].hash, 2, records[1].content)
    assert records[0].recorded_at <= records[1].recorded_at


@pytest.mark.django_db
def test_several_events_are_appended_together() -> None:
    events = [LampLit(by="ana"), LampPutOut(by="ana")]
    receipt = store.append("lamp:1", None, events, Context.by(ANA), at=NOON)
    assert (receipt.version, len(receipt.events)) == (2, 2)
    assert [record.event for record in store.read_stream("lamp:1")] == events


@pytest.mark.django_db
def test_an_append_said_twice_gets_the_first_answer() -> None:
    first = lit("1", key="once")
    again = lit("1", key="once")
    assert again.repeated
    assert [e.event_id for e in again.events] == [e.event_id for e in first.events]
    assert len(store.read_stream("lamp:1")) == 1


@pytest.mark.django_db
def test_an_append_to_a_stream_that_has_moved_on_is_a_conflict_and_leaves_nothing() -> None:
    (first,) = lit("1").events
    lit("1", after=first)
    for after in (None, first):
        with pytest.raises(Conflict) as caught:
            lit("1", after=after, key="late")
        assert caught.value.code == "stale"
    assert len(store.read_stream("lamp:1")) == 2
    assert not lit("2", key="late").repeated


@pytest.mark.django_db
@pytest.mark.parametrize("other", ["1", "2"])
def test_one_key_for_two_appends_is_a_conflict(other: str) -> None:
    lit("1", key="once")
    with pytest.raises(Conflict) as caught:
        lit(other, key="once", by="bo")
    assert caught.value.code == "key_reused"
    assert [len(store.read_stream(f"lamp:{n}")) for n in "12"] == [1, 0]


@pytest.mark.django_db
def test_an_append_within_a_transaction_goes_with_it() -> None:
    with transaction.atomic():
        lit("1", key="undone")
        transaction.set_rollback(True)
    assert store.read_stream("lamp:1") == []
    assert not lit("1", key="undone").repeated


@pytest.mark.django_db(transaction=True)
def test_a_single_event_takes_no_transaction_around_its_statement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: object) -> None:
        raise AssertionError("a transaction was opened")

    with monkeypatch.context() as patched:
        patched.setattr(transaction, "atomic", refuse)
        (first,) = lit("1").events
        store.execute(Light(lamp="2", by="ana", at=NOON), Context.by(ANA))
        with pytest.raises(AssertionError):
            store.append("lamp:3", first, [LampLit(by="a")] * 2, Context.by(ANA), at=NOON)
    connection.close()  # what was not committed would be lost with it
    assert len(store.read_stream("lamp:1")) == len(store.read_stream("lamp:2")) == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_on_many_streams_at_one_moment_is_carried_out_on_one() -> None:
    key = str(uuid.uuid4())

    def send(lamp: int) -> str:
        try:
            store.execute(Toggle(lamp=f"{key}-{lamp}", by="ana", at=NOON), Context.by(ANA, key))
        except Conflict as conflict:
            return conflict.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(send, range(8)))
    assert answers == ["done"] + ["key_reused"] * 7
    assert sum(len(store.read_stream(f"lamp:{key}-{lamp}")) for lamp in range(8)) == 1
