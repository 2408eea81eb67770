"""What happens outside and shows in measurements: holidays, weather, a supplier that fails."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from monitoring.models import HappeningRow
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
