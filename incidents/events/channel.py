"""What is said in an incident's channel."""

from __future__ import annotations

from dataclasses import field, replace

from eventlog.core import Event, personal
from incidents.state import Incident, Posted, with_item


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
    reply_to: str = ""

    def evolve(self, state: Incident) -> Incident:
        newest = Posted(message=self.message, author=self.author, before=state.newest)
        return replace(state, newest=newest)


class MessageEdited(Event):
    """Its author says it anew. `text` is under the message's own key, as every earlier one is."""

    type = "incident.message_edited"
    refs = ("mentions",)
    incident: str
    message: str
    text: str = personal("incident:{incident}/message:{message}")
    mentions: list[str] = field(default_factory=list)

    def evolve(self, state: Incident) -> Incident:
        count = state.edits.get(self.message, 0) + 1
        return replace(state, edits=with_item(state.edits, self.message, count))


class MessageRedacted(Event):
    type = "incident.message_redacted"
    incident: str
    message: str
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        gone = {self.message}
        return replace(state, redacted=state.redacted | gone, pinned=state.pinned - gone)


class ReactionAdded(Event):
    """Somebody answers a message with a sign, one of `state.REACTIONS`."""

    type = "incident.reaction_added"
    message: str
    reaction: str
    person: str

    def evolve(self, state: Incident) -> Incident:
        there = state.reactions.get(self.message, frozenset())
        now = there | {(self.reaction, self.person)}
        return replace(state, reactions=with_item(state.reactions, self.message, now))


class ReactionRemoved(Event):
    """Somebody takes the sign back."""

    type = "incident.reaction_removed"
    message: str
    reaction: str
    person: str

    def evolve(self, state: Incident) -> Incident:
        there = state.reactions.get(self.message, frozenset())
        now = there - {(self.reaction, self.person)}
        return replace(state, reactions=with_item(state.reactions, self.message, now))


class MessagePinned(Event):
    """A message that everybody who arrives should read."""

    type = "incident.message_pinned"
    message: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, pinned=state.pinned | {self.message})


class MessageUnpinned(Event):
    """It is one among the others again."""

    type = "incident.message_unpinned"
    message: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, pinned=state.pinned - {self.message})
