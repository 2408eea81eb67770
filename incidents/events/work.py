"""What is found out and told."""

from __future__ import annotations

from eventlog.core import Event


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
