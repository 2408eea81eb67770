"""The retrospective of an incident: what the log says, what people wrote, what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventlog import keys
from eventlog.core import UnknownEvent
from eventlog.records import Record
from eventlog.store import read_stream
from incidents.assembly import Fact, Part, Sentence, assemble, spans
from incidents.commands.closing import before_closing, before_review, needs_retrospective
from incidents.events import MessagePosted
from incidents.markup import render
from incidents.models import RetrospectiveRow, SectionRow
from incidents.queries.names import named, names_of
from incidents.queries.record import entries_of
from incidents.queries.values import Entry, Named
from incidents.state import Incident

REFERENCE = re.compile(r"\[t([1-9]\d{0,8})\]")
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Cite:
    """An event that a sentence rests on, and the address that shows it in the timeline."""

    version: int
    event_id: UUID
    url: str


@dataclass(frozen=True, slots=True)
class CitedSentence:
    text: str
    cites: list[Cite]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is asked for and not there."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Length:
    """How long something took, in seconds, with the interval that an uncertain onset leaves."""

    name: str
    basis: str
    seconds: float
    low: float
    high: float
    cites: list[Cite]


@dataclass(frozen=True, slots=True)
class SectionView:
    """One part: people's words in their newest revision (0 for none) beside what the log says."""

    section: str
    title: str
    revision: int
    text: str
    html: str
    written_by: Named | None
    written_at: datetime | None
    redacted_at: datetime | None
    evidence: list[CitedSentence]
    missing: list[str]


@dataclass(frozen=True, slots=True)
class RetrospectiveView:
    """`needed` says whether closing waits for it; the gaps are what review and closing lack."""

    incident: UUID
    number: int
    title: str
    version: int
    phase: str
    stage: str
    needed: bool
    submitted_by: Named | None
    accepted_by: Named | None
    moved_at: datetime | None
    reason: str
    lengths: list[Length]
    sections: list[SectionView]
    before_review: list[Gap]
    before_closing: list[Gap]


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a section; its text is empty once redacted."""

    section: str
    revision: int
    version: int
    text: str
    written_by: Named
    written_at: datetime
    redacted_at: datetime | None
    redacted_by: Named | None
    reason: str


def permalink(number: int, version: int) -> str:
    """The address at which the timeline shows one event."""
    return f"/incidents/{number}/timeline?event={version}#t{version}"


def retrospective(incident: UUID | str) -> RetrospectiveView | None:
    """The whole, None for no incident. As fresh as the log: a removed text is not in it."""
    records = _all(incident)
    if not records:
        return None
    state = _state(records)
    quiet = [record for record in records if record.type != MessagePosted.type]
    facts = [_fact(entry, record) for entry, record in zip(entries_of(quiet), quiet, strict=True)]
    cite = _citer(state.number, records)
    row = RetrospectiveRow.objects.filter(incident=incident).first() or RetrospectiveRow()
    newest = _newest(incident)
    names = names_of(
        [row.submitted_by, row.accepted_by, *(one.written_by for one in newest.values())]
    )
    referred = _referred(state.number, records, newest.values())
    return RetrospectiveView(
        incident=UUID(str(incident)),
        number=state.number,
        title=state.title,
        version=records[-1].version,
        phase=state.phase,
        stage=row.stage,
        needed=needs_retrospective(state),
        submitted_by=named(row.submitted_by, names),
        accepted_by=named(row.accepted_by, names),
        moved_at=row.moved_at,
        reason=row.reason,
        lengths=[
            Length(
                name=span.name,
                basis=span.words,
                seconds=span.best.total_seconds(),
                low=span.low.total_seconds(),
                high=span.high.total_seconds(),
                cites=cite(span.cites),
            )
            for span in spans(facts)
        ],
        sections=[
            _section(part, newest.get(part.section), names, cite, referred)
            for part in assemble(facts)
        ],
        before_review=[Gap(one.code, one.text) for one in before_review(state)],
        before_closing=[Gap(one.code, one.text) for one in before_closing(state)],
    )


def revisions(
    incident: UUID | str, section: str, before: int | None = None, limit: int = 50
) -> tuple[list[Revision], int | None]:
    """Revisions of a section below one, newest first, and the revision to ask before next."""
    rows = SectionRow.objects.filter(incident=incident, section=section).order_by("-revision")
    found = list(rows.filter(revision__lt=before) if before else rows)[: limit + 1]
    names = names_of([ref for row in found for ref in (row.written_by, row.redacted_by)])
    shown = [
        Revision(
            section=row.section,
            revision=row.revision,
            version=row.version,
            text=row.text,
            written_by=Named(row.written_by, names.get(row.written_by, row.written_by)),
            written_at=row.written_at,
            redacted_at=row.redacted_at,
            redacted_by=named(row.redacted_by, names),
            reason=row.reason,
        )
        for row in found[:limit]
    ]
    return shown, shown[-1].revision if len(found) > limit else None


def _all(incident: UUID | str) -> list[Record]:
    records: list[Record] = []
    while page := read_stream(f"incident:{incident}", after=len(records)):
        records += page
    keys.refresh(record.text for record in records)
    return records


def _state(records: Sequence[Record]) -> Incident:
    state = Incident()
    for record in records:
        event: Any = _known(record)
        state = event.evolve(state) if event is not None else state
    return state


def _known(record: Record) -> Any:
    try:
        return record.event
    except UnknownEvent:
        return None


def _fact(entry: Entry, record: Record) -> Fact:
    return Fact(entry.version, entry.at, entry.actor.name, _known(record), entry.sentence)


def _citer(number: int, records: Sequence[Record]) -> Any:
    ids = {record.version: record.event_id for record in records}
    return lambda versions: [Cite(v, ids[v], permalink(number, v)) for v in versions]


def _newest(incident: UUID | str) -> dict[str, SectionRow]:
    rows = SectionRow.objects.filter(incident=incident).order_by("revision")
    return {row.section: row for row in rows}


def _section(
    part: Part, row: SectionRow | None, names: Mapping[str, str], cite: Any, referred: Any
) -> SectionView:
    sentences: list[Sentence] = part.sentences
    return SectionView(
        section=part.section,
        title=part.title,
        revision=row.revision if row else 0,
        text=row.text if row else "",
        html=render(_linked(row.text, referred)) if row else "",
        written_by=named(row.written_by, names) if row else None,
        written_at=row.written_at if row else None,
        redacted_at=row.redacted_at if row else None,
        evidence=[CitedSentence(one.text, cite(one.cites)) for one in sentences],
        missing=[] if row and row.text and not sentences else part.missing,
    )


def _referred(number: int, records: Sequence[Record], rows: Iterable[SectionRow]) -> dict[int, str]:
    """Markdown for each event that a text refers to: its sentence as it reads now, and its link."""
    wanted = {int(version) for row in rows for version in REFERENCE.findall(row.text)}
    found = [record for record in records if record.version in wanted]
    return {
        entry.version: f"[{_plain(f'{entry.at:%H:%M} {entry.actor.name} {entry.sentence}')}]"
        f"({permalink(number, entry.version)})"
        for entry in entries_of(found)
    }


def _linked(text: str, referred: Mapping[int, str]) -> str:
    """The text with its references `[t42]` as links; those to nothing stay as written."""
    return REFERENCE.sub(lambda match: referred.get(int(match[1]), match[0]), text)


def _plain(text: str) -> str:
    return PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
