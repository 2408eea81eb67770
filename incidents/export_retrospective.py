"""A retrospective as a document: Markdown for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import orjson

from incidents.assembly import length
from incidents.queries import CitedSentence, Length, RetrospectiveView, SectionView

SCHEMA = "dropstitch retrospective 1"


def as_json(view: RetrospectiveView) -> bytes:
    """Everything that the page shows, with the ids of the events. Ends with a line feed."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps({"schema": SCHEMA, **asdict(view)}, option=options)


def as_markdown(view: RetrospectiveView) -> str:
    """People's words, and below them what the log says, each sentence with its events."""
    return "\n".join([*_head(view), *(line for one in view.sections for line in _section(one)), ""])


def _head(view: RetrospectiveView) -> Iterator[str]:
    yield f"# Retrospective of #{view.number} {' '.join(view.title.split())}"
    yield ""
    by = f", accepted by {view.accepted_by.name}" if view.accepted_by else ""
    yield f"- State: {view.stage}{by}"
    for span in view.lengths:
        yield f"- {span.name}: {_length(span)}, {span.basis} {_cited(span)}"


def _length(span: Length) -> str:
    best, low, high = (length(timedelta(seconds=s)) for s in (span.seconds, span.low, span.high))
    return best if span.low == span.high else f"{best} ({low} … {high})"


def _section(view: SectionView) -> Iterator[str]:
    yield from ["", f"## {view.title}", ""]
    if view.redacted_at:
        yield from ["*What stood here was removed.*", ""]
    if view.text:
        yield from [view.text, ""]
    yield from (f"- {' '.join(one.text.split())} {_cited(one)}" for one in view.evidence)
    yield from (f"- Missing: {text}" for text in view.missing)


def _cited(one: CitedSentence | Length) -> str:
    return " ".join(f"`{cite.event_id}`" for cite in one.cites)
