"""Who does what: roles with at most one holder each, and taking part."""

from __future__ import annotations

from eventlog.core import Conflict, Event, Refused
from incidents.commands.base import IncidentCommand, not_closed, one_of, text_of
from incidents.events import (
    ParticipantJoined,
    RoleAccepted,
    RoleDeclined,
    RoleOffered,
    RoleReleased,
    RoleTaken,
)
from incidents.policy import TEXT_LIMIT
from incidents.state import FUNCTIONS, ROLES, Incident, Offer


class TakeRole(IncidentCommand):
    """Takes a vacant role, or one from the holder that the taker names (`instead_of`)."""

    role: str
    person: str
    instead_of: str = ""
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        holder = state.holders.get(one_of(self.role, ROLES, "role"), "")
        if holder == self.person:
            return []
        if holder != self.instead_of:
            raise _held(self.role, holder)
        taken = RoleTaken(
            role=self.role,
            person=self.person,
            instead_of=holder,
            reason=text_of(self.reason, "reason", TEXT_LIMIT) if holder else "",
        )
        return [taken]


class OfferRole(IncidentCommand):
    """Holds a role out to somebody; it moves when they accept.

    A held role is offered by its holder, with a summary of where things stand, or by the
    commander; a vacant one by anybody.
    """

    role: str
    to: str
    by: str
    summary: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        holder = state.holders.get(one_of(self.role, ROLES, "role"), "")
        if self.to == holder:
            raise Refused(f"{self.to} is {self.role} already.", "role_held", "to", holder)
        if holder and self.by not in (holder, state.holders.get("commander")):
            raise Refused(
                f"Only {holder}, who is {self.role}, or the commander can hand this role over.",
                "not_holder",
                "role",
                holder,
            )
        offer = Offer(to=self.to, by=self.by, summary=self._briefing(holder))
        if state.offers.get(self.role) == offer:
            return []
        return [RoleOffered(role=self.role, to=offer.to, by=offer.by, summary=offer.summary)]

    def _briefing(self, holder: str) -> str:
        return text_of(self.summary, "summary", TEXT_LIMIT, empty=not holder)


class AcceptRole(IncidentCommand):
    role: str
    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        holder = state.holders.get(one_of(self.role, ROLES, "role"), "")
        if holder == self.person:
            return []
        _offered(state, self.role, self.person)
        return [RoleAccepted(role=self.role, person=self.person, from_person=holder)]


class DeclineRole(IncidentCommand):
    """Refuses an offer; whoever made it may take it back with the same command."""

    role: str
    person: str
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        offer = state.offers.get(one_of(self.role, ROLES, "role"))
        if offer is None or self.person != offer.by:
            _offered(state, self.role, self.person)
        reason = text_of(self.reason, "reason", TEXT_LIMIT, empty=True)
        return [RoleDeclined(role=self.role, person=self.person, reason=reason)]


class ReleaseRole(IncidentCommand):
    """The holder steps back without a successor."""

    role: str
    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        holder = state.holders.get(one_of(self.role, ROLES, "role"), "")
        if not holder:
            return []
        if holder != self.person:
            raise _held(self.role, holder)
        return [RoleReleased(role=self.role, person=self.person)]


class Join(IncidentCommand):
    """Takes part with a function, such as data engineer or support."""

    person: str
    function: str = "observer"

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        function = one_of(self.function, FUNCTIONS, "function")
        if state.people.get(self.person) == function:
            return []
        return [ParticipantJoined(person=self.person, function=function)]


def _held(role: str, holder: str) -> Conflict:
    if not holder:
        return Conflict(f"Nobody is {role} any more.", "role_vacant", "instead_of", "")
    return Conflict(f"{holder} is {role} already.", "role_held", "role", holder)


def _offered(state: Incident, role: str, person: str) -> None:
    offer = state.offers.get(role)
    if offer is None:
        holder = state.holders.get(role, "")
        raise Conflict(f"The role of {role} is not on offer.", "no_offer", "role", holder)
    if offer.to != person:
        raise Refused(
            f"The role of {role} is offered to {offer.to}.", "not_yours", "role", offer.to
        )
