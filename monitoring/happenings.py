"""What happens outside and shows in measurements: holidays, weather, a supplier that fails."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from monitoring.kinds import Kind, Point
from monitoring.kinds.framed import names_in
from monitoring.kinds.outside import LeavesOut, marked
from monitoring.models import HappeningRow, MonitorRow
from monitoring.queries import without_nul

LATEST = ("-since", "-id")
ON_CHARTS = 20


def happenings(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    category: str = "",
    region: str = "",
    search: str = "",
) -> QuerySet[HappeningRow]:
    """Those that overlap a time, of a category, in a region or everywhere, called so."""
    rows = HappeningRow.objects.all()
    if since:
        rows = rows.filter(Q(until__isnull=True) | Q(until__gt=since))
    if until:
        rows = rows.filter(since__lte=until)
    if category:
        rows = rows.filter(category=without_nul(category))
    if region:
        region = without_nul(region)
        rows = rows.filter(Q(regions__contains=[region]) | Q(regions=[]))
    if search:
        rows = rows.filter(title__icontains=without_nul(search))
    return rows


def spans(start: datetime, end: datetime) -> list[tuple[datetime, datetime, str, str]]:
    """What happened between two times, as charts shade it: the latest, at most twenty."""
    rows = happenings(since=start, until=end).order_by(*LATEST)[:ON_CHARTS]
    return [(max(row.since, start), min(row.until or end, end), "shade", row.title) for row in rows]


def intervals(
    categories: Collection[str], after: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """When something of these categories happened between two times."""
    rows = happenings(since=after, until=until).filter(category__in=list(categories))
    return [
        (row.since.astimezone(UTC), (row.until or until).astimezone(UTC))
        for row in rows.order_by("since")
    ]


def leaving_out(categories: Collection[str]) -> list[UUID]:
    """The monitors in service that are told to leave any of these categories out."""
    told = MonitorRow.objects.filter(parameters__leave_out__gt="")
    listed = told.values_list("id", "parameters__leave_out")
    return [id for id, names in listed if not set(categories).isdisjoint(names_in(names))]


@dataclass(slots=True)
class Calendar:
    """What goes on between two times, looked up once for each choice of categories."""

    after: datetime
    until: datetime
    known: dict[tuple[str, ...], list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def mark(self, kind: Kind, points: Sequence[Point]) -> Sequence[Point]:
        """The points, those marked that the kind is to pass over."""
        if not isinstance(kind, LeavesOut) or not kind.left_out:
            return points
        if kind.left_out not in self.known:
            self.known[kind.left_out] = intervals(kind.left_out, self.after, self.until)
        return marked(points, self.known[kind.left_out])


def mark(kind: Kind, points: Sequence[Point]) -> Sequence[Point]:
    """The same of the points of one monitor, in time order."""
    return Calendar(points[0].time, points[-1].time).mark(kind, points) if points else points
