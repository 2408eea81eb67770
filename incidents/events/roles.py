"""Who holds which role, and who takes part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eventlog.core import Event
from incidents.state import Incident, Offer, with_item, without


class RoleTaken(Event):
    """`instead_of` is the holder who was replaced without a hand-over, with the reason."""

    type = "incident.role_taken"
    refs = ("person", "instead_of")
    role: str
    person: str
    instead_of: str = ""
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        return _held_by(state, self.role, self.person)


class RoleOffered(Event):
    type = "incident.role_offered"
    refs = ("to",)
    role: str
    to: str
    by: str
    summary: str = ""

    def evolve(self, state: Incident) -> Incident:
        offer = Offer(to=self.to, by=self.by, summary=self.summary)
        return replace(state, offers=with_item(state.offers, self.role, offer))


class RoleAccepted(Event):
    """The hand-over takes effect. `from_person` is empty when the role was vacant."""

    type = "incident.role_accepted"
    refs = ("person", "from_person")
    role: str
    person: str
    from_person: str = ""

    def evolve(self, state: Incident) -> Incident:
        return _held_by(state, self.role, self.person)


class RoleDeclined(Event):
    type = "incident.role_declined"
    refs = ("person",)
    role: str
    person: str
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        return replace(state, offers=without(state.offers, self.role))


class RoleReleased(Event):
    """The holder left and nobody has taken over: the role is vacant."""

    type = "incident.role_released"
    refs = ("person",)
    role: str
    person: str

    def evolve(self, state: Incident) -> Incident:
        offers, holders = without(state.offers, self.role), without(state.holders, self.role)
        return replace(state, holders=holders, offers=offers)


class ParticipantJoined(Event):
    type = "incident.participant_joined"
    refs = ("person",)
    person: str
    function: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, people=with_item(state.people, self.person, self.function))


def _held_by(state: Incident, role: str, person: str) -> Incident:
    people: Any = state.people
    if person not in people:
        people = with_item(people, person, "")
    return replace(
        state,
        holders=with_item(state.holders, role, person),
        offers=without(state.offers, role),
        people=people,
    )
