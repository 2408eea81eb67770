"""What is said in an incident's channel."""

from __future__ import annotations

from dataclasses import field, replace

from eventlog.core import Event, personal
from incidents.state import Incident, Posted


class MessagePosted(Event):
    """`text` is Markdown, stored under a key of its own that redaction destroys."""

    type = "incident.message_posted"
    refs = ("mentions",)
    incident: str
    message: str
    author: str
    client_id: str
    text: str = personal("incident:{incident}/message:{message}")
    mentions: list[str] = field(default_factory=list)

    def evolve(self, state: Incident) -> Incident:
        newest = Posted(message=self.message, author=self.author, before=state.newest)
        return replace(state, newest=newest)


class MessageRedacted(Event):
    type = "incident.message_redacted"
    incident: str
    message: str
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        return replace(state, redacted=state.redacted | {self.message})
