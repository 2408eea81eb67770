"""Working an incident: phase, severity, title, impact, updates, notes."""

from __future__ import annotations

from eventlog.core import Event, Refused
from incidents.commands.base import IncidentCommand, live, not_closed, one_of, text_of
from incidents.events import (
    ImpactStated,
    IncidentRetitled,
    NoteAdded,
    PhaseEntered,
    SeverityChanged,
    UpdatePosted,
)
from incidents.policy import TEXT_LIMIT, TITLE_LIMIT
from incidents.state import AUDIENCES, LIVE_PHASES, SEVERITIES, Incident


class EnterPhase(IncidentCommand):
    """Any live phase, in any order; the later ones follow from resolving and closing."""

    phase: str

    def decide(self, state: Incident) -> list[Event]:
        live(state)
        phase = one_of(self.phase, LIVE_PHASES, "phase", hint=" Resolve or close it for the rest.")
        return [] if phase == state.phase else [PhaseEntered(phase=phase, left=state.phase)]


class ChangeSeverity(IncidentCommand):
    severity: int
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        severity = one_of(self.severity, SEVERITIES, "severity")
        if severity == state.severity:
            return []
        reason = text_of(self.reason, "reason", TEXT_LIMIT)
        return [SeverityChanged(severity=severity, was=state.severity, reason=reason)]


class Retitle(IncidentCommand):
    title: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        title = text_of(self.title, "title", TITLE_LIMIT)
        return [] if title == state.title else [IncidentRetitled(title=title, was=state.title)]


class StateImpact(IncidentCommand):
    """Says what the harm is, with an interval in `unit` where there is one."""

    text: str
    unit: str = ""
    low: float | None = None
    best: float | None = None
    high: float | None = None

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        known = [value for value in (self.low, self.best, self.high) if value is not None]
        if any(value != value or abs(value) == float("inf") for value in known):
            raise Refused("An impact is a finite number.", "not_finite", "best")
        if known != sorted(known):
            raise Refused("Impact goes from low over best to high.", "not_in_order", "low", known)
        stated = ImpactStated(
            text=text_of(self.text, "text", TEXT_LIMIT),
            unit=text_of(self.unit, "unit", TITLE_LIMIT, empty=True),
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
        not_closed(state)
        audience = one_of(self.audience, AUDIENCES, "audience")
        return [UpdatePosted(audience=audience, text=text_of(self.text, "text", TEXT_LIMIT))]


class AddNote(IncidentCommand):
    text: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        return [NoteAdded(text=text_of(self.text, "text", TEXT_LIMIT))]
