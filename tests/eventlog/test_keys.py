from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from eventlog import erasures, keys, store
from eventlog.core import ERASED, Command, Context, Event, Refused, personal
from tests.eventlog.lamps import NOON

MESSAGE = "incident:{incident}/message:{message}"


class NoteWritten(Event):
    """A message and its author, each under a key of its own."""

    type = "test.note_written"
    incident: str
    message: str
    author: str
    plain: str = "plain"
    body: str | None = personal(MESSAGE)
    name: str = personal("person:{author}")


class WriteNote(Command[None]):
    """Writes one note."""

    incident: str
    message: str
    author: str = "ann"
    body: str = "the rack is on fire"

    @property
    def stream(self) -> str:
        return f"incident:{self.incident}"

    def decide(self, state: None) -> list[Event]:
        parts = {"incident": self.incident, "message": self.message, "author": self.author}
        return [NoteWritten(**parts, body=self.body, name=f"Dr {self.author}")]


@pytest.fixture(autouse=True)
def no_memory(db: None) -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


def write(incident: str = "1", message: str = "1", **more: str) -> None:
    command = WriteNote(incident=incident, message=message, at=NOON, **more)
    store.execute(command, Context.by("person:ann"))


def bodies(incident: str = "1") -> list[tuple[Any, Any]]:
    records = store.read_stream(f"incident:{incident}")
    return [(r.payload["body"], r.payload["name"]) for r in records]


def test_a_personal_field_is_stored_as_ciphertext_and_read_as_text() -> None:
    write()
    (record,) = store.read_stream("incident:1")
    assert "fire" not in record.text
    assert "Dr ann" not in record.text
    assert record.payload["body"] == "the rack is on fire"
    assert record.payload["plain"] == "plain"
    assert record.event.name == "Dr ann"  # type: ignore[attr-defined]


def test_equal_texts_have_unequal_ciphertexts() -> None:
    write()
    write()
    first, second = (r.text for r in store.read_stream("incident:1"))
    assert first != second


def test_one_destroyed_message_leaves_the_others() -> None:
    write(message="1")
    write(message="2")
    keys.shred("incident:1/message:1")
    assert bodies() == [("", "Dr ann"), ("the rack is on fire", "Dr ann")]
    assert bodies()[0][0] is ERASED


def test_a_destroyed_incident_takes_its_messages_along() -> None:
    write(message="1")
    write("2")
    keys.shred("incident:1")
    assert bodies("1") == [(ERASED, "Dr ann")]
    assert bodies("2") == [("the rack is on fire", "Dr ann")]


def test_a_subject_whose_name_only_begins_alike_is_spared() -> None:
    write("1")
    write("11")
    keys.shred("incident:1")
    assert bodies("11") == [("the rack is on fire", "Dr ann")]


def test_an_erased_person_leaves_an_intact_timeline() -> None:
    write()
    keys.shred("person:ann")
    assert bodies() == [("the rack is on fire", ERASED)]


def test_nothing_more_is_written_about_an_erased_subject() -> None:
    keys.shred("person:ann")
    with pytest.raises(Refused) as refusal:
        write()
    assert refusal.value.code == "erased"
    write(author="bob")
    assert bodies() == [("the rack is on fire", "Dr bob")]


def test_a_key_that_was_rolled_back_is_not_used_again() -> None:
    with transaction.atomic():
        write()
        assert bodies() == [("the rack is on fire", "Dr ann")]
        transaction.set_rollback(True)
    write()
    assert bodies() == [("the rack is on fire", "Dr ann")]


def test_ciphertext_moved_to_another_event_or_field_reads_as_erased() -> None:
    write()
    (record,) = store.read_stream("incident:1")
    payload = json.loads(record.text)
    other = keys.open_fields(payload, uuid.uuid4())
    assert (other["body"], other["name"]) == (ERASED, ERASED)
    moved = keys.open_fields({"subject": payload["body"]}, record.event_id)
    assert moved == {"subject": ERASED}


def test_a_field_without_a_value_needs_no_key() -> None:
    event = NoteWritten(incident="1", message="1", author="ann", body=None, name="Ann")
    sealed = keys.seal_fields(event, event.payload(), uuid.uuid4())
    assert sealed["body"] is None
    assert keyed() == ["person:ann"]


def test_keys_are_wrapped_by_the_one_above() -> None:
    write()
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, parent, wrapped_key FROM eventlog_subject_key ORDER BY 1")
        rows = {subject: (parent, bytes(wrapped)) for subject, parent, wrapped in cursor}
    assert rows["incident:1/message:1"][0] == "incident:1"
    assert rows["incident:1"][0] is None
    assert len({wrapped for _, wrapped in rows.values()}) == 3


def test_a_wrong_master_key_is_not_mistaken_for_an_erasure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write()
    keys.forget()
    monkeypatch.setattr(keys, "_master", lambda: bytes(32))
    with pytest.raises(keys.WrongMasterKey):
        bodies()


@pytest.mark.parametrize("value", ["a/b", 'a"b', "a b", ""])
def test_a_value_that_would_fake_a_subject_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="incident"):
        keys.subject_of(MESSAGE, {"incident": value, "message": "1"})


def test_warming_fetches_all_keys_in_one_query(django_assert_num_queries: Any) -> None:
    for message in range(20):
        write(message=str(message))
    records = store.read_stream("incident:1")
    keys.forget()
    with django_assert_num_queries(1):
        keys.warm(record.text for record in records)
        assert {record.payload["body"] for record in records} == {"the rack is on fire"}


def test_whoever_keeps_decrypted_values_is_told_to_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(keys, "_forget", [*keys._forget, lambda: told.append("forget")])
    keys.shred("person:ann")
    assert told == ["forget"]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "erasures.jsonl"
    monkeypatch.setattr(erasures, "ledger", lambda: path)
    return path


def test_an_erasure_outlives_the_restore_of_an_older_backup(
    ledger: Path, django_capture_on_commit_callbacks: Any
) -> None:
    write()
    backup = stored_keys()
    with django_capture_on_commit_callbacks(execute=True):
        keys.shred("person:ann")
    restore(backup)
    assert erasures.returned() == ["person:ann"]
    call_command("replay_erasures", verbosity=0)
    assert erasures.returned() == []
    assert bodies() == [("the rack is on fire", ERASED)]


def test_a_ledger_that_missed_an_erasure_is_completed(ledger: Path) -> None:
    write()
    keys.shred("incident:1")
    assert erasures.remembered() == set()
    call_command("replay_erasures", verbosity=0)
    call_command("replay_erasures", verbosity=0)
    assert erasures.remembered() == {"incident:1"}
    assert len(ledger.read_text().splitlines()) == 1


def keyed() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject FROM eventlog_subject_key ORDER BY subject")
        return [subject for (subject,) in cursor]


def stored_keys() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, encode(wrapped_key, 'base64') FROM eventlog_subject_key")
        return dict(cursor.fetchall())


def restore(backup: dict[str, str]) -> None:
    keys.forget()
    with connection.cursor() as cursor:
        for subject, wrapped in backup.items():
            cursor.execute(
                "UPDATE eventlog_subject_key SET wrapped_key = %s, shredded_at = NULL"
                " WHERE subject = %s",
                [base64.b64decode(wrapped), subject],
            )
