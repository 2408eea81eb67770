"""One cause, one incident: numbers, declarations, and breaches that declare or join."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from eventlog.core import Conflict, Context
from eventlog.store import Receipt, execute
from incidents.commands import AttachBreach, Declare, RecordRecovery
from incidents.models import BreachRow, IncidentRow
from incidents.policy import cause_key, continues, severity_of

ATTEMPTS = 5
LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach that should become an incident, or join one."""

    breach: str
    monitor: str
    monitor_name: str
    title: str
    sentence: str
    urgency: str
    severity: int | None
    environment: str
    subjects: list[str]
    opened_at: datetime
    onset: dict[str, str] | None = None

    @property
    def cause(self) -> str:
        """The dedup key; a monitor without subjects is its own cause."""
        return cause_key(self.environment, self.subjects or [self.monitor], self.urgency)


def next_number() -> int:
    """A number that no incident has. Numbers grow; a refused declaration leaves a gap."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('incidents_number'), coalesce(max(number), 0) FROM incidents_incident"
        )
        number, highest = cursor.fetchone()
        if number <= highest:
            # The log came from another installation, whose numbers this sequence never drew.
            cursor.execute("SELECT setval('incidents_number', %s)", [highest + 1])
            number = highest + 1
    return int(number)


def declare(command: Declare, context: Context) -> Receipt:
    """Declares; raises a `Conflict` that names the open incident with the same cause."""
    try:
        return execute(command, context)
    except Conflict as conflict:
        if conflict.code != "same_cause":
            raise
        standing = IncidentRow.objects.filter(open_key=command.dedup_key).first()
        number = standing.number if standing else None
        raise Conflict(
            f"Incident #{number} about the same is open already.", "same_cause", "subjects", number
        ) from conflict


def take_in(breach: Breach, at: datetime, declaring: Context, attaching: Context) -> None:
    """Declares an incident for the breach, or attaches it to the one of the same cause.

    Safe to repeat, and safe beside anybody else who declares: the database lets one through.
    """
    for _ in range(ATTEMPTS):
        if BreachRow.objects.filter(breach=breach.breach).exists():
            return
        standing = _standing(breach)
        if standing:
            execute(_attachment(breach, str(standing.id), at), attaching)
            return
        try:
            execute(_declaration(breach, at, declaring), declaring)
            return
        except Conflict as conflict:
            if conflict.code != "same_cause":
                raise
    raise Conflict("Others kept declaring and resolving at the same moment.", "busy")


def _standing(breach: Breach) -> IncidentRow | None:
    """The open incident of this cause, or a past one that the breach continues."""
    same = IncidentRow.objects.filter(dedup_key=breach.cause)
    past = same.exclude(status="open").order_by("-number")[:LOOKED_AT]
    return same.filter(status="open").first() or next(
        (row for row in past if _is_continued(row, breach.opened_at)), None
    )


def _is_continued(row: IncidentRow, opened_at: datetime) -> bool:
    ended_at = row.ended_at or row.resolved_at
    started_at = row.onset_best or row.declared_at
    return ended_at is not None and continues(opened_at, started_at, ended_at)


def _attachment(breach: Breach, incident: str, at: datetime) -> AttachBreach:
    return AttachBreach(
        incident=incident,
        at=at,
        breach=breach.breach,
        monitor=breach.monitor,
        sentence=breach.sentence,
        opened_at=breach.opened_at,
        urgency=breach.urgency,
        monitor_name=breach.monitor_name,
        subjects=breach.subjects,
    )


def _declaration(breach: Breach, at: datetime, context: Context) -> Declare:
    incident = str(context.command_id)
    return Declare(
        incident=incident,
        at=at,
        number=next_number(),
        title=breach.title,
        severity=severity_of(breach.urgency, breach.severity),
        declared_by=breach.breach,
        environment=breach.environment,
        subjects=breach.subjects,
        dedup_key=breach.cause,
        onset=breach.onset,
        trigger=_attachment(breach, incident, at).attached(),
    )


def record_recovery(
    breach: str, monitor: str, recovered_at: datetime, sentence: str, at: datetime, context: Context
) -> None:
    """Tells the incident that has the breach, if any, that it is over."""
    attached = BreachRow.objects.filter(breach=breach).first()
    if attached is None:
        return
    command = RecordRecovery(
        incident=str(attached.incident),
        at=at,
        breach=breach,
        monitor=monitor,
        monitor_name=attached.monitor_name,
        recovered_at=recovered_at,
        sentence=sentence,
    )
    execute(command, context)
