"""Things as rows, and what is known about one of them, now or as of a past instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from registry.kinds import CLOSURE
from registry.models import EdgeRow, EntityRow, FactRow

BY_NAME = ("name", "id")
EDGES_LATEST = ("-recorded_from", "edge", "revision")


def entities(kind: str = "", search: str = "", namespace: str | None = None) -> QuerySet[EntityRow]:
    """Things, of one kind, with a text in their names or of one namespace, if asked."""
    rows = EntityRow.objects.all()
    if kind:
        rows = rows.filter(kind=kind.replace("\0", ""))
    if search:
        text = search.replace("\0", "")
        rows = rows.filter(Q(name__icontains=text) | Q(version=text) | Q(ref=text))
    return rows if namespace is None else rows.filter(namespace=namespace.replace("\0", ""))


def entity(ref: str) -> EntityRow | None:
    """The thing that a ref names."""
    return EntityRow.objects.filter(ref=ref.replace("\0", "")).first()


def unknown(refs: Iterable[str]) -> list[str]:
    """Those of the refs that name nothing, sorted."""
    wanted = set(refs)
    known = EntityRow.objects.filter(ref__in=wanted).values_list("ref", flat=True)
    return sorted(wanted - set(known))


def counts_of_kinds() -> dict[str, int]:
    """How many things of each kind there are."""
    return dict(EntityRow.objects.values_list("kind").annotate(Count("id")))


def told(known: Mapping[str, Any]) -> dict[str, Any]:
    """The values that count, without those that were taken back."""
    pairs = ((name, value) for name, (value, _) in sorted(known.items()))
    return {name: value for name, value in pairs if not is_gone(value)}


def is_gone(value: Any) -> bool:
    """Whether an observation says that there is none any more: null, or a facet's `_deleted`."""
    return value is None or (isinstance(value, dict) and value.get("_deleted") is True)


def observed(
    row: EntityRow, at: datetime | None = None, known_at: datetime | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts and facets of a thing: as they were at an instant, by what was recorded by another."""
    if at is None and known_at is None:
        return told(row.facts), told(row.facets)
    rows = FactRow.objects.filter(entity_id=row.id)
    if at is not None:
        rows = rows.filter(observed__lte=at)
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    newest = rows.order_by("is_facet", "name", "-observed", "-value").distinct("is_facet", "name")
    facts: dict[str, Any] = {}
    facets: dict[str, Any] = {}
    for one in newest:
        value = orjson.loads(one.value)
        if not is_gone(value):
            (facets if one.is_facet else facts)[one.name] = value
    return facts, facets


def edges(entity: EntityRow | None = None, kind: str = "") -> QuerySet[EdgeRow]:
    """Edges as they are believed to be now, of one thing or of one kind if asked."""
    rows = EdgeRow.objects.filter(recorded_to=None).select_related("source", "target")
    if entity is not None:
        rows = rows.filter(Q(source_id=entity.id) | Q(target_id=entity.id))
    return rows.filter(kind=kind.replace("\0", "")) if kind else rows


def beliefs(edge: str) -> list[EdgeRow]:
    """All that was believed of an edge, newest first."""
    rows = EdgeRow.objects.filter(edge=edge).select_related("source", "target")
    return list(rows.order_by("-revision"))


def passed(row: EntityRow, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """What went into and came out of a run, None for other things.

    The run's own word counts before the sum over its edges. `ratio` is rows out by rows in, and
    `in_bounds` whether it is as expected: None where that cannot be told.
    """
    if row.kind != "run":
        return None
    found = {
        f"{name}_{way}": facts.get(f"{name}_{way}", _sum(row, name, way))
        for name in ("rows", "bytes")
        for way in ("in", "out")
    }
    rows_in, rows_out = found["rows_in"], found["rows_out"]
    ratio = rows_out / rows_in if rows_in and rows_out is not None else None
    least, most = facts.get("least_ratio"), facts.get("greatest_ratio")
    is_told = ratio is not None and (least is not None or most is not None)
    fits = is_told and (least or 0) <= ratio <= (most if most is not None else ratio)
    return found | {"ratio": ratio, "in_bounds": fits if is_told else None}


def _sum(row: EntityRow, name: str, way: str) -> int | None:
    end, kind = ("target_id", "used") if way == "in" else ("source_id", "generated")
    rows = EdgeRow.objects.filter(**{end: row.id}, kind=kind, recorded_to=None)
    value = Cast(KT(f"counts__{name}__0"), BigIntegerField())
    return rows.aggregate(sum=Sum(value))["sum"]  # type: ignore[no-any-return]


def missing(row: EntityRow, facts: Mapping[str, Any]) -> list[str] | None:
    """What has to be known to train a configured model again and is not; None for other things."""
    if row.kind != "configured_model":
        return None
    lacking = [name for name in CLOSURE if name not in facts]
    based = EdgeRow.objects.filter(target_id=row.id, kind="instance_of", recorded_to=None)
    return lacking if based.exists() else [*lacking, "architecture"]
