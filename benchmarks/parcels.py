"""A small product for measuring: parcels that are scanned on their way, 450 bytes a scan."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from eventlog.core import Command, Event

if TYPE_CHECKING:
    from eventlog.records import Record

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ITEMS = ["merino 4-ply", "circular needle 3.5 mm", "sock pattern"]
NOTE = "Left at the depot because nobody answered; the next attempt is tomorrow morning. " * 4


@dataclass(frozen=True)
class Parcel:
    """What the rules look at."""

    depot: str = ""
    scans: int = 0


class ParcelScanned(Event):
    """A parcel came through a depot."""

    type = "parcel.scanned"
    refs = ("depot",)
    parcel: str
    depot: str
    status: str
    items: list[str]
    note: str

    def evolve(self, state: Parcel) -> Parcel:
        return replace(state, depot=self.depot, scans=state.scans + 1)


class ScanParcel(Command[Parcel]):
    """Says that a parcel is at a depot."""

    blank = Parcel()
    parcel: str
    depot: str

    @property
    def stream(self) -> str:
        return f"parcel:{self.parcel}"

    def decide(self, state: Parcel) -> list[Event]:
        return [scan(self.parcel, state.scans)]


def scan(parcel: str, number: int) -> ParcelScanned:
    """The event of a parcel's scan, 450 bytes as stored."""
    depot, status = f"depot:{number % 7:04}", ("arrived", "sent on")[number % 2]
    return ParcelScanned(
        parcel=parcel, depot=depot, status=f"{status:7}", items=ITEMS, note=NOTE[:286]
    )


def show_parcels() -> type[Any]:
    """Registers the read model, one row for each parcel, and returns its model class.

    Only a process that calls this projects; others measure the log by itself. Django must be up.
    """
    from django.db import models

    from eventlog import rows
    from eventlog.projections import Projection

    class ParcelRow(models.Model):
        id = models.UUIDField(primary_key=True)
        version = models.IntegerField()
        depot = models.TextField(db_index=True)
        status = models.TextField()
        scanned_at = models.DateTimeField(db_index=True)
        items = models.JSONField()

        class Meta:
            app_label = "benchmarks"
            db_table = "benchmarks_parcel"

        def __str__(self) -> str:
            return f"{self.id} at {self.depot}"

    parcels = Projection("benchmarks_parcels", tables=["benchmarks_parcel"])

    @parcels.on(ParcelScanned)
    def show_scanned(event: ParcelScanned, record: Record) -> None:
        seen = {
            "version": record.version,
            "depot": event.depot,
            "status": event.status,
            "scanned_at": record.occurred_at,
            "items": event.items,
        }
        if record.version == 1:
            rows.add(ParcelRow, id=event.parcel, **seen)
        else:
            rows.change(ParcelRow, event.parcel, **seen)

    return ParcelRow


def make_table(row: type[Any]) -> None:
    """Creates the read model's table as the owner, with the application's rights."""
    from django.db import connection

    from benchmarks.installation import owner

    with connection.schema_editor(collect_sql=True) as editor:
        editor.create_model(row)
    with owner() as session:
        for statement in editor.collected_sql:
            session.execute(statement)
        session.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON benchmarks_parcel TO dropstitch_app"
        )


def set_up() -> None:
    """Django in a client process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
