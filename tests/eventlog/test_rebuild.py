"""Rebuilding beside the live rows: what is kept, what moves, and who has to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, models

from config.database import as_owner
from eventlog import projections, rebuild, rows, store
from eventlog.core import Context
from eventlog.projections import Projection
from eventlog.records import Record
from eventlog.sealer import seal_once
from tests.eventlog.lamps import NOON, LampLit, LampPutOut, Light, PutOut

ANA = Context.by("person:ana").actor
LAMPS = [f"0193a000-0000-7000-8000-00000000000{n}" for n in range(5)]
TABLE = """
CREATE TABLE lamp_row (
    id uuid CONSTRAINT lamp_key PRIMARY KEY,
    lit boolean NOT NULL,
    switched_by text NOT NULL CONSTRAINT lamp_somebody CHECK (switched_by <> ''),
    spot integer CONSTRAINT lamp_spot UNIQUE DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX lamp_lit_by ON lamp_row (switched_by) WHERE lit;
GRANT SELECT, INSERT, UPDATE, DELETE ON lamp_row TO dropstitch_app;
"""
SHAPE = """
SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'lamp_row'::regclass AND contype <> 'n'
UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename = 'lamp_row' AND schemaname = 'public'
UNION ALL SELECT 'right ' || privilege_type FROM information_schema.role_table_grants
    WHERE table_name = 'lamp_row' AND table_schema = 'public' AND grantee = 'dropstitch_app'
ORDER BY 1
"""


class LampRow(models.Model):
    """One lamp, as a page would show it."""

    id = models.UUIDField(primary_key=True)
    lit = models.BooleanField()
    switched_by = models.TextField()
    spot = models.IntegerField(null=True)

    class Meta:
        app_label = "lamps"
        db_table = "lamp_row"
        managed = False

    def __str__(self) -> str:
        return f"{self.id}: {self.lit}"


@pytest.fixture
def nothing_else() -> Iterator[None]:
    """No projections but those of the test."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(projections, "_projections", {})
        patched.setattr(projections, "_inline", {})
        yield


@pytest.fixture
def table(transactional_db: None, owner: psycopg.Connection[Any]) -> Iterator[None]:
    """The read model's table, for the time of the test."""
    owner.execute(TABLE)
    yield
    owner.execute("DROP TABLE lamp_row")


def lamps_shown(inline: bool = True) -> Projection:
    shown = Projection("lamps", tables=["lamp_row"], inline=inline)

    @shown.on(LampLit)
    def show_lit(event: LampLit, record: Record) -> None:
        lamp = record.stream.partition(":")[2]
        if record.version == 1:
            rows.add(LampRow, id=lamp, lit=True, switched_by=event.by, spot=int(lamp[-1]))
        else:
            rows.change(LampRow, lamp, lit=True, switched_by=event.by)

    @shown.on(LampPutOut)
    def show_put_out(event: LampPutOut, record: Record) -> None:
        LampRow.objects.filter(id=record.stream.partition(":")[2]).update(lit=False)

    return shown


@pytest.fixture
def lamps(nothing_else: None, table: None) -> Projection:
    """An inline read model with five lamps, every other one put out again."""
    shown = lamps_shown()
    switch_all()
    return shown


def switch_all() -> None:
    for number, lamp in enumerate(LAMPS):
        store.execute(Light(lamp=lamp, by="ana", at=NOON), Context.by(ANA))
        if number % 2:
            store.execute(PutOut(lamp=lamp, by="bo", at=NOON), Context.by("person:bo"))


def rebuilt(projection: Projection) -> int:
    with as_owner():
        return rebuild.rebuild(projection)


def shape(owner: psycopg.Connection[Any]) -> list[str]:
    return [text for (text,) in owner.execute(SHAPE)]


def test_what_somebody_changed_by_hand_is_put_right(lamps: Projection) -> None:
    seal_once()
    before = set(LampRow.objects.values_list("id", "lit", "switched_by", "spot"))
    LampRow.objects.filter(id=LAMPS[0]).update(switched_by="mallory")
    LampRow.objects.filter(id=LAMPS[1]).delete()
    assert rebuild.differences(lamps) != {}
    assert rebuilt(lamps) == 7
    assert set(LampRow.objects.values_list("id", "lit", "switched_by", "spot")) == before
    assert rebuild.differences(lamps) == {}


def test_names_of_constraints_and_indexes_and_the_rights_are_kept(
    lamps: Projection, owner: psycopg.Connection[Any]
) -> None:
    before = shape(owner)
    assert len(before) == 10
    rebuilt(lamps)
    assert shape(owner) == before


def test_nothing_of_a_rebuild_is_left_behind(
    lamps: Projection, owner: psycopg.Connection[Any]
) -> None:
    rebuilt(lamps)
    schemas = owner.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rebuild%'")
    assert schemas.fetchall() == []


def test_events_that_are_not_sealed_yet_are_in_the_rebuilt_rows(lamps: Projection) -> None:
    seal_once()
    store.execute(PutOut(lamp=LAMPS[0], by="bo", at=NOON), Context.by("person:bo"))
    assert rebuilt(lamps) == 8
    assert not LampRow.objects.get(id=LAMPS[0]).lit


def test_events_that_are_sealed_during_the_swap_are_in_the_rebuilt_rows(
    lamps: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []

    def seal_beside() -> None:
        seal_once()
        connection.close()

    def read_while_sealing(position: int, *options: Any) -> list[Record]:
        pages.append(position)
        if len(pages) == 2:  # the first is read before the swap, and finds nothing sealed
            beside = threading.Thread(target=seal_beside)
            beside.start()
            beside.join(10)
        return store.read_after(position, *options)

    monkeypatch.setattr(rebuild, "read_after", read_while_sealing)
    assert rebuilt(lamps) == 7
    assert len(pages) == 2
    assert LampRow.objects.count() == len(LAMPS)


def test_a_following_projection_goes_on_where_its_rebuild_has_come(
    nothing_else: None, table: None, owner: psycopg.Connection[Any]
) -> None:
    shown = lamps_shown(inline=False)
    owner.execute("INSERT INTO eventlog_follower (name) VALUES ('projection:lamps')")
    switch_all()
    head = seal_once()
    rebuilt(shown)
    query = "SELECT position FROM eventlog_follower WHERE name = 'projection:lamps'"
    assert owner.execute(query).fetchone() == (head,)
    assert LampRow.objects.count() == len(LAMPS)


def test_a_reader_at_work_delays_the_swap_and_sees_the_old_rows_to_its_end(
    lamps: Projection, owner: psycopg.Connection[Any]
) -> None:
    LampRow.objects.filter(id=LAMPS[0]).update(switched_by="mallory")
    swapped = threading.Event()

    def rebuild_beside() -> None:
        rebuilt(lamps)
        swapped.set()
        connection.close()

    with owner.transaction():
        query = "SELECT switched_by FROM lamp_row WHERE id = %s"
        assert owner.execute(query, [LAMPS[0]]).fetchone() == ("mallory",)
        beside = threading.Thread(target=rebuild_beside)
        beside.start()
        time.sleep(1.5)  # beyond the time that one attempt waits for the table
        assert not swapped.is_set()
        assert owner.execute(query, [LAMPS[0]]).fetchone() == ("mallory",)
    beside.join(20)
    assert swapped.is_set()
    assert LampRow.objects.get(id=LAMPS[0]).switched_by == "ana"


def test_commands_go_on_while_a_busy_reader_holds_up_the_swap(
    lamps: Projection, owner: psycopg.Connection[Any]
) -> None:
    beside = threading.Thread(target=lambda: (rebuilt(lamps), connection.close()))
    with owner.transaction():
        owner.execute("SELECT count(*) FROM lamp_row")
        beside.start()
        for _ in range(4):
            time.sleep(0.5)
            store.execute(PutOut(lamp=LAMPS[0], by="bo", at=NOON), Context.by("person:bo"))
            store.execute(Light(lamp=LAMPS[0], by="ana", at=NOON), Context.by(ANA))
    beside.join(20)
    assert not beside.is_alive()
    assert rebuild.differences(lamps) == {}


def test_rows_held_back_are_there_before_anybody_asks(lamps: Projection) -> None:
    with rows.held_back():
        rows.change(LampRow, LAMPS[0], switched_by="bo")
        rows.change(LampRow, LAMPS[2], switched_by="cy")
        assert LampRow.objects.get(id=LAMPS[0]).switched_by == "bo"
    assert LampRow.objects.get(id=LAMPS[2]).switched_by == "cy"
    LampRow.objects.filter(id__in=[LAMPS[0], LAMPS[2]]).update(switched_by="ana")


def test_a_field_that_the_row_does_not_have_is_an_error(lamps: Projection) -> None:
    with pytest.raises(TypeError, match="has no field colour"):
        rows.change(LampRow, LAMPS[0], colour="red")
    with pytest.raises(TypeError, match="has no field colour"):
        rows.add(LampRow, id=LAMPS[0], lit=True, switched_by="ana", colour="red")


@pytest.mark.parametrize("name", ["", "monitoring.objectives", "Lamps", "1st", "a b", "x" * 50])
def test_a_name_that_could_be_no_schema_is_refused_where_it_is_written(name: str) -> None:
    with pytest.raises(TypeError, match="has a name such as"):
        Projection(name, tables=[])
