"""What incidents show on other apps' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from access.panels import provides
from incidents.models import BreachRow, IncidentRow, RoleRow


@provides("incident of a breach")
def incidents_of(refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """The incident that a breach belongs to: its number, address, title and whether it is open."""
    attached = dict(BreachRow.objects.filter(breach__in=refs).values_list("breach", "incident"))
    rows = IncidentRow.objects.in_bulk(attached.values())
    return {ref: _link(rows[id]) for ref, id in attached.items() if id in rows}


@provides("people called by a breach")
def called_by(refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """The people who hold a role of the incident that a breach belongs to."""
    attached = dict(BreachRow.objects.filter(breach__in=refs).values_list("breach", "incident"))
    people: dict[UUID, set[str]] = {}
    held = RoleRow.objects.filter(incident__in=set(attached.values())).exclude(person="")
    for incident, person in held.values_list("incident", "person"):
        people.setdefault(incident, set()).add(person)
    return {ref: sorted(people[id]) for ref, id in attached.items() if id in people}


def _link(row: IncidentRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "url": f"/incidents/{row.number}",
        "title": row.title,
        "open": row.status == "open",
    }
