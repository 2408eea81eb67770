from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from eventlog import store
from eventlog.core import Conflict, Context, Refused, chain
from tests.eventlog.lamps import NOON, Lamp, LampLit, Light, PutOut, Toggle

ANA = "person:ana"


def light(lamp: str, by: str = "ana", **options: str) -> Light:
    return Light(lamp=lamp, by=by, at=NOON, **options)


@pytest.mark.django_db
def test_an_executed_command_is_in_the_log() -> None:
    receipt = store.execute(light("1", room="room:7"), Context.by(ANA))
    (record,) = store.read_stream("lamp:1")
    assert (receipt.stream, receipt.version, receipt.repeated) == ("lamp:1", 1, False)
    assert record.event == LampLit(by="ana", room="room:7")
    assert (record.actor, record.refs, record.occurred_at) == (ANA, ["room:7"], NOON)
    assert record.hash == receipt.events[0].hash


@pytest.mark.django_db
def test_the_stored_hashes_form_a_chain() -> None:
    for _ in range(5):
        store.execute(Toggle(lamp="1", by="ana", at=NOON), Context.by(ANA))
    head = bytes(32)
    for record in store.read_stream("lamp:1"):
        head = chain(head, record.version, record.content)
        assert record.hash == head


@pytest.mark.django_db
def test_a_repeated_command_gets_the_first_answer() -> None:
    context = Context.by(ANA, "key-1")
    first = store.execute(light("1"), context)
    store.execute(PutOut(lamp="1", by="bo", at=NOON), Context.by("person:bo"))
    again = store.execute(light("1"), context)
    assert again.repeated
    assert [e.event_id for e in again.events] == [e.event_id for e in first.events]
    assert store.load("lamp:1", Lamp()) == (Lamp(lit=False, switches=2), 2)


@pytest.mark.django_db
def test_a_command_that_changes_nothing_is_remembered_too() -> None:
    store.execute(light("1"), Context.by(ANA))
    context = Context.by(ANA, "again")
    assert store.execute(light("1"), context).events == ()
    store.execute(PutOut(lamp="1", by="bo", at=NOON), Context.by("person:bo"))
    assert store.execute(light("1"), context).repeated
    assert store.load("lamp:1", Lamp())[0].lit is False


@pytest.mark.django_db
def test_one_key_for_two_requests_is_a_conflict() -> None:
    context = Context.by(ANA, "key-1")
    store.execute(light("1"), context)
    with pytest.raises(Conflict) as caught:
        store.execute(light("2"), context)
    assert caught.value.code == "key_reused"
    assert store.read_stream("lamp:2") == []


@pytest.mark.django_db
def test_the_same_key_of_two_people_is_two_commands() -> None:
    store.execute(Toggle(lamp="1", by="x", at=NOON), Context.by(ANA, "1"))
    store.execute(Toggle(lamp="1", by="x", at=NOON), Context.by("person:bo", "1"))
    assert store.load("lamp:1", Lamp())[1] == 2


@pytest.mark.django_db
def test_a_refused_command_leaves_nothing_behind() -> None:
    context = Context.by(ANA, "key-1")
    with pytest.raises(Refused):
        store.execute(PutOut(lamp="1", by="ana", at=NOON), context)
    store.execute(light("1"), Context.by(ANA))
    assert not store.execute(PutOut(lamp="1", by="ana", at=NOON), context).repeated


@pytest.mark.django_db
def test_commands_on_two_streams_happen_together_or_not_at_all() -> None:
    with pytest.raises(Refused):
        store.execute_together([light("b"), PutOut(lamp="a", by="x", at=NOON)], Context.by(ANA))
    assert store.read_stream("lamp:b") == []
    receipts = store.execute_together([light("b"), light("a")], Context.by(ANA, "both"))
    assert [r.stream for r in receipts] == ["lamp:b", "lamp:a"]
    again = store.execute_together([light("b"), light("a")], Context.by(ANA, "both"))
    assert all(r.repeated for r in again)


@pytest.mark.django_db
def test_a_state_remembered_from_a_rolled_back_command_is_not_used() -> None:
    with transaction.atomic():
        store.execute(light("1"), Context.by(ANA))
        transaction.set_rollback(True)
    store.execute(light("1"), Context.by(ANA))
    assert store.load("lamp:1", Lamp()) == (Lamp(lit=True, switches=1), 1)


@pytest.mark.django_db
def test_as_of_tells_what_was_so_from_what_was_known() -> None:
    store.execute(light("1"), Context.by(ANA))
    late = PutOut(lamp="1", by="ana", at=NOON - timedelta(hours=1))
    store.execute(late, Context.by(ANA))
    known_at = store.read_stream("lamp:1")[0].recorded_at
    assert store.load("lamp:1", Lamp(), known_at=known_at)[0].lit
    assert not store.load("lamp:1", Lamp(), true_at=NOON - timedelta(minutes=30))[0].lit


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET schema = 2", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_can_not_change_events(statement: str) -> None:
    store.execute(light("1"), Context.by(ANA))
    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement.format("eventlog_event"))


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_stream_lose_no_update_and_none_starves() -> None:
    lamp = str(uuid.uuid4())

    def toggle_many(person: str) -> None:
        for _ in range(20):
            store.execute(Toggle(lamp=lamp, by=person, at=NOON), Context.by(person))
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(toggle_many, [f"person:{n}" for n in range(8)]))
    assert store.load(f"lamp:{lamp}", Lamp()) == (Lamp(lit=False, switches=160), 160)


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_many_at_once_is_carried_out_once() -> None:
    lamp = str(uuid.uuid4())

    def send(_: int) -> bool:
        try:
            toggle = Toggle(lamp=lamp, by="ana", at=NOON)
            return store.execute(toggle, Context.by(ANA, f"one {lamp}")).repeated
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        repeated = list(pool.map(send, range(8)))
    assert sorted(repeated) == [False] + [True] * 7
    assert len(store.read_stream(f"lamp:{lamp}")) == 1
