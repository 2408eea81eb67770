"""Work that outlives an incident: what is to be done, by whom, until when, and what came of it.

Each event tells the title as it was, so that its sentence needs nothing else.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event, upcasts
from incidents.state import FollowUp, Incident, with_item


class FollowUpAdded(Event):
    """`done_when` is the standard of done, `tracker` the address of the same work elsewhere."""

    type = "incident.follow_up_added"
    schema = 2
    refs = ("owner",)
    follow_up: str
    title: str
    priority: str
    intent: str
    owner: str = ""
    due_at: str | None = None
    area: str = ""
    done_when: str = ""
    tracker: str = ""

    def evolve(self, state: Incident) -> Incident:
        added = FollowUp(
            title=self.title,
            priority=self.priority,
            intent=self.intent,
            area=self.area,
            owner=self.owner,
            due_at=self.due_at,
            done_when=self.done_when,
            tracker=self.tracker,
        )
        return replace(state, follow_ups=with_item(state.follow_ups, self.follow_up, added))


class FollowUpChanged(Event):
    """All fields as they are now; `changed` names those that were otherwise before."""

    type = "incident.follow_up_changed"
    refs = ("owner",)
    follow_up: str
    changed: list[str]
    title: str
    priority: str
    intent: str
    area: str
    owner: str
    due_at: str | None
    done_when: str
    tracker: str
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        changes = {name: getattr(self, name) for name in self.changed}
        if "due_at" in changes or "priority" in changes:
            changes["reminded"] = -1
        return _changed(state, self, **changes)


class FollowUpPlaced(Event):
    """Value against feasibility, never their product. `function` is that of who placed it;
    `confirmed` says that it is one of those that own priorities.
    """

    type = "incident.follow_up_placed"
    refs = ("person",)
    follow_up: str
    title: str
    value: str
    feasibility: str
    person: str
    function: str
    confirmed: bool

    def evolve(self, state: Incident) -> Incident:
        return _changed(
            state,
            self,
            value=self.value,
            feasibility=self.feasibility,
            placed_by=self.person,
        )


class FollowUpEvidenceAdded(Event):
    """Something that shows what was done; `sha256` is of what stands at the address."""

    type = "incident.follow_up_evidence_added"
    follow_up: str
    title: str
    evidence: str
    text: str
    url: str = ""
    sha256: str = ""

    def evolve(self, state: Incident) -> Incident:
        known = state.follow_ups.get(self.follow_up)
        evidence = (*(known.evidence if known else ()), self.evidence)
        return _changed(state, self, evidence=evidence)


class FollowUpDone(Event):
    type = "incident.follow_up_done"
    schema = 2
    follow_up: str
    title: str
    note: str = ""

    def evolve(self, state: Incident) -> Incident:
        return _changed(state, self, state="done")


class FollowUpDropped(Event):
    """It will not be done."""

    type = "incident.follow_up_dropped"
    follow_up: str
    title: str
    reason: str

    def evolve(self, state: Incident) -> Incident:
        return _changed(state, self, state="dropped")


class FollowUpReopened(Event):
    """There is something to do after all; `was` is done or dropped."""

    type = "incident.follow_up_reopened"
    follow_up: str
    title: str
    was: str
    reason: str

    def evolve(self, state: Incident) -> Incident:
        return _changed(state, self, state="open", reminded=-1)


class FollowUpReminded(Event):
    """A reminder was due and decided, once. `step` 0 comes before the date, 1 at it, others after.

    `review` says that an overdue P0 is to be talked about.
    """

    type = "incident.follow_up_reminded"
    refs = ("to",)
    follow_up: str
    title: str
    step: int
    due_at: str
    to: list[str] = field(default_factory=list)
    review: bool = False

    def evolve(self, state: Incident) -> Incident:
        return _changed(state, self, reminded=self.step)


@upcasts(FollowUpAdded.type, from_schema=1)
def _added_without_area(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "area": "", "done_when": "", "tracker": ""}


@upcasts(FollowUpDone.type, from_schema=1)
def _done_without_a_note(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "note": ""}


def _changed(incident: Incident, event: Any, **changes: Any) -> Incident:
    known = incident.follow_ups.get(event.follow_up) or FollowUp(title=event.title)
    now = replace(known, **changes)
    return replace(incident, follow_ups=with_item(incident.follow_ups, event.follow_up, now))
