"""Hypotheses as rows, with what speaks for and against each, in the order people gave them."""

from __future__ import annotations

from uuid import UUID

from eventlog import rows
from eventlog.core import Event
from eventlog.projections import Projection
from eventlog.records import Record
from incidents import events
from incidents.models import EvidenceRow, HypothesisRow
from incidents.projections.life import board, change, incident_of, key_of

hypotheses = Projection(
    "incident_hypotheses", tables=["incidents_hypothesis", "incidents_evidence"]
)


@board.on(
    events.HypothesisProposed,
    events.HypothesisChanged,
    events.HypothesisJudged,
    events.EvidenceAdded,
    events.EvidenceWithdrawn,
    events.HypothesesOrdered,
)
def show_version(event: Event, record: Record) -> None:
    change(record)


@hypotheses.on(events.HypothesisProposed)
def show_proposed(event: events.HypothesisProposed, record: Record) -> None:
    rows.add(
        HypothesisRow,
        id=key_of(record, event.hypothesis),
        hypothesis=UUID(event.hypothesis),
        incident=incident_of(record),
        number=event.number,
        place=event.number,  # a new one comes last, and none is ever taken away
        text=event.text,
        cause=event.cause,
        owner=event.owner,
        entities=event.entities,
        proposed_by=record.actor,
        proposed_at=record.occurred_at,
    )


@hypotheses.on(events.HypothesisChanged)
def show_changed(event: events.HypothesisChanged, record: Record) -> None:
    said = {"text": event.text, "cause": event.cause, "owner": event.owner}
    rows.change(HypothesisRow, key_of(record, event.hypothesis), entities=event.entities, **said)


@hypotheses.on(events.HypothesisJudged)
def show_judged(event: events.HypothesisJudged, record: Record) -> None:
    rows.change(
        HypothesisRow,
        key_of(record, event.hypothesis),
        status=event.status,
        reason=event.reason,
        judged_by=record.actor,
        judged_at=record.occurred_at,
    )


@hypotheses.on(events.EvidenceAdded)
def show_evidence(event: events.EvidenceAdded, record: Record) -> None:
    rows.add(
        EvidenceRow,
        id=key_of(record, event.evidence),
        evidence=UUID(event.evidence),
        incident=incident_of(record),
        hypothesis=UUID(event.hypothesis),
        version=record.version,
        side=event.side,
        text=event.text,
        link=event.link,
        added_by=record.actor,
        added_at=record.occurred_at,
    )


@hypotheses.on(events.EvidenceWithdrawn)
def show_withdrawn(event: events.EvidenceWithdrawn, record: Record) -> None:
    rows.change(
        EvidenceRow,
        key_of(record, event.evidence),
        withdrawn_by=record.actor,
        withdrawn_at=record.occurred_at,
        reason=event.reason,
    )


@hypotheses.on(events.HypothesesOrdered)
def show_order(event: events.HypothesesOrdered, record: Record) -> None:
    for place, hypothesis in enumerate(event.order, 1):
        rows.change(HypothesisRow, key_of(record, hypothesis), place=place)
