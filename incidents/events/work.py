"""What is found out, told and left to do."""

from __future__ import annotations

from dataclasses import replace

from eventlog.core import Event
from incidents.state import FollowUp, Incident, with_item


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
        added = FollowUp(title=self.title, priority=self.priority, owner=self.owner)
        return replace(state, follow_ups=with_item(state.follow_ups, self.follow_up, added))


class FollowUpDone(Event):
    type = "incident.follow_up_done"
    follow_up: str
    title: str

    def evolve(self, state: Incident) -> Incident:
        known = state.follow_ups.get(self.follow_up) or FollowUp(title=self.title)
        done = replace(known, done=True)
        return replace(state, follow_ups=with_item(state.follow_ups, self.follow_up, done))
