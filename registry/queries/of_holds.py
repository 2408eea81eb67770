"""Holds as rows, for pages, the API and other apps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from registry.models import HoldRow

LATEST = ("-placed_at", "id")


def holds(entity: str = "", at: datetime | None = None) -> QuerySet[HoldRow]:
    """Holds, on one entity if asked; with `at`, those that stand then."""
    rows = HoldRow.objects.all()
    if entity:
        rows = rows.filter(entity=entity.replace("\0", ""))
    return standing(rows, at) if at is not None else rows


def standing(rows: QuerySet[HoldRow], at: datetime) -> QuerySet[HoldRow]:
    """Those of the holds that stand at a time."""
    return rows.filter(Q(until=None) | Q(until__gt=at), since__lte=at, lifted_at=None)


def held(entities: Iterable[str], at: datetime) -> HoldRow | None:
    """The oldest hold that stands on any of the entities."""
    rows = HoldRow.objects.filter(entity__in=sorted(set(entities)))
    return standing(rows, at).order_by("since", "id").first()
