"""An incident as a document: Markdown for people, JSON for programs, CSV for tables.

All are functions of the log and of today's names: the same log gives the same bytes. Events in
the JSON are as stored, so that their hashes can be checked; personal fields stay ciphertext
there, and what the channel and the retrospective say, as far as it was not removed, stands
beside them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from eventlog import keys
from eventlog.core import ERASED, event_types
from eventlog.records import Record
from eventlog.store import read_stream
from incidents import queries
from incidents.events import MessagePosted, SectionWritten
from incidents.parts import part_of
from incidents.queries import EVERYTHING, Detail, Entry, Named, Wanted, detail, entries_of
from incidents.sentences import OUTCOME_WORDS

SCHEMA = "dropstitch incident 1"
PAGE = 1_000
COLUMNS = (
    *("version", "event_id", "occurred_at", "recorded_at"),
    *("part", "type", "actor", "name", "what"),
)


def records_of(incident: UUID | str, wanted: Wanted = EVERYTHING) -> list[Record]:
    """Events of an incident, oldest first; removed texts are gone from them at once."""
    records: list[Record] = []
    while page := queries.records_of(incident, records[-1].version if records else 0, PAGE, wanted):
        records += page
    keys.refresh(record.text for record in records)
    return records


def as_json(incident: UUID | str, wanted: Wanted = EVERYTHING) -> bytes:
    """The events as stored, and the texts that can still be read. Ends with a line feed."""
    records = records_of(incident, wanted)
    document = {
        "schema": SCHEMA,
        "incident": str(incident),
        "number": queries.number_of(incident),
        "version": records[-1].version if records else 0,
        "events": [_stored(record) for record in records],
        "messages": [_said(record) for record in records if _is_message(record)],
        "sections": [_written(record) for record in records if record.type == SectionWritten.type],
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=options)


def _stored(record: Record) -> dict[str, Any]:
    return {
        "event_id": str(record.event_id),
        "version": record.version,
        "type": record.type,
        "schema": record.schema,
        "occurred_at": _utc(record.occurred_at),
        "recorded_at": _utc(record.recorded_at),
        "actor": record.actor,
        "command_id": str(record.command_id),
        "correlation_id": str(record.correlation_id) if record.correlation_id else None,
        "causation_id": str(record.causation_id) if record.causation_id else None,
        "refs": list(record.refs),
        "payload": orjson.loads(record.text),
        "hash": bytes(record.hash).hex(),
    }


def _is_message(record: Record) -> bool:
    return record.type == MessagePosted.type


def _said(record: Record) -> dict[str, Any]:
    text = record.payload["text"]
    return {
        "event_id": str(record.event_id),
        "message": record.payload["message"],
        "author": record.actor,
        "at": _utc(record.occurred_at),
        "text": None if text is ERASED else text,
    }


def _written(record: Record) -> dict[str, Any]:
    event: Any = record.event
    return {
        "event_id": str(record.event_id),
        "section": event.section,
        "revision": event.revision,
        "author": event.person,
        "at": _utc(record.occurred_at),
        "text": None if event.text is ERASED else event.text,
    }


def as_markdown(incident: UUID | str, wanted: Wanted = EVERYTHING) -> str:
    """Summary, roles, impact, follow-ups and the timeline, each line with its event id."""
    records = records_of(incident, wanted)
    # Judged at the last event, so that the document does not depend on when it is asked for.
    newest = read_stream(f"incident:{incident}", (queries.version_of(incident) or 1) - 1)
    page = detail(incident, newest[-1].occurred_at)
    assert page is not None, "an incident in the log has its row"
    return "\n".join([*_summary(page), "", *_timeline(records, entries_of(records)), ""])


def as_csv(incident: UUID | str, wanted: Wanted = EVERYTHING) -> str:
    """The timeline as a table, with whole messages (RFC 4180)."""
    records = records_of(incident, wanted)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for record, entry in zip(records, entries_of(records), strict=True):
        said = record.payload["text"] if _is_message(record) else ""
        row = (
            entry.version,
            entry.event_id,
            _utc(entry.at),
            _utc(entry.recorded_at),
            part_of(entry.type) if entry.type in event_types() else "",
            entry.type,
            entry.actor.ref,
            entry.actor.name,
            said or entry.sentence,
        )
        writer.writerow([_harmless(str(value)) for value in row])
    return table.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _summary(page: Detail) -> Iterator[str]:
    card = page.card
    yield f"# #{card.number} {_line(card.title)}"
    yield ""
    yield f"- Severity: SEV{card.severity}" + (", drill" if card.kind == "drill" else "")
    yield f"- Phase: {card.phase} since {_utc(card.phase_since)}"
    yield f"- Declared: {_utc(card.declared_at)}"
    yield f"- Onset: {_onset(page)}"
    if card.outcome:
        checked = "verified" if card.verified else "not verified"
        words = OUTCOME_WORDS[card.outcome]
        yield f"- Outcome: {words}, {card.confidence} confidence, {checked}"
    for subject in card.subjects:
        yield f"- Subject: {subject}"
    yield from _roles(page)
    yield from _impact(page)
    yield from _follow_ups(page)


def _onset(page: Detail) -> str:
    if page.onset_best is None:
        return "unknown"
    ends = [page.onset_earliest, page.onset_latest]
    around = f" ({' … '.join(_utc(end) if end else '?' for end in ends)})" if any(ends) else ""
    return f"{_utc(page.onset_best)}{around}, basis: {_line(page.onset_basis) or 'not stated'}"


def _roles(page: Detail) -> Iterator[str]:
    yield from ["", "## Roles", ""]
    for role in page.roles:
        yield f"- {role.role.capitalize()}: {_name(role.person)}"
    for person in page.participants:
        function = f", {person.function}" if person.function else ""
        yield f"- Took part: {_name(person.person)}{function}"


def _impact(page: Detail) -> Iterator[str]:
    yield from ["", "## Impact", ""]
    if not page.impacts:
        yield "Nobody has stated the impact."
    for impact in page.impacts:
        values = [
            f"{v:g}" if v is not None else "?" for v in (impact.low, impact.best, impact.high)
        ]
        stated = any(v is not None for v in (impact.low, impact.best, impact.high))
        figure = f" ({values[1]}, from {values[0]} to {values[2]} {impact.unit})" if stated else ""
        yield f"- {_utc(impact.stated_at)} {_name(impact.stated_by)}: {_line(impact.text)}{figure}"


def _follow_ups(page: Detail) -> Iterator[str]:
    yield from ["", "## Follow-ups", ""]
    if not page.follow_ups:
        yield "None."
    for item in page.follow_ups:
        done = "x" if item.done_at else " "
        due = f", due {_utc(item.due_at)}" if item.due_at else ""
        about = f"{item.priority}, {item.intent}, {_name(item.owner)}{due}"
        yield f"- [{done}] {_line(item.title)} ({about})"


def _timeline(records: list[Record], entries: list[Entry]) -> Iterator[str]:
    yield from ["## Timeline", ""]
    for record, entry in zip(records, entries, strict=True):
        said = record.payload["text"] if _is_message(record) else ""
        sentence = "wrote:" if said else _line(entry.sentence)
        yield f"- {_utc(entry.at)} **{_line(entry.actor.name)}** {sentence} `{entry.event_id}`"
        yield from (f"  > {line}" for line in said.splitlines())


def _name(who: Named | None) -> str:
    return _line(who.name) if who else "nobody"


def _line(text: str) -> str:
    return " ".join(text.split())


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of document: what writes it, and as what it is sent and saved."""

    write: Callable[[UUID | str, Wanted], str | bytes]
    content_type: str
    ending: str


FORMATS = {
    "markdown": Format(as_markdown, "text/markdown; charset=utf-8", "md"),
    "json": Format(as_json, "application/json", "json"),
    "csv": Format(as_csv, "text/csv; charset=utf-8", "csv"),
}
