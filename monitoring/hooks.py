"""Changes to named things: what the log knows of them, whom they concern, and watching closely."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Greatest

from access.changes import kinds as kinds_of_changes
from eventlog import reading
from eventlog.db import fast_cursor
from eventlog.records import Record
from monitoring import kinds
from monitoring.kinds.change_hook import ChangeHook
from monitoring.models import Evaluation, MonitorRow, NoticeRow
from monitoring.queries import without_nul
from monitoring.state import Urgency
from registry.queries import lineage, things
from registry.queries.lineage import Question, TooSlow

LATEST = ("-made_at", "-id")
INSTANT = timedelta(microseconds=1)
MOST_DEPENDANTS = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to a thing, as its event tells it. `event` is the event's id."""

    event: str
    entity: str
    family: str
    routine: bool
    sentence: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Dependants:
    """What depends on a thing, by ref with its owner or an empty text, the nearest first.

    `whole` says that there are no more.
    """

    owners: dict[str, str]
    whole: bool = True


def change_of(record: Record) -> Change | None:
    """The change that an event is; None where no app calls it one."""
    kind = kinds_of_changes().get(record.type)
    if kind is None:
        return None
    said = record.event.payload()
    return Change(
        event=str(record.event_id),
        entity=kind.subject_of(record.stream, said),
        family=kind.family_of(said),
        routine=kind.is_routine(said),
        sentence=kind.sentence(said),
        at=record.occurred_at,
        by=record.actor,
    )


def changes_to(entity: str, after: datetime, until: datetime) -> list[Change]:
    """Changes to a thing later than `after`, up to and with `until`, at most a thousand."""
    records = reading.about(entity, after + INSTANT, until + INSTANT)
    found = (change_of(record) for record in records)
    return [change for change in found if change is not None and change.entity == entity]


def hooks_on(change: Change) -> list[tuple[MonitorRow, ChangeHook]]:
    """The monitors in service that are there for such a change."""
    rows = MonitorRow.objects.filter(
        kind=ChangeHook.name, paused=False, parameters__entity=change.entity
    )
    made = [(row, kinds.make(row.kind, row.parameters)) for row in rows.order_by("id")]
    return [
        (row, kind)
        for row, kind in made
        if isinstance(kind, ChangeHook) and kind.counts(change.family, change.routine)
    ]


def dependants_of(entity: str, also: Iterable[str], at: datetime) -> Dependants:
    """What the registry knows to depend on a thing, and what is said to by `also`."""
    start = things.entity(entity)
    found, whole = dict[str, str](), True
    if start is not None:
        try:
            reached = lineage.downstream(start, Question(at, most=MOST_DEPENDANTS))
        except TooSlow:
            whole = False
        else:
            whole = not reached.truncated
            nearest = sorted(reached.distances, key=lambda id: (reached.distances[id], id))
            near = [reached.things[id] for id in nearest if id in reached.things]
            found = {row.ref: _owner(things.told(row.facts)) for row in near}
    for ref in sorted({*also} - {*found, entity}):
        row = things.entity(ref)
        found[ref] = _owner(things.told(row.facts)) if row else ""
    return Dependants(found, whole)


def _owner(facts: dict[str, object]) -> str:
    return str(facts.get("owner") or facts.get("team") or "")


def watch_closely(refs: Collection[str], until: datetime, now: datetime) -> int:
    """Has the monitors that speak for these evaluated at once, and before others until then."""
    about = MonitorRow.objects.filter(subjects__has_any_keys=list(refs)).values("id")
    return Evaluation.objects.filter(monitor__in=about).update(
        urgent=True, closely_until=Greatest("closely_until", Value(until)), due_at=now
    )


RELAX = """
UPDATE monitoring_evaluation AS e SET closely_until = NULL, urgent = (m.urgency = %s)
FROM monitoring_monitor m WHERE m.id = e.monitor AND e.closely_until <= %s
"""


def relax(now: datetime) -> int:
    """Ends the close watching whose time is over; returns of how many monitors."""
    with fast_cursor() as cursor:
        cursor.execute(RELAX, (str(Urgency.PAGE), now))
        return int(cursor.rowcount)


def notices(entity: str = "", owner: str = "", monitor: UUID | None = None) -> QuerySet[NoticeRow]:
    """What owners were told: of a thing or of what depends on it, to one of them, by a monitor."""
    rows = NoticeRow.objects.all()
    if entity:
        entity = without_nul(entity)
        rows = rows.filter(Q(entity=entity) | Q(subjects__contains=[entity]))
    if owner:
        rows = rows.filter(owners__contains=[{"owner": without_nul(owner)}])
    return rows.filter(monitor=monitor) if monitor else rows
