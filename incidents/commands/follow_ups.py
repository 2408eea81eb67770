"""Follow-ups: adding, changing, placing, showing what was done, ending, and reminding of them.

All but adding goes on after the incident is closed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

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
    FollowUpAdded,
    FollowUpChanged,
    FollowUpDone,
    FollowUpDropped,
    FollowUpEvidenceAdded,
    FollowUpPlaced,
    FollowUpReminded,
    FollowUpReopened,
)
from incidents.policy import TEXT_LIMIT, TITLE_LIMIT, URL_LIMIT, follow_up_due, reminder_due
from incidents.state import (
    AREAS,
    FEASIBILITIES,
    INTENTS,
    OWN_PRIORITIES,
    PRIORITIES,
    VALUES,
    FollowUp,
    Incident,
)

DIGEST = re.compile(r"[0-9a-f]{64}")
FIELDS = ("title", "priority", "intent", "area", "owner", "due_at", "done_when", "tracker")


class AddFollowUp(IncidentCommand):
    """Keeps work for later; it is due by its priority, or at the time that is named."""

    follow_up: str
    title: str
    priority: str = "P2"
    intent: str = "fix"
    owner: str = ""
    area: str = ""
    due_at: datetime | None = None
    done_when: str = ""
    tracker: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if self.follow_up in state.follow_ups:
            return []
        policy = follow_up_due(one_of(self.priority, PRIORITIES, "priority"), self.at)
        due = _in_future(self.due_at, self.at) or policy
        added = FollowUpAdded(
            follow_up=self.follow_up,
            title=text_of(self.title, "title", TITLE_LIMIT),
            priority=self.priority,
            intent=one_of(self.intent, INTENTS, "intent"),
            owner=self.owner,
            due_at=due.isoformat() if due else None,
            area=one_of(self.area, ("", *AREAS), "area"),
            done_when=text_of(self.done_when, "done_when", TEXT_LIMIT, empty=True),
            tracker=_address(self.tracker, "tracker"),
        )
        return [added]


class FollowUpCommand(IncidentCommand):
    """A command on a follow-up that exists."""

    follow_up: str

    def decide(self, state: Incident) -> list[Event]:
        declared(state)
        wanted = state.follow_ups.get(self.follow_up)
        if wanted is None:
            raise Refused("There is no such follow-up here.", "unknown_follow_up", "follow_up")
        return self.decide_on(wanted, state)

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        """What follows for the follow-up as it is."""
        raise NotImplementedError

    def named(self, known: FollowUp) -> dict[str, Any]:
        """What each event says."""
        return {"follow_up": self.follow_up, "title": known.title}


class ChangeFollowUp(FollowUpCommand):
    """Changes what is given and leaves the rest. Putting it off needs a reason.

    Another priority brings its own due date, unless one is given.
    """

    title: str | None = None
    priority: str | None = None
    intent: str | None = None
    area: str | None = None
    owner: str | None = None
    due_at: datetime | None = None
    done_when: str | None = None
    tracker: str | None = None
    reason: str = ""

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        _open(known)
        now: dict[str, Any] = {name: getattr(known, name) for name in FIELDS} | self._given(known)
        changed = [name for name in FIELDS if now[name] != getattr(known, name)]
        if not changed:
            return []
        empty = not _is_later(now["due_at"], known.due_at)
        reason = text_of(self.reason, "reason", TEXT_LIMIT, empty=empty)
        return [FollowUpChanged(follow_up=self.follow_up, changed=changed, reason=reason, **now)]

    def _given(self, known: FollowUp) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if self.title is not None:
            given["title"] = text_of(self.title, "title", TITLE_LIMIT)
        if self.intent is not None:
            given["intent"] = one_of(self.intent, INTENTS, "intent")
        if self.area is not None:
            given["area"] = one_of(self.area, ("", *AREAS), "area")
        if self.owner is not None:
            given["owner"] = self.owner
        if self.done_when is not None:
            given["done_when"] = text_of(self.done_when, "done_when", TEXT_LIMIT, empty=True)
        if self.tracker is not None:
            given["tracker"] = _address(self.tracker, "tracker")
        if self.priority is not None and self.priority != known.priority:
            given["priority"] = one_of(self.priority, PRIORITIES, "priority")
            due = follow_up_due(self.priority, self.at)
            given["due_at"] = due.isoformat() if due else None
        if self.due_at is not None and self.due_at.isoformat() != known.due_at:
            _in_future(self.due_at, self.at)
            given["due_at"] = self.due_at.isoformat()
        return given


class PlaceFollowUp(FollowUpCommand):
    """Places it on the board: how much it is worth, and how feasible it is."""

    value: str
    feasibility: str
    person: str

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        _open(known)
        value = one_of(self.value, VALUES, "value")
        feasibility = one_of(self.feasibility, FEASIBILITIES, "feasibility")
        if (known.value, known.feasibility, known.placed_by) == (value, feasibility, self.person):
            return []
        function = state.people.get(self.person, "")
        placed = FollowUpPlaced(
            **self.named(known),
            value=value,
            feasibility=feasibility,
            person=self.person,
            function=function,
            confirmed=function in OWN_PRIORITIES,
        )
        return [placed]


class AddFollowUpEvidence(FollowUpCommand):
    """Keeps something that shows what was done: words, an address, and its checksum."""

    evidence: str
    text: str
    url: str = ""
    sha256: str = ""

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        if self.evidence in known.evidence:
            return []
        if self.sha256 and not DIGEST.fullmatch(self.sha256):
            raise Refused("A checksum is 64 hexadecimal digits in lower case.", "sha256", "sha256")
        added = FollowUpEvidenceAdded(
            **self.named(known),
            evidence=self.evidence,
            text=text_of(self.text, "text", TEXT_LIMIT),
            url=_address(self.url, "url"),
            sha256=self.sha256,
        )
        return [added]


class CompleteFollowUp(FollowUpCommand):
    """It is done. What says when it is done needs evidence, or a note, that shows it."""

    note: str = ""

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        if known.state == "done":
            return []
        note = text_of(self.note, "note", TEXT_LIMIT, empty=True)
        if known.done_when and not (known.evidence or note):
            raise Refused(
                f"Say what shows that it is done. It is done when: {known.done_when}",
                "no_evidence",
                "note",
                known.done_when,
            )
        return [FollowUpDone(**self.named(known), note=note)]


class DropFollowUp(FollowUpCommand):
    """It will not be done, for a reason."""

    reason: str = ""

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        if known.state == "dropped":
            return []
        _open(known)
        reason = text_of(self.reason, "reason", TEXT_LIMIT)
        return [FollowUpDropped(**self.named(known), reason=reason)]


class ReopenFollowUp(FollowUpCommand):
    """There is something to do after all."""

    reason: str = ""

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        if not known.ended:
            return []
        reason = text_of(self.reason, "reason", TEXT_LIMIT)
        return [FollowUpReopened(**self.named(known), was=known.state, reason=reason)]


class RemindFollowUp(FollowUpCommand):
    """What the clock asks: decides the newest reminder that is due, once for each step.

    The owner hears of it; nobody's work, and what is overdue, goes to whoever plans and commands.
    """

    def decide_on(self, known: FollowUp, state: Incident) -> list[Event]:
        if known.ended or not known.due_at:
            return []
        step = reminder_due(known.priority, datetime.fromisoformat(known.due_at), self.at)
        if step <= known.reminded:
            return []
        leads = [state.holders.get("planning", ""), state.holders.get("commander", "")]
        to = distinct([known.owner, *(leads if step > 1 or not known.owner else ())])
        reminded = FollowUpReminded(
            **self.named(known),
            step=step,
            due_at=known.due_at,
            to=to,
            review=known.priority == "P0" and known.reminded < 1 <= step,
        )
        return [reminded]


def _open(known: FollowUp) -> None:
    if known.ended:
        raise Refused("It is no longer open; reopen it first.", "ended", "follow_up", known.state)


def _in_future(due_at: datetime | None, at: datetime) -> datetime | None:
    if due_at is not None and due_at.tzinfo is None:
        raise Refused("A due date needs a zone.", "no_zone", "due_at")
    if due_at is not None and due_at <= at:
        raise Refused("A due date lies ahead.", "in_the_past", "due_at")
    return due_at


def _is_later(due_at: str | None, known: str | None) -> bool:
    """Whether a date was put off, or taken away."""
    if not known:
        return False
    return not due_at or datetime.fromisoformat(due_at) > datetime.fromisoformat(known)


def _address(text: str, field: str) -> str:
    address = text_of(text, field, URL_LIMIT, empty=True)
    if address and not re.fullmatch(r"https?://[^\s<>\"']+", address):
        raise Refused("An address starts with https:// or http://.", "not_an_address", field)
    return address
