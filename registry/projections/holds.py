"""Events of holds → the rows that guarded acts look at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from eventlog.projections import Projection
from eventlog.records import Record
from registry.events import HoldLifted, HoldPlaced
from registry.models import HoldRow

holds = Projection("holds", tables=["registry_hold"])


def _id(record: Record) -> UUID:
    return UUID(record.stream.partition(":")[2])


@holds.on(HoldPlaced)
def show_placed(event: HoldPlaced, record: Record) -> None:
    HoldRow.objects.create(
        id=_id(record),
        version=record.version,
        entity=event.entity,
        reason=event.reason,
        sentence=event.sentence,
        since=datetime.fromisoformat(event.since),
        until=datetime.fromisoformat(event.until) if event.until else None,
        placed_at=record.occurred_at,
        placed_by=record.actor,
    )


@holds.on(HoldLifted)
def show_lifted(event: HoldLifted, record: Record) -> None:
    HoldRow.objects.filter(id=_id(record)).update(
        version=record.version, lifted_at=record.occurred_at, lifted_why=event.why
    )
