"""Saying something, and taking it back."""

from __future__ import annotations

from dataclasses import field

from eventlog.core import Event, Refused
from incidents.commands.base import IncidentCommand, declared, distinct, not_closed, text_of
from incidents.events import MessagePosted, MessageRedacted, ParticipantJoined
from incidents.policy import TEXT_LIMIT, TITLE_LIMIT
from incidents.state import Incident, Posted


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

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if Posted.find(state.newest, self.message):
            return []
        posted = MessagePosted(
            incident=self.incident,
            message=self.message,
            author=self.author,
            client_id=self.client_id,
            text=text_of(self.text, "text", TEXT_LIMIT),
            mentions=self._mentioned(state),
        )
        if self.author in state.people:
            return [posted]
        return [ParticipantJoined(person=self.author, function="observer"), posted]

    def _mentioned(self, state: Incident) -> list[str]:
        holders = (state.holders.get(role, "") for role in self.roles)
        return distinct([*self.mentions, *holders])


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
