"""Saying something, saying it better, answering it with a sign, keeping it in view, taking it back."""

from __future__ import annotations

from dataclasses import field

from eventlog.core import Event, Refused
from incidents.commands.base import (
    IncidentCommand,
    declared,
    distinct,
    not_closed,
    one_of,
    text_of,
)
from incidents.events import (
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ParticipantJoined,
    ReactionAdded,
    ReactionRemoved,
)
from incidents.policy import EDITS_LIMIT, PINS_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from incidents.state import REACTIONS, Incident, Posted


def _said(state: Incident, message: str) -> Posted:
    """A message that still says something. Raises `Refused`."""
    posted = Posted.find(state.newest, message)
    if posted is None:
        raise Refused("There is no such message here.", "unknown_message", "message")
    if message in state.redacted:
        raise Refused("What this message said was removed.", "redacted", "message")
    return posted


class PostMessage(IncidentCommand):
    """Says something in the channel.

    `mentions` are the people whom the text names; `roles` the roles, whose holders are known
    here. The author takes part from their first message on.
    """

    supplied = ("mentions", "roles")
    message: str
    author: str
    client_id: str
    text: str
    mentions: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    reply_to: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if Posted.find(state.newest, self.message):
            return []
        if self.reply_to and Posted.find(state.newest, self.reply_to) is None:
            raise Refused("There is no such message to reply to.", "unknown_message", "reply_to")
        posted = MessagePosted(
            incident=self.incident,
            message=self.message,
            author=self.author,
            client_id=self.client_id,
            text=text_of(self.text, "text", TEXT_LIMIT),
            mentions=mentioned(state, self.mentions, self.roles),
            reply_to=self.reply_to,
        )
        if self.author in state.people:
            return [posted]
        return [ParticipantJoined(person=self.author, function="observer"), posted]


class EditMessage(IncidentCommand):
    """Says a message anew; what it said before stays in its history until it is removed."""

    supplied = ("mentions", "roles")
    message: str
    by: str
    text: str
    mentions: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        posted = _said(state, self.message)
        if self.by != posted.author:
            raise Refused(
                "Only its author can edit a message.", "not_author", "message", posted.author
            )
        if state.edits.get(self.message, 0) >= EDITS_LIMIT:
            raise Refused(
                f"A message is edited {EDITS_LIMIT} times at most.", "too_many_edits", "message"
            )
        return [
            MessageEdited(
                incident=self.incident,
                message=self.message,
                text=text_of(self.text, "text", TEXT_LIMIT),
                mentions=mentioned(state, self.mentions, self.roles),
            )
        ]


class React(IncidentCommand):
    """Answers a message with a sign."""

    message: str
    reaction: str
    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        _said(state, self.message)
        reaction = one_of(self.reaction, tuple(REACTIONS), "reaction")
        if (reaction, self.person) in state.reactions.get(self.message, frozenset()):
            return []
        return [ReactionAdded(message=self.message, reaction=reaction, person=self.person)]


class Unreact(IncidentCommand):
    """Takes the sign back."""

    message: str
    reaction: str
    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if (self.reaction, self.person) not in state.reactions.get(self.message, frozenset()):
            return []
        return [ReactionRemoved(message=self.message, reaction=self.reaction, person=self.person)]


class PinMessage(IncidentCommand):
    """Keeps a message in view of everybody who arrives; the newest if none is named."""

    message: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        newest = state.newest.message if state.newest else ""
        posted = _said(state, self.message or newest)
        if posted.message in state.pinned:
            return []
        if len(state.pinned) >= PINS_LIMIT:
            raise Refused(
                f"{PINS_LIMIT} messages are pinned. Unpin one first.", "too_many_pins", "message"
            )
        return [MessagePinned(message=posted.message)]


class UnpinMessage(IncidentCommand):
    """Lets a message be one among the others again."""

    message: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        return [MessageUnpinned(message=self.message)] if self.message in state.pinned else []


class RedactMessage(IncidentCommand):
    """Removes what a message said, for good; that it was there stays visible.

    The author, the commander, or somebody whose account may (`privileged`).
    """

    message: str
    by: str
    reason: str = ""
    privileged: bool = False

    def decide(self, state: Incident) -> list[Event]:
        declared(state)
        posted = Posted.find(state.newest, self.message)
        if posted is None:
            raise Refused("There is no such message here.", "unknown_message", "message")
        if self.message in state.redacted:
            return []
        if not self.privileged and self.by not in (posted.author, state.holders.get("commander")):
            raise Refused(
                "Only its author or the commander can remove a message.",
                "not_author",
                "message",
                posted.author,
            )
        reason = text_of(self.reason, "reason", TITLE_LIMIT, empty=True)
        return [MessageRedacted(incident=self.incident, message=self.message, reason=reason)]


def mentioned(state: Incident, people: list[str], roles: list[str]) -> list[str]:
    """The people whom a text names, and the holders of the roles that it names."""
    return distinct([*people, *(state.holders.get(role, "") for role in roles)])
