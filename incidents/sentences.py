"""Each event in words, for the timeline, the channel's one-line rows and exports.

A sentence goes on from the name of who did it: “Ana” + “took command”. An event class that has
no sentence here is told by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from eventlog.core import Event
from incidents import events
from incidents.state import REACTIONS

Namer = Callable[[str], str]
Teller = Callable[[Any, Namer], str]
T = TypeVar("T", bound=Teller)

OUTCOME_WORDS = {
    "fixed": "fixed",
    "rolled_back": "rolled back",
    "restored": "an older version restored",
    "worked_around": "worked around",
    "accepted": "accepted, nothing is to be done",
    "not_an_incident": "not an incident",
    "duplicate": "a duplicate",
}


@dataclass(frozen=True, slots=True)
class Told:
    """How one kind of event is shown: an icon of `static/icons.svg`, a sentence, and `key` for
    what a reader in a hurry needs.
    """

    icon: str
    key: bool
    tell: Teller


_told: dict[str, Told] = {}


def tells(event: type[Event], icon: str, *, key: bool = False) -> Callable[[T], T]:
    """Registers the sentence of an event class."""

    def remember(teller: T) -> T:
        _told[event.type] = Told(icon, key, teller)
        return teller

    return remember


def told(event_type: str) -> Told:
    """How events of this type are shown; unknown ones by their name."""
    return _told.get(event_type) or Told("dot", False, lambda event, name: _plain_name(event_type))


def _plain_name(event_type: str) -> str:
    return event_type.rpartition(".")[2].replace("_", " ")


def role_word(role: str) -> str:
    """A role as people say it: command, or the lead of operations."""
    return "command" if role == "commander" else f"the {role} lead"


def quoted(text: str, limit: int = 140) -> str:
    """The beginning of a text, in quotation marks."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= limit else line[: limit - 1].rstrip() + '…'}”"


def because(reason: str) -> str:
    return f": {reason}" if reason else ""


@tells(events.IncidentDeclared, "flag", key=True)
def _declared(event: events.IncidentDeclared, name: Namer) -> str:
    drill = " as a drill" if event.kind == "drill" else ""
    return f"declared SEV{event.severity} {quoted(event.title)}{drill}"


@tells(events.BreachAttached, "warn", key=True)
def _attached(event: events.BreachAttached, name: Namer) -> str:
    return f"attached a breach of {event.monitor_name or name(event.monitor)}: {event.sentence}"


@tells(events.BreachRecovered, "check", key=True)
def _recovered(event: events.BreachRecovered, name: Namer) -> str:
    return f"recorded that {event.monitor_name or name(event.monitor)} is back in band" + because(
        event.sentence
    )


@tells(events.RoleTaken, "user", key=True)
def _taken(event: events.RoleTaken, name: Namer) -> str:
    over = f" over from {name(event.instead_of)}" if event.instead_of else ""
    return f"took {role_word(event.role)}{over}" + because(event.reason)


@tells(events.RoleOffered, "hand")
def _offered(event: events.RoleOffered, name: Namer) -> str:
    return f"offered {role_word(event.role)} to {name(event.to)}" + because(event.summary)


@tells(events.RoleAccepted, "user", key=True)
def _accepted(event: events.RoleAccepted, name: Namer) -> str:
    giver = f" from {name(event.from_person)}" if event.from_person else ""
    return f"accepted {role_word(event.role)}{giver}"


@tells(events.RoleDeclined, "user")
def _declined(event: events.RoleDeclined, name: Namer) -> str:
    return f"declined {role_word(event.role)}" + because(event.reason)


@tells(events.RoleReleased, "user", key=True)
def _released(event: events.RoleReleased, name: Namer) -> str:
    return f"left {role_word(event.role)} vacant"


@tells(events.ParticipantJoined, "user")
def _joined(event: events.ParticipantJoined, name: Namer) -> str:
    return f"joined as {event.function}"


@tells(events.PhaseEntered, "phase", key=True)
def _entered(event: events.PhaseEntered, name: Namer) -> str:
    return f"moved on from {event.left} to {event.phase}"


@tells(events.SeverityChanged, "bolt", key=True)
def _severity(event: events.SeverityChanged, name: Namer) -> str:
    verb = "raised" if event.severity < event.was else "lowered"
    return f"{verb} SEV{event.was} to SEV{event.severity}: {event.reason}"


@tells(events.IncidentRetitled, "pin")
def _retitled(event: events.IncidentRetitled, name: Namer) -> str:
    return f"retitled it {quoted(event.title)}, was {quoted(event.was)}"


@tells(events.ImpactStated, "chart", key=True)
def _impact(event: events.ImpactStated, name: Namer) -> str:
    return f"stated the impact: {event.text}{_interval(event)}"


def _interval(event: events.ImpactStated) -> str:
    if event.best is None and event.low is None and event.high is None:
        return ""
    best = "" if event.best is None else f"{event.best:g}"
    low, high = ("?" if v is None else f"{v:g}" for v in (event.low, event.high))
    around = "" if event.low is None and event.high is None else f" ({low} … {high})"
    return f", {best}{around} {event.unit}".rstrip()


@tells(events.UpdatePosted, "bell", key=True)
def _update(event: events.UpdatePosted, name: Namer) -> str:
    return f"posted an update ({event.audience}): {event.text}"


@tells(events.NoteAdded, "pin")
def _note(event: events.NoteAdded, name: Namer) -> str:
    return f"noted: {event.text}"


@tells(events.MessagePosted, "message")
def _message(event: events.MessagePosted, name: Namer) -> str:
    return f"wrote {quoted(event.text)}" if event.text else "wrote a message, since removed"


@tells(events.MessageEdited, "message")
def _edited(event: events.MessageEdited, name: Namer) -> str:
    said = f": {quoted(event.text)}" if event.text else ", since removed"
    return f"edited a message{said}"


@tells(events.MessagePinned, "pin", key=True)
def _pinned(event: events.MessagePinned, name: Namer) -> str:
    return "pinned a message"


@tells(events.MessageUnpinned, "pin")
def _unpinned(event: events.MessageUnpinned, name: Namer) -> str:
    return "unpinned a message"


@tells(events.ReactionAdded, "message")
def _reacted(event: events.ReactionAdded, name: Namer) -> str:
    return f"answered a message with {REACTIONS.get(event.reaction, event.reaction)}"


@tells(events.ReactionRemoved, "message")
def _took_back(event: events.ReactionRemoved, name: Namer) -> str:
    return f"took {REACTIONS.get(event.reaction, event.reaction)} back from a message"


@tells(events.MessageRedacted, "x")
def _redacted(event: events.MessageRedacted, name: Namer) -> str:
    return "removed a message" + because(event.reason)


@tells(events.FollowUpAdded, "todo")
def _follow_up(event: events.FollowUpAdded, name: Namer) -> str:
    owner = f", owned by {name(event.owner)}" if event.owner else ""
    return f"added a follow-up: {event.title} ({event.priority}, {event.intent}{owner})"


@tells(events.FollowUpDone, "check")
def _done(event: events.FollowUpDone, name: Namer) -> str:
    return f"finished a follow-up: {event.title}" + (f" ({event.note})" if event.note else "")


@tells(events.FollowUpChanged, "todo")
def _follow_up_changed(event: events.FollowUpChanged, name: Namer) -> str:
    values = (f"{FIELD_WORDS[field]} {_field(event, field, name)}" for field in event.changed)
    return f"changed {quoted(event.title)}: {', '.join(values)}" + because(event.reason)


FIELD_WORDS = {
    "title": "title",
    "priority": "priority",
    "intent": "intent",
    "area": "area",
    "owner": "owner",
    "due_at": "due",
    "done_when": "done when",
    "tracker": "tracker",
}


def _field(event: events.FollowUpChanged, field: str, name: Namer) -> str:
    value = getattr(event, field)
    if not value:
        return "none"
    if field == "due_at":
        return f"{datetime.fromisoformat(value):%-d %B %Y}"
    return name(value) if field == "owner" else str(value)


@tells(events.FollowUpPlaced, "todo")
def _placed(event: events.FollowUpPlaced, name: Namer) -> str:
    place = f"{event.value} value, {event.feasibility} to do"
    return f"placed {quoted(event.title)} at {place}"


@tells(events.FollowUpEvidenceAdded, "pin")
def _evidence(event: events.FollowUpEvidenceAdded, name: Namer) -> str:
    return f"added evidence to {quoted(event.title)}: {event.text}"


@tells(events.FollowUpDropped, "x")
def _dropped(event: events.FollowUpDropped, name: Namer) -> str:
    return f"will not do {quoted(event.title)}: {event.reason}"


@tells(events.FollowUpReopened, "back")
def _follow_up_reopened(event: events.FollowUpReopened, name: Namer) -> str:
    return f"reopened the follow-up {quoted(event.title)}: {event.reason}"


@tells(events.FollowUpReminded, "bell")
def _reminded(event: events.FollowUpReminded, name: Namer) -> str:
    whom = ", ".join(name(ref) for ref in event.to) or "nobody, since nobody owns it"
    state = ("is due soon", "is due")[event.step] if event.step < 2 else "is overdue"
    review = "; it is to be reviewed" if event.review else ""
    return f"reminded {whom} that {quoted(event.title)} {state}{review}"


@tells(events.IncidentResolved, "check", key=True)
def _resolved(event: events.IncidentResolved, name: Namer) -> str:
    of = f" of #{event.duplicate_of}" if event.duplicate_of else ""
    checked = "verified" if event.verified else "not verified"
    words = f"{OUTCOME_WORDS[event.outcome]}{of}, {event.confidence} confidence, {checked}"
    return f"resolved it: {words}" + (f". {event.summary}" if event.summary else "")


@tells(events.IncidentReopened, "back", key=True)
def _reopened(event: events.IncidentReopened, name: Namer) -> str:
    return f"reopened it: {event.reason}"


@tells(events.IncidentClosed, "lock", key=True)
def _closed(event: events.IncidentClosed, name: Namer) -> str:
    return f"closed it by exception: {event.exception}" if event.exception else "closed it"


SECTION_WORDS = {
    "summary": "Summary",
    "impact": "Impact",
    "phases": "Phases",
    "roles": "Roles",
    "detection": "Detection",
    "told": "What was told",
    "decisions": "Decisions",
    "causes": "Causes",
    "questions": "Questions",
    "well": "What went well",
    "badly": "What went badly",
    "luckily": "Where we were lucky",
    "follow_ups": "Follow-ups",
}


@tells(events.SectionWritten, "log")
def _written(event: events.SectionWritten, name: Namer) -> str:
    title = quoted(SECTION_WORDS[event.section])
    return f"wrote revision {event.revision} of {title} in the retrospective"


@tells(events.SectionRedacted, "x")
def _section_redacted(event: events.SectionRedacted, name: Namer) -> str:
    title = quoted(SECTION_WORDS[event.section])
    return f"removed revision {event.revision} of {title}" + because(event.reason)


@tells(events.RetrospectiveSubmitted, "eye")
def _submitted(event: events.RetrospectiveSubmitted, name: Namer) -> str:
    return "submitted the retrospective for review"


@tells(events.RetrospectiveReturned, "back")
def _returned(event: events.RetrospectiveReturned, name: Namer) -> str:
    return f"returned the retrospective: {event.reason}"


@tells(events.RetrospectiveAccepted, "check", key=True)
def _retrospective_accepted(event: events.RetrospectiveAccepted, name: Namer) -> str:
    return f"accepted the retrospective that {name(event.submitted_by)} submitted"
