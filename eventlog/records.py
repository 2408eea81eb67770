"""What is read from the log: one `Record` per stored event, decoded only when asked."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import orjson

from eventlog import keys
from eventlog.core import Event, restore

COLUMNS = (
    "e.seq, e.event_id, e.stream, e.version, e.type, e.schema, e.occurred_at, e.recorded_at, "
    "e.actor, e.command_id, e.correlation_id, e.causation_id, e.refs, e.payload::text, "
    "e.content, e.hash"
)


class Record:
    """One event with its place in its stream and, once sealed, in the whole log.

    `position` and `seq` are None in the transaction that appends the event.
    """

    __slots__ = (
        "_event",
        "_payload",
        "actor",
        "causation_id",
        "command_id",
        "content",
        "correlation_id",
        "event_id",
        "hash",
        "occurred_at",
        "position",
        "recorded_at",
        "refs",
        "schema",
        "seq",
        "stream",
        "text",
        "type",
        "version",
    )

    def __init__(
        self,
        seq: int | None,
        event_id: uuid.UUID,
        stream: str,
        version: int,
        type: str,
        schema: int,
        occurred_at: datetime,
        recorded_at: datetime,
        actor: str,
        command_id: uuid.UUID,
        correlation_id: uuid.UUID | None,
        causation_id: uuid.UUID | None,
        refs: list[str],
        text: str,
        content: bytes,
        hash: bytes,
        position: int | None = None,
        event: Event | None = None,
    ):
        self.seq, self.event_id, self.stream, self.version = seq, event_id, stream, version
        self.type, self.schema, self.text, self.refs = type, schema, text, refs
        self.occurred_at, self.recorded_at, self.actor = occurred_at, recorded_at, actor
        self.command_id, self.correlation_id = command_id, correlation_id
        self.causation_id, self.content, self.hash = causation_id, content, hash
        self.position, self._event = position, event
        self._payload: dict[str, Any] | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The fields as stored in this schema, personal ones opened where their key still is."""
        if self._payload is None:
            self._payload = self._decoded()
        return self._payload

    @property
    def event(self) -> Event:
        """The event object in its newest schema. Raises `UnknownEvent`."""
        if self._event is None:
            self._event = restore(self.type, self.schema, self._decoded())
        return self._event

    def _decoded(self) -> dict[str, Any]:
        payload: dict[str, Any] = orjson.loads(self.text)
        return keys.open_fields(payload, self.event_id) if keys.MARK in self.text else payload

    def __repr__(self) -> str:
        return f"<{self.type} {self.stream}@{self.version}>"
