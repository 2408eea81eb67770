"""Follow-ups over all incidents: lists by what is asked for, and one with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from access.paging import DEFAULT_LIMIT, page_of
from incidents.models import FollowUpEvidenceRow, FollowUpRow, IncidentRow
from incidents.queries.names import actor, named, names_of
from incidents.queries.values import Named

SOONEST_FIRST = ("sorts_at", "id")
NEWEST_FIRST = ("-ended_at", "-id")
VERY_HARD = {"value": "high", "feasibility": "very hard"}
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class FollowUpCard:
    """One follow-up in a list. `state` is open, done or dropped; `overdue` is judged when asked.

    `placed_as` is the function of who placed it on the board, and `confirmed` whether that is one
    that owns priorities. `review_at` says since when an overdue P0 is to be talked about.
    """

    id: UUID
    incident: UUID
    number: int
    incident_title: str
    title: str
    priority: str
    intent: str
    area: str
    owner: Named | None
    done_when: str
    tracker: str
    added_at: datetime
    added_by: Named
    due_at: datetime | None
    overdue: bool
    state: str
    ended_at: datetime | None
    ended_by: Named | None
    ended_why: str
    value: str
    feasibility: str
    placed_by: Named | None
    placed_as: str
    confirmed: bool
    evidence: int
    reminders: int
    reminded_at: datetime | None
    review_at: datetime | None


@dataclass(frozen=True, slots=True)
class FollowUpEvidence:
    """What shows that something was done; `sha256` is of what stands at the address."""

    id: UUID
    text: str
    url: str
    sha256: str
    added_at: datetime
    added_by: Named


@dataclass(frozen=True, slots=True)
class FollowUpView:
    card: FollowUpCard
    evidence: list[FollowUpEvidence]


@dataclass(frozen=True, slots=True)
class FollowUpCards:
    """One page of follow-ups, and the cursor of the next one, None at the end."""

    cards: list[FollowUpCard]
    next: str | None


@dataclass(frozen=True, slots=True)
class FollowUpCounts:
    """Follow-ups in numbers. `review` are overdue P0s, `shelf` what is valuable but very hard."""

    open: int
    overdue: int
    unowned: int
    review: int
    shelf: int
    done: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Which follow-ups: each condition that is given has to hold.

    `which` is open, overdue, review, shelf, done or dropped; `owner` is a ref, or "nobody".
    """

    which: str = "open"
    owner: str = ""
    priority: str = ""
    intent: str = ""
    area: str = ""
    number: int | None = None
    text: str = ""


def follow_ups(
    asked: Asked, now: datetime, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> FollowUpCards:
    """Open ones by their due date, those without one last; ended ones newest first.

    Raises `BadCursor`.
    """
    order = NEWEST_FIRST if asked.which in ("done", "dropped") else SOONEST_FIRST
    page = page_of(_asked(asked, now), order, cursor, limit)
    return FollowUpCards(_cards(page.rows, now), page.next)


def board_of(asked: Asked, now: datetime, limit: int) -> list[FollowUpCard]:
    """Open follow-ups that stand on the board, or wait for a place; soonest due first."""
    return _cards(_asked(asked, now).order_by(*SOONEST_FIRST)[:limit], now)


def follow_up(id: UUID | str, now: datetime) -> FollowUpView | None:
    """One follow-up with its evidence, oldest first; None when there is none."""
    row = FollowUpRow.objects.filter(id=id).first()
    if row is None:
        return None
    kept = list(FollowUpEvidenceRow.objects.filter(follow_up=row.id).order_by("added_at", "id"))
    names = names_of(one.added_by for one in kept)
    shown = [
        FollowUpEvidence(o.id, o.text, o.url, o.sha256, o.added_at, actor(o.added_by, names))
        for o in kept
    ]
    return FollowUpView(_cards([row], now)[0], shown)


def follow_up_counts(now: datetime) -> FollowUpCounts:
    """The situation in numbers, in one query."""
    is_open = Q(state="open")
    found = FollowUpRow.objects.aggregate(
        open=Count("id", filter=is_open),
        overdue=Count("id", filter=_which("overdue", now)),
        unowned=Count("id", filter=is_open & Q(owner="")),
        review=Count("id", filter=_which("review", now)),
        shelf=Count("id", filter=_which("shelf", now)),
        done=Count("id", filter=Q(state="done")),
        dropped=Count("id", filter=Q(state="dropped")),
    )
    return FollowUpCounts(**found)


def _which(which: str, now: datetime) -> Q:
    match which:
        case "overdue":
            return Q(state="open", due_at__lt=now)
        case "review":
            return Q(state="open", review_at__isnull=False)
        case "shelf":
            return Q(state="open", **VERY_HARD)
    return Q(state=which)


def _asked(asked: Asked, now: datetime) -> QuerySet[FollowUpRow]:
    rows = FollowUpRow.objects.filter(_which(asked.which, now))
    given = {"priority": asked.priority, "intent": asked.intent, "area": asked.area}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    if asked.owner:
        rows = rows.filter(owner="" if asked.owner == NOBODY else asked.owner)
    if asked.number is not None:
        rows = rows.filter(
            incident__in=IncidentRow.objects.filter(number=asked.number).values("id")
        )
    if asked.text:
        rows = rows.filter(title__icontains=asked.text)
    return rows


def _cards(
    rows: Sequence[FollowUpRow] | QuerySet[FollowUpRow], now: datetime
) -> list[FollowUpCard]:
    rows = list(rows)
    incidents = IncidentRow.objects.in_bulk([row.incident for row in rows])
    names = names_of(
        ref for row in rows for ref in (row.owner, row.added_by, row.ended_by, row.placed_by)
    )
    return [_card(row, incidents[row.incident], names, now) for row in rows]


def _card(
    row: FollowUpRow, incident: IncidentRow, names: Mapping[str, str], now: datetime
) -> FollowUpCard:
    return FollowUpCard(
        id=row.id,
        incident=row.incident,
        number=incident.number,
        incident_title=incident.title,
        title=row.title,
        priority=row.priority,
        intent=row.intent,
        area=row.area,
        owner=named(row.owner, names),
        done_when=row.done_when,
        tracker=row.tracker,
        added_at=row.added_at,
        added_by=actor(row.added_by, names),
        due_at=row.due_at,
        overdue=row.state == "open" and row.due_at is not None and row.due_at < now,
        state=row.state,
        ended_at=row.ended_at,
        ended_by=named(row.ended_by, names),
        ended_why=row.ended_why,
        value=row.value,
        feasibility=row.feasibility,
        placed_by=named(row.placed_by, names),
        placed_as=row.placed_as,
        confirmed=row.confirmed,
        evidence=row.evidence,
        reminders=row.reminders,
        reminded_at=row.reminded_at,
        review_at=row.review_at,
    )
