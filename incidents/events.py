"""What can have happened to an incident. Times in payloads are ISO 8601 with an offset.

People, tokens and monitors are refs; who did it and when are the record's `actor` and
`occurred_at`. The stream is ``incident:<id>``.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event, personal
from incidents.state import FollowUp, Incident, Offer, Posted, with_item, without


class IncidentDeclared(Event):
    """Response begins. `onset` holds earliest, best, latest and basis, where anyone knows."""

    type = "incident.declared"
    refs = ("declared_by", "subjects")
    number: int
    title: str
    severity: int
    declared_by: str
    kind: str = "real"
    environment: str = "production"
    subjects: list[str] = field(default_factory=list)
    dedup_key: str = ""
    onset: dict[str, str] | None = None

    def evolve(self, state: Incident) -> Incident:
        return replace(
            state,
            number=self.number,
            title=self.title,
            severity=self.severity,
            phase="detection",
        )


class BreachAttached(Event):
    """A monitor's breach belongs to this incident."""

    type = "incident.breach_attached"
    refs = ("breach", "monitor", "subjects")
    breach: str
    monitor: str
    sentence: str
    opened_at: str
    urgency: str
    monitor_name: str = ""
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Incident) -> Incident:
        return replace(state, breaches=with_item(state.breaches, self.breach, True))


class BreachRecovered(Event):
    """An attached breach ended. People still decide whether the incident did."""

    type = "incident.breach_recovered"
    refs = ("breach", "monitor")
    breach: str
    monitor: str
    recovered_at: str
    monitor_name: str = ""
    sentence: str = ""

    def evolve(self, state: Incident) -> Incident:
        return replace(state, breaches=with_item(state.breaches, self.breach, False))


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


class PhaseEntered(Event):
    type = "incident.phase_entered"
    phase: str
    left: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, phase=self.phase)


class SeverityChanged(Event):
    type = "incident.severity_changed"
    severity: int
    was: int
    reason: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, severity=self.severity)


class IncidentRetitled(Event):
    type = "incident.retitled"
    title: str
    was: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, title=self.title)


class ImpactStated(Event):
    """An estimate of the harm; the newest stands, all stay. `low`…`high` are in `unit`."""

    type = "incident.impact_stated"
    text: str
    unit: str = ""
    low: float | None = None
    best: float | None = None
    high: float | None = None


class UpdatePosted(Event):
    """What an audience was told."""

    type = "incident.update_posted"
    audience: str
    text: str


class NoteAdded(Event):
    """A line for the timeline that makes no noise in the channel."""

    type = "incident.note_added"
    text: str


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


class FollowUpAdded(Event):
    type = "incident.follow_up_added"
    refs = ("owner",)
    follow_up: str
    title: str
    priority: str
    intent: str
    owner: str = ""
    due_at: str | None = None

    def evolve(self, state: Incident) -> Incident:
        added = FollowUp(title=self.title)
        return replace(state, follow_ups=with_item(state.follow_ups, self.follow_up, added))


class FollowUpDone(Event):
    type = "incident.follow_up_done"
    follow_up: str
    title: str

    def evolve(self, state: Incident) -> Incident:
        done = FollowUp(title=self.title, done=True)
        return replace(state, follow_ups=with_item(state.follow_ups, self.follow_up, done))


class IncidentResolved(Event):
    """Service is back, or nothing is to be done. Said again, it corrects what was said."""

    type = "incident.resolved"
    outcome: str
    confidence: str
    verified: bool
    summary: str = ""
    duplicate_of: int = 0

    def evolve(self, state: Incident) -> Incident:
        return replace(
            state,
            phase="follow-up",
            outcome=self.outcome,
            confidence=self.confidence,
            verified=self.verified,
            duplicate_of=self.duplicate_of,
        )


class IncidentReopened(Event):
    type = "incident.reopened"
    reason: str
    phase: str = "troubleshooting"

    def evolve(self, state: Incident) -> Incident:
        return replace(
            state, phase=self.phase, outcome="", confidence="", verified=False, duplicate_of=0
        )


class IncidentClosed(Event):
    type = "incident.closed"

    def evolve(self, state: Incident) -> Incident:
        return replace(state, phase="closed")


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
