"""What incidents show on other apps' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from access.panels import provides
from incidents.models import BreachRow, IncidentRow


@provides("incident of a breach")
def incidents_of(refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """The incident that a breach belongs to: its number, address, title and whether it is open."""
    attached = dict(BreachRow.objects.filter(breach__in=refs).values_list("breach", "incident"))
    rows = IncidentRow.objects.in_bulk(attached.values())
    return {ref: _link(rows[id]) for ref, id in attached.items() if id in rows}


def _link(row: IncidentRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "url": f"/incidents/{row.number}",
        "title": row.title,
        "open": row.status == "open",
    }
