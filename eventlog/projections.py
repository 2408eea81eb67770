"""Read models: rows that say what the events mean, kept as the events arrive, rebuilt at will.

    board = Projection("incidents", tables=["incidents_incident"])

    @board.on(IncidentDeclared)
    def show_declared(event: IncidentDeclared, record: Record) -> None:
        Row.objects.create(id=event.incident, title=event.title, declared_at=record.occurred_at)

An inline projection is written in the transaction that appends the event, so that its author
reads their own write; there the record has no position yet. Others follow by position. Either
way a handler is a function of the event, the record and the projection's own rows: no clock, no
other tables, no numbers drawn by the database. Rebuilding must give the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import IntegrityError

from eventlog.core import Conflict, Event
from eventlog.records import Record

Handler = Callable[[Any, Record], None]
H = TypeVar("H", bound=Handler)


class Projection:
    """A named set of tables and the handlers that fill them.

    Its name is part of the schema that it is rebuilt in. `tables` are database names; `conflicts` says what a violated constraint of these tables
    means to people: constraint name to (code, sentence).
    """

    def __init__(
        self,
        name: str,
        tables: Sequence[str],
        *,
        inline: bool = True,
        conflicts: Mapping[str, tuple[str, str]] | None = None,
    ):
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
            raise TypeError(f"a projection has a name such as incidents, and not {name!r}")
        if name in _projections:
            raise TypeError(f"projection {name!r} is defined twice")
        self.name, self.tables, self.inline = name, tuple(tables), inline
        self.conflicts = dict(conflicts or {})
        self.handlers: dict[str, list[Handler]] = {}
        _projections[name] = self

    def on(self, *events: type[Event]) -> Callable[[H], H]:
        """Registers a handler for events of these classes."""

        def remember(handler: H) -> H:
            for event in events:
                self.handlers.setdefault(event.type, []).append(handler)
                if self.inline:
                    _inline.setdefault(event.type, []).append(handler)
            return handler

        return remember

    def apply(self, record: Record) -> None:
        """Writes one event into the rows."""
        for handler in self.handlers.get(record.type, ()):
            handler(record.event, record)


_projections: dict[str, Projection] = {}
_inline: dict[str, list[Handler]] = {}


def all_projections() -> Mapping[str, Projection]:
    """Every projection by name."""
    return _projections


def show(records: Iterable[Record]) -> None:
    """Writes freshly appended events into the inline read models, in the caller's transaction."""
    for record in records:
        for handler in _inline.get(record.type, ()):
            handler(record.event, record)


def are_inline(records: Iterable[Record]) -> bool:
    """Whether any of these events is shown in an inline read model."""
    return any(record.type in _inline for record in records)


def violated(error: IntegrityError) -> str | None:
    """Name of the constraint that an error is about."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def conflict_of(error: IntegrityError) -> Conflict | None:
    """The conflict that a violated constraint stands for, if a projection declares it."""
    name = violated(error)
    for projection in _projections.values():
        if name in projection.conflicts:
            code, sentence = projection.conflicts[name]
            return Conflict(sentence, code=code)
    return None
