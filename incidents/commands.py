"""What can be asked of an incident, each with its rule.

Refusals carry a stable code, the field at fault and the value that stands. A command that asks
for what is already so is accepted and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from typing import TypeVar

from eventlog.core import Command, Conflict, Event, Refused
from incidents.events import (
    BreachAttached,
    BreachRecovered,
    FollowUpAdded,
    FollowUpDone,
    ImpactStated,
    IncidentClosed,
    IncidentDeclared,
    IncidentReopened,
    IncidentResolved,
    IncidentRetitled,
    MessagePosted,
    MessageRedacted,
    NoteAdded,
    ParticipantJoined,
    PhaseEntered,
    RoleAccepted,
    RoleDeclined,
    RoleOffered,
    RoleReleased,
    RoleTaken,
    SeverityChanged,
    UpdatePosted,
)
from incidents.policy import TEXT_LIMIT, TITLE_LIMIT, follow_up_due
from incidents.state import (
    AUDIENCES,
    CONFIDENCES,
    FUNCTIONS,
    INTENTS,
    KINDS,
    LIVE_PHASES,
    OUTCOMES,
    PRIORITIES,
    ROLES,
    SEVERITIES,
    Incident,
    Offer,
    Posted,
)

Choice = TypeVar("Choice", str, int)


class IncidentCommand(Command[Incident]):
    """A command on the stream of one incident, named by its id without the prefix."""

    blank = Incident()
    incident: str

    @property
    def stream(self) -> str:
        return f"incident:{self.incident}"


class Declare(IncidentCommand):
    """Starts an incident.

    `number` is drawn from the sequence before the command. It is not part of what is asked: the
    same declaration sent again has another one. `commander` takes command at once; `trigger` is
    the breach that declares.
    """

    supplied = ("number",)
    title: str
    severity: int
    declared_by: str
    number: int
    kind: str = "real"
    environment: str = "production"
    subjects: list[str] = field(default_factory=list)
    dedup_key: str = ""
    onset: dict[str, str] | None = None
    commander: str = ""
    trigger: BreachAttached | None = None

    def decide(self, state: Incident) -> list[Event]:
        if state.number:
            raise Conflict(f"This is incident #{state.number} already.", "exists", "", state.number)
        events: list[Event] = [self._declared()]
        if self.trigger:
            events.append(self.trigger)
        if self.commander:
            events.append(RoleTaken(role="commander", person=self.commander))
        return events

    def _declared(self) -> IncidentDeclared:
        if self.onset:
            _in_order(self.onset)
        return IncidentDeclared(
            number=self.number,
            title=_text(self.title, "title", TITLE_LIMIT),
            severity=_one_of(self.severity, SEVERITIES, "severity"),
            declared_by=self.declared_by,
            kind=_one_of(self.kind, KINDS, "kind"),
            environment=_text(self.environment, "environment", TITLE_LIMIT),
            subjects=self.subjects,
            dedup_key=self.dedup_key,
            onset=self.onset,
        )


class AttachBreach(IncidentCommand):
    """A breach of the same cause joins the incident, or proposes that it reopen."""

    breach: str
    monitor: str
    sentence: str
    opened_at: datetime
    urgency: str
    subjects: list[str] = field(default_factory=list)

    def decide(self, state: Incident) -> list[Event]:
        _declared(state)
        return [] if self.breach in state.breaches else [self.attached()]

    def attached(self) -> BreachAttached:
        return BreachAttached(
            breach=self.breach,
            monitor=self.monitor,
            sentence=self.sentence,
            opened_at=self.opened_at.isoformat(),
            urgency=self.urgency,
            subjects=self.subjects,
        )


class RecordRecovery(IncidentCommand):
    """The breach has ended; the incident stays open until somebody resolves it."""

    breach: str
    monitor: str
    recovered_at: datetime
    sentence: str = ""

    def decide(self, state: Incident) -> list[Event]:
        if not state.breaches.get(self.breach):
            return []
        recovered = BreachRecovered(
            breach=self.breach,
            monitor=self.monitor,
            recovered_at=self.recovered_at.isoformat(),
            sentence=self.sentence,
        )
        return [recovered]


class TakeRole(IncidentCommand):
    """Takes a vacant role, or one from the holder that the taker names (`instead_of`)."""

    role: str
    person: str
    instead_of: str = ""
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        holder = state.holders.get(_one_of(self.role, ROLES, "role"), "")
        if holder == self.person:
            return []
        if holder != self.instead_of:
            raise _held(self.role, holder)
        taken = RoleTaken(
            role=self.role,
            person=self.person,
            instead_of=holder,
            reason=_text(self.reason, "reason", TEXT_LIMIT) if holder else "",
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
        _not_closed(state)
        holder = state.holders.get(_one_of(self.role, ROLES, "role"), "")
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
        return _text(self.summary, "summary", TEXT_LIMIT, empty=not holder)


class AcceptRole(IncidentCommand):
    role: str
    person: str

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        holder = state.holders.get(_one_of(self.role, ROLES, "role"), "")
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
        _not_closed(state)
        offer = state.offers.get(_one_of(self.role, ROLES, "role"))
        if offer is None or self.person != offer.by:
            _offered(state, self.role, self.person)
        reason = _text(self.reason, "reason", TEXT_LIMIT, empty=True)
        return [RoleDeclined(role=self.role, person=self.person, reason=reason)]


class ReleaseRole(IncidentCommand):
    """The holder steps back without a successor."""

    role: str
    person: str

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        holder = state.holders.get(_one_of(self.role, ROLES, "role"), "")
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
        _not_closed(state)
        function = _one_of(self.function, FUNCTIONS, "function")
        if state.people.get(self.person) == function:
            return []
        return [ParticipantJoined(person=self.person, function=function)]


class EnterPhase(IncidentCommand):
    """Any live phase, in any order; the later ones follow from resolving and closing."""

    phase: str

    def decide(self, state: Incident) -> list[Event]:
        _live(state)
        phase = _one_of(self.phase, LIVE_PHASES, "phase", hint=" Resolve or close it for the rest.")
        return [] if phase == state.phase else [PhaseEntered(phase=phase, left=state.phase)]


class ChangeSeverity(IncidentCommand):
    severity: int
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        severity = _one_of(self.severity, SEVERITIES, "severity")
        if severity == state.severity:
            return []
        reason = _text(self.reason, "reason", TEXT_LIMIT)
        return [SeverityChanged(severity=severity, was=state.severity, reason=reason)]


class Retitle(IncidentCommand):
    title: str

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        title = _text(self.title, "title", TITLE_LIMIT)
        return [] if title == state.title else [IncidentRetitled(title=title, was=state.title)]


class StateImpact(IncidentCommand):
    """Says what the harm is, with an interval in `unit` where there is one."""

    text: str
    unit: str = ""
    low: float | None = None
    best: float | None = None
    high: float | None = None

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        known = [value for value in (self.low, self.best, self.high) if value is not None]
        if any(value != value or abs(value) == float("inf") for value in known):
            raise Refused("An impact is a finite number.", "not_finite", "best")
        if known != sorted(known):
            raise Refused("Impact goes from low over best to high.", "not_in_order", "low", known)
        stated = ImpactStated(
            text=_text(self.text, "text", TEXT_LIMIT),
            unit=_text(self.unit, "unit", TITLE_LIMIT, empty=True),
            low=self.low,
            best=self.best,
            high=self.high,
        )
        return [stated]


class PostUpdate(IncidentCommand):
    """Tells an audience where things stand, and starts the clock for the next update."""

    text: str
    audience: str = "internal"

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        audience = _one_of(self.audience, AUDIENCES, "audience")
        return [UpdatePosted(audience=audience, text=_text(self.text, "text", TEXT_LIMIT))]


class AddNote(IncidentCommand):
    text: str

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        return [NoteAdded(text=_text(self.text, "text", TEXT_LIMIT))]


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
        _not_closed(state)
        if Posted.find(state.newest, self.message):
            return []
        posted = MessagePosted(
            incident=self.incident,
            message=self.message,
            author=self.author,
            client_id=self.client_id,
            text=_text(self.text, "text", TEXT_LIMIT),
            mentions=self._mentioned(state),
        )
        if self.author in state.people:
            return [posted]
        return [ParticipantJoined(person=self.author, function="observer"), posted]

    def _mentioned(self, state: Incident) -> list[str]:
        holders = (state.holders.get(role, "") for role in self.roles)
        return _distinct([*self.mentions, *holders])


class RedactMessage(IncidentCommand):
    """Removes what a message said, for good; that it was there stays visible.

    The author, the commander, or somebody whose account may (`privileged`).
    """

    message: str
    by: str
    reason: str = ""
    privileged: bool = False

    def decide(self, state: Incident) -> list[Event]:
        _declared(state)
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
        reason = _text(self.reason, "reason", TITLE_LIMIT, empty=True)
        return [MessageRedacted(incident=self.incident, message=self.message, reason=reason)]


class AddFollowUp(IncidentCommand):
    follow_up: str
    title: str
    priority: str = "P2"
    intent: str = "fix"
    owner: str = ""

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        if self.follow_up in state.follow_ups:
            return []
        due = follow_up_due(_one_of(self.priority, PRIORITIES, "priority"), self.at)
        added = FollowUpAdded(
            follow_up=self.follow_up,
            title=_text(self.title, "title", TITLE_LIMIT),
            priority=self.priority,
            intent=_one_of(self.intent, INTENTS, "intent"),
            owner=self.owner,
            due_at=due.isoformat() if due else None,
        )
        return [added]


class CompleteFollowUp(IncidentCommand):
    follow_up: str

    def decide(self, state: Incident) -> list[Event]:
        _declared(state)
        wanted = state.follow_ups.get(self.follow_up)
        if wanted is None:
            raise Refused("There is no such follow-up here.", "unknown_follow_up", "follow_up")
        return [] if wanted.done else [FollowUpDone(follow_up=self.follow_up, title=wanted.title)]


class Resolve(IncidentCommand):
    """Ends the response. `verified` says that somebody checked; it can be said later."""

    outcome: str
    confidence: str = "medium"
    verified: bool = False
    summary: str = ""
    duplicate_of: int = 0

    def decide(self, state: Incident) -> list[Event]:
        _not_closed(state)
        resolved = IncidentResolved(
            outcome=_one_of(self.outcome, OUTCOMES, "outcome"),
            confidence=_one_of(self.confidence, CONFIDENCES, "confidence"),
            verified=self.verified,
            summary=_text(self.summary, "summary", TEXT_LIMIT, empty=True),
            duplicate_of=self._original(state),
        )
        return [] if _resolution(state) == _resolution(resolved) else [resolved]

    def _original(self, state: Incident) -> int:
        if (self.outcome == "duplicate") != bool(self.duplicate_of):
            raise Refused(
                "A duplicate names the incident it repeats, and only a duplicate does.",
                "duplicate_of",
                "duplicate_of",
            )
        if self.duplicate_of == state.number:
            raise Refused("An incident cannot repeat itself.", "duplicate_of", "duplicate_of")
        return self.duplicate_of


class Reopen(IncidentCommand):
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        _declared(state)
        if state.live:
            return []
        return [IncidentReopened(reason=_text(self.reason, "reason", TEXT_LIMIT))]


class Close(IncidentCommand):
    """Nothing more is to be recorded, except that follow-ups get done."""

    def decide(self, state: Incident) -> list[Event]:
        _declared(state)
        if state.phase == "closed":
            return []
        if state.live:
            raise Refused(
                "Resolve the incident with its outcome before closing it.",
                "not_resolved",
                "phase",
                state.phase,
            )
        return [IncidentClosed()]


def _resolution(of: Incident | IncidentResolved) -> tuple[str, str, bool, int]:
    return of.outcome, of.confidence, of.verified, of.duplicate_of


def _declared(state: Incident) -> None:
    if not state.number:
        raise Refused("There is no such incident.", "unknown_incident", "incident")


def _not_closed(state: Incident) -> None:
    _declared(state)
    if state.phase == "closed":
        raise Refused(
            f"Incident #{state.number} is closed; reopen it first.", "closed", "phase", "closed"
        )


def _live(state: Incident) -> None:
    _not_closed(state)
    if not state.live:
        raise Refused(
            f"Incident #{state.number} is resolved; reopen it first.",
            "resolved",
            "phase",
            state.phase,
        )


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


def _in_order(onset: dict[str, str]) -> None:
    times = [onset[name] for name in ("earliest", "best", "latest") if onset.get(name)]
    try:
        moments = [datetime.fromisoformat(time) for time in times]
    except ValueError as error:
        raise Refused("An onset is written in ISO 8601.", "not_a_time", "onset") from error
    if any(moment.tzinfo is None for moment in moments):
        raise Refused("An onset needs a zone.", "no_zone", "onset", times)
    if moments != sorted(moments):
        raise Refused(
            "An onset goes from earliest over best to latest.", "not_in_order", "onset", times
        )


def _one_of(value: Choice, allowed: Iterable[Choice], field: str, hint: str = "") -> Choice:
    allowed = list(allowed)
    if value not in allowed:
        names = ", ".join(map(str, allowed))
        raise Refused(f"{field.capitalize()} is one of {names}.{hint}", "unknown_value", field)
    return value


def _text(value: str, field: str, limit: int, *, empty: bool = False) -> str:
    """The text without surrounding space. Refuses what is too long or cannot be stored."""
    value = value.strip()
    if not value and not empty:
        raise Refused(f"{field.capitalize()} may not be empty.", "required", field)
    if len(value) > limit:
        raise Refused(
            f"{field.capitalize()} has {len(value):,} characters; {limit:,} are allowed.",
            "too_long",
            field,
            len(value),
        )
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refused(f"{field.capitalize()} holds a character that is not text.", "text", field)
    return value


def _distinct(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]
