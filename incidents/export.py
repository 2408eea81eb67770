"""An incident as a document: Markdown for people, JSON for programs.

Both are functions of the log and of today's names: the same log gives the same bytes. Events in
the JSON are as stored, so that their hashes can be checked; personal fields stay ciphertext
there, and what the channel says, as far as it was not removed, stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from eventlog.core import ERASED
from eventlog.records import Record
from eventlog.store import read_stream
from incidents.events import MessagePosted
from incidents.queries import Detail, Entry, Named, detail, entries_of
from incidents.sentences import OUTCOME_WORDS

SCHEMA = "dropstitch incident 1"


def records_of(incident: UUID | str) -> list[Record]:
    """Every event of an incident, oldest first."""
    records: list[Record] = []
    while page := read_stream(f"incident:{incident}", after=len(records)):
        records += page
    return records


def as_json(incident: UUID | str) -> bytes:
    """The events as stored, and the messages that can still be read. Ends with a line feed."""
    records = records_of(incident)
    document = {
        "schema": SCHEMA,
        "incident": str(incident),
        "number": records[0].payload["number"],
        "version": records[-1].version,
        "events": [_stored(record) for record in records],
        "messages": [_said(record) for record in records if _is_message(record)],
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


def as_markdown(incident: UUID | str) -> str:
    """Summary, roles, impact, follow-ups and the whole timeline, each line with its event id."""
    records = records_of(incident)
    # Judged at the last event, so that the document does not depend on when it is asked for.
    page = detail(incident, records[-1].occurred_at)
    assert page is not None, "an incident in the log has its row"
    return "\n".join([*_summary(page), "", *_timeline(records, entries_of(records)), ""])


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
