"""Every event of an incident as one row of words: for filtered timelines and for search.

The words are those of the event's own fields, and not of its sentence, so that another wording
in another release leaves the rows as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from eventlog import rows
from eventlog.core import Event
from eventlog.projections import Projection
from eventlog.records import Record
from incidents import events
from incidents.models import EntryRow
from incidents.parts import kinds_of_events, part_of
from incidents.projections.life import incident_of
from incidents.words import searchable

SILENT = frozenset({"incident", "message", "client_id", "dedup_key", "follow_up", "missing"})
# Ids, times and refs of people and machines are found by filters, and read by nobody.
NO_WORD = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT\S+|(?:person|token|system|breach|monitor):\S+"
)
OF_HYPOTHESES = frozenset(
    kind.type for kind in kinds_of_events() if part_of(kind.type) == "hypotheses"
)

entries = Projection("incident_entries", tables=["incidents_entry"])


@entries.on(*kinds_of_events())
def show_entry(event: Event, record: Record) -> None:
    rows.add(
        EntryRow,
        id=record.event_id,
        incident=incident_of(record),
        version=record.version,
        type=event.type,
        part=part_of(event.type),
        at=record.occurred_at,
        actor=record.actor,
        about=_removable(event),
        text=searchable(" ".join(_words(event))),
    )
    if isinstance(event, events.MessageRedacted):
        _remove(record, f"message:{event.message}")
    elif isinstance(event, events.SectionRedacted):
        _remove(record, f"section:{event.section}.{event.revision}")


def _removable(event: Event) -> str:
    match event:
        case events.MessagePosted() | events.MessageEdited():
            return f"message:{event.message}"
        case events.SectionWritten():
            return f"section:{event.section}.{event.revision}"
    return ""


def _remove(record: Record, about: str) -> None:
    EntryRow.objects.filter(incident=incident_of(record), about=about).update(text="")


def _words(event: Event) -> Iterator[str]:
    yield event.type.rpartition(".")[2].replace("_", " ")
    for name, value in event.payload().items():
        if name == "severity":
            yield f"SEV{value}"
        elif name == "number":
            yield f"H{value}" if event.type in OF_HYPOTHESES else f"#{value}"
        elif name not in SILENT:
            yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value and not NO_WORD.fullmatch(value):
            yield str(value)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
