"""One incident, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from incidents.models import (
    BreachRow,
    FollowUpRow,
    ImpactRow,
    IncidentRow,
    ParticipantRow,
    PhaseRow,
    RoleRow,
    UpdateRow,
)
from incidents.queries.lists import card_of
from incidents.queries.names import actor, named, names_of
from incidents.queries.values import (
    AttachedBreach,
    Detail,
    FollowUp,
    Impact,
    Named,
    Participant,
    Phase,
    Role,
    Update,
)
from incidents.state import ROLES


def by_number(number: int) -> UUID | None:
    """Id of the incident with a number."""
    return IncidentRow.objects.filter(number=number).values_list("id", flat=True).first()


def number_of(incident: UUID | str) -> int | None:
    """The number by which people call an incident."""
    return IncidentRow.objects.filter(id=incident).values_list("number", flat=True).first()


def version_of(incident: UUID | str) -> int | None:
    """The version of an incident's stream, None when there is no such incident."""
    return IncidentRow.objects.filter(id=incident).values_list("version", flat=True).first()


def detail(incident: UUID | str, now: datetime) -> Detail | None:
    """One incident, None when there is none. Twelve queries at most."""
    row = IncidentRow.objects.filter(id=incident).first()
    if row is None:
        return None
    here = {"incident": row.id}
    roles = {role.role: role for role in RoleRow.objects.filter(**here)}
    people = list(ParticipantRow.objects.filter(**here).order_by("joined_at", "person"))
    phases = list(PhaseRow.objects.filter(**here).order_by("version"))
    follow_ups = list(FollowUpRow.objects.filter(**here).order_by("priority", "added_at", "id"))
    breaches = list(BreachRow.objects.filter(**here).order_by("opened_at", "id"))
    impacts = list(ImpactRow.objects.filter(**here).order_by("-version"))
    updates = list(UpdateRow.objects.filter(**here).order_by("-version"))
    names = names_of(
        [row.commander, row.declared_by]
        + [ref for r in roles.values() for ref in (r.person, r.offered_to, r.offered_by)]
        + [p.person for p in people]
        + [f.owner for f in follow_ups]
        + [i.stated_by for i in impacts]
        + [u.posted_by for u in updates]
    )
    return Detail(
        card=card_of(row, names, now),
        onset_earliest=row.onset_earliest,
        onset_best=row.onset_best,
        onset_latest=row.onset_latest,
        onset_basis=row.onset_basis,
        declared_by=actor(row.declared_by, names),
        resolution=row.resolution,
        duplicate_of=row.duplicate_of,
        ended_at=row.ended_at,
        roles=[_role(name, roles.get(name), names) for name in ROLES],
        participants=[Participant(actor(p.person, names), p.function, p.joined_at) for p in people],
        phases=_phases(phases),
        follow_ups=[_follow_up(f, names) for f in follow_ups],
        breaches=[_breach(b) for b in breaches],
        impacts=[_impact(i, names) for i in impacts],
        updates=[
            Update(u.audience, u.text, u.posted_at, actor(u.posted_by, names)) for u in updates
        ],
    )


def _role(name: str, row: RoleRow | None, names: Mapping[str, str]) -> Role:
    if row is None:
        return Role(name, None, None, None, None, None, "")
    return Role(
        role=name,
        person=named(row.person, names),
        since=row.since,
        offered_to=named(row.offered_to, names),
        offered_by=named(row.offered_by, names),
        offered_at=row.offered_at,
        summary=row.summary,
    )


def _phases(rows: Sequence[PhaseRow]) -> list[Phase]:
    ends = [row.entered_at for row in rows[1:]] + [None]
    return [Phase(row.phase, row.entered_at, end) for row, end in zip(rows, ends, strict=False)]


def _follow_up(row: FollowUpRow, names: Mapping[str, str]) -> FollowUp:
    return FollowUp(
        id=row.id,
        title=row.title,
        priority=row.priority,
        intent=row.intent,
        owner=named(row.owner, names),
        added_at=row.added_at,
        due_at=row.due_at,
        done_at=row.done_at,
        state=row.state,
    )


def _breach(row: BreachRow) -> AttachedBreach:
    return AttachedBreach(
        breach=row.breach,
        monitor=Named(row.monitor, row.monitor_name or row.monitor),
        sentence=row.sentence,
        urgency=row.urgency,
        subjects=row.subjects,
        opened_at=row.opened_at,
        attached_at=row.attached_at,
        recovered_at=row.recovered_at,
    )


def _impact(row: ImpactRow, names: Mapping[str, str]) -> Impact:
    by = actor(row.stated_by, names)
    return Impact(row.text, row.unit, row.low, row.best, row.high, row.stated_at, by)
