"""Events of things and edges → the graph.

A row of an edge is a belief. It is closed, and never changed, when another one takes its place; so
the graph can be asked what was so at an instant, and what was believed at an instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from eventlog.core import canonical
from eventlog.projections import Projection
from eventlog.records import Record
from registry.events import (
    EdgeCorrected,
    EdgeCounted,
    EdgeDrawn,
    EdgeRetracted,
    EdgeRuledOut,
    EntityDescribed,
    EntityRegistered,
)
from registry.models import EdgeRow, EntityRow, FactRow
from registry.refs import node_of
from registry.state import newest

things = Projection(
    "things",
    tables=["registry_entity", "registry_fact"],
    conflicts={
        "registry_entity_pkey": ("name_taken", "Another name has the same digest: choose another.")
    },
)
edges = Projection("edges", tables=["registry_edge"])


@things.on(EntityRegistered)
def show_registered(event: EntityRegistered, record: Record) -> None:
    EntityRow.objects.create(
        id=node_of(record.stream),
        ref=record.stream,
        revision=record.version,
        kind=event.kind,
        namespace=event.namespace,
        name=event.name,
        version=event.version,
        registered_at=record.occurred_at,
        registered_by=record.actor,
        changed_at=record.occurred_at,
    )


@things.on(EntityDescribed)
def show_described(event: EntityDescribed, record: Record) -> None:
    row = EntityRow.objects.get(id=node_of(record.stream))
    row.facts = _newest(row.facts, event.facts, event.observed)
    row.facets = _newest(row.facets, event.facets, event.observed)
    row.revision, row.changed_at = record.version, record.occurred_at
    row.save()
    FactRow.objects.bulk_create(
        FactRow(
            entity_id=row.id,
            version=record.version,
            is_facet=is_facet,
            name=name,
            value=canonical(value).decode(),
            observed=datetime.fromisoformat(event.observed),
            recorded_at=record.recorded_at,
        )
        for is_facet, values in ((False, event.facts), (True, event.facets))
        for name, value in sorted(values.items())
    )


def _newest(known: Mapping[str, Any], values: Mapping[str, Any], at: str) -> dict[str, list[Any]]:
    pairs = {name: (value, observed) for name, (value, observed) in known.items()}
    return {name: list(pair) for name, pair in newest(pairs, values, at).items()}


def _edge(record: Record) -> UUID:
    return UUID(record.stream.partition(":")[2])


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _believed(record: Record) -> EdgeRow | None:
    """What was believed last; it may have been retracted since."""
    return EdgeRow.objects.filter(edge=_edge(record)).order_by("-revision").first()


def _close(record: Record) -> None:
    rows = EdgeRow.objects.filter(edge=_edge(record), recorded_to=None)
    rows.update(recorded_to=record.recorded_at, version=record.version)


@edges.on(EdgeDrawn)
def show_drawn(event: EdgeDrawn, record: Record) -> None:
    before = _believed(record)
    EdgeRow.objects.create(
        edge=_edge(record),
        revision=before.revision + 1 if before else 1,
        kind=event.kind,
        source_id=node_of(event.source),
        target_id=node_of(event.target),
        source_kind=event.source.partition(":")[0],
        target_kind=event.target.partition(":")[0],
        valid_from=datetime.fromisoformat(event.since),
        valid_to=_time(event.until),
        recorded_from=record.recorded_at,
        recorded_by=record.actor,
        version=record.version,
        counts=before.counts if before else {},
        facets=before.facets if before else {},
    )


@edges.on(EdgeCorrected)
def show_corrected(event: EdgeCorrected, record: Record) -> None:
    believed = EdgeRow.objects.get(edge=_edge(record), recorded_to=None)
    _close(record)
    EdgeRow.objects.create(
        edge=believed.edge,
        revision=believed.revision + 1,
        kind=believed.kind,
        source_id=believed.source_id,
        target_id=believed.target_id,
        source_kind=believed.source_kind,
        target_kind=believed.target_kind,
        valid_from=datetime.fromisoformat(event.since),
        valid_to=_time(event.until),
        recorded_from=record.recorded_at,
        recorded_by=record.actor,
        version=record.version,
        counts=believed.counts,
        facets=believed.facets,
    )


@edges.on(EdgeCounted)
def show_counted(event: EdgeCounted, record: Record) -> None:
    row = _believed(record)
    if row is not None:
        EdgeRow.objects.filter(edge=row.edge, revision=row.revision).update(
            counts=_newest(row.counts, event.counts, event.observed),
            facets=_newest(row.facets, event.facets, event.observed),
            version=record.version,
        )


@edges.on(EdgeRetracted, EdgeRuledOut)
def show_retracted(event: EdgeRetracted | EdgeRuledOut, record: Record) -> None:
    _close(record)
