"""Lists of incidents: the board, searches, and the situation in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from access.paging import DEFAULT_LIMIT, page_of
from incidents.models import IncidentRow, RoleRow
from incidents.policy import CLOSED_SHOWN_FOR, COMMANDER_WITHIN, UPDATE_EVERY, update_due
from incidents.queries.names import named, names_of
from incidents.queries.values import Card, Cards, Counts
from incidents.sentences import OUTCOME_WORDS

ACTIVE = Q(status="open") & ~Q(breaches__gt=0, breaches_open=0) | Q(
    status="resolved", breaches_open__gt=0
)
RECOVERING = Q(status="open", breaches__gt=0, breaches_open=0)
WORST_FIRST = ("severity", "-number")


def active(now: datetime, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Cards:
    """Incidents that need somebody, worst first. Raises `BadCursor`."""
    return _cards(IncidentRow.objects.filter(ACTIVE), WORST_FIRST, now, cursor, limit)


def recovering(now: datetime, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Cards:
    """Open incidents whose breaches have all ended, worst first. Raises `BadCursor`."""
    return _cards(IncidentRow.objects.filter(RECOVERING), WORST_FIRST, now, cursor, limit)


def closed(now: datetime, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Cards:
    """Incidents resolved in the last seven days, newest first. Raises `BadCursor`."""
    lately = Q(resolved_at__gt=now - CLOSED_SHOWN_FOR)
    rows = IncidentRow.objects.filter(lately).exclude(ACTIVE)
    return _cards(rows, ("-resolved_at", "-number"), now, cursor, limit)


def led_by(
    person: str, now: datetime, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Cards:
    """Open incidents in which somebody holds a role, worst first. Raises `BadCursor`."""
    held = RoleRow.objects.filter(person=person).values("incident")
    rows = IncidentRow.objects.filter(status="open", id__in=held)
    return _cards(rows, WORST_FIRST, now, cursor, limit)


def search(
    *,
    now: datetime,
    statuses: Sequence[str] = (),
    severities: Sequence[int] = (),
    subject: str = "",
    number: int | None = None,
    text: str = "",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Cards:
    """Incidents that meet every given condition, newest first. Raises `BadCursor`."""
    rows = IncidentRow.objects.all()
    if statuses:
        rows = rows.filter(status__in=statuses)
    if severities:
        rows = rows.filter(severity__in=severities)
    if subject:
        rows = rows.filter(subjects__contains=[subject])
    if number is not None:
        rows = rows.filter(number=number)
    if text:
        rows = rows.filter(title__icontains=text)
    return _cards(rows, ("-number",), now, cursor, limit)


def counts(now: datetime) -> Counts:
    """The situation in numbers, in one query."""
    severity = {
        f"sev{level}": Count("id", filter=ACTIVE & Q(severity=level)) for level in UPDATE_EVERY
    }
    lately = Q(resolved_at__gt=now - CLOSED_SHOWN_FOR)
    found = IncidentRow.objects.filter(Q(status="open") | lately | ACTIVE).aggregate(
        active=Count("id", filter=ACTIVE),
        recovering=Count("id", filter=RECOVERING),
        closed=Count("id", filter=lately & ~Q(status="open") & ~ACTIVE),
        no_commander=Count("id", filter=Q(status="open", commander="")),
        overdue=Count("id", filter=_overdue(now)),
        **severity,
    )
    worst = next((level for level in UPDATE_EVERY if found[f"sev{level}"]), 0)
    return Counts(
        active=found["active"],
        recovering=found["recovering"],
        closed=found["closed"],
        worst=worst,
        at_worst=found.get(f"sev{worst}", 0),
        no_commander=found["no_commander"],
        overdue=found["overdue"],
    )


def _overdue(now: datetime) -> Q:
    """Open incidents whose stakeholders should have heard by now."""
    late = Q()
    for severity, every in UPDATE_EVERY.items():
        before = now - every
        late |= Q(severity=severity) & (
            Q(told_at__lt=before) | Q(told_at=None, declared_at__lt=before)
        )
    return Q(status="open") & late


def _cards(
    rows: QuerySet[IncidentRow],
    order: Sequence[str],
    now: datetime,
    cursor: str | None,
    limit: int,
) -> Cards:
    page = page_of(rows, order, cursor, limit)
    names = names_of(row.commander for row in page.rows)
    return Cards([card_of(row, names, now) for row in page.rows], page.next)


def card_of(row: IncidentRow, names: Mapping[str, str], now: datetime) -> Card:
    """A row with its judgements at `now`; `names` has the commander's."""
    is_open = row.status == "open"
    due = update_due(row.severity, row.told_at or row.declared_at) if is_open else None
    alone = is_open and not row.commander
    return Card(
        id=row.id,
        ref=f"incident:{row.id}",
        version=row.version,
        number=row.number,
        title=row.title,
        kind=row.kind,
        severity=row.severity,
        phase=row.phase,
        phase_since=row.phase_since,
        status=row.status,
        environment=row.environment,
        subjects=row.subjects,
        commander=named(row.commander, names),
        started_at=row.onset_best or row.declared_at,
        declared_at=row.declared_at,
        changed_at=row.changed_at,
        told_at=row.told_at,
        update_due_at=due,
        overdue=due is not None and due < now,
        unmanaged=alone and now - row.declared_at > COMMANDER_WITHIN[row.severity],
        proposal=_proposal(row),
        impact=row.impact,
        outcome=row.outcome,
        outcome_words=OUTCOME_WORDS.get(row.outcome, ""),
        confidence=row.confidence,
        verified=row.verified,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        messages=row.messages,
        participants=row.participants,
        follow_ups=row.follow_ups,
        follow_ups_done=row.follow_ups_done,
        breaches=row.breaches,
        breaches_open=row.breaches_open,
    )


def _proposal(row: IncidentRow) -> str:
    if row.status == "open":
        return "resolve" if row.breaches and not row.breaches_open else ""
    return "reopen" if row.breaches_open else ""
