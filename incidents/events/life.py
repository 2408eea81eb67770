"""How an incident begins, is graded, ends and begins again."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event, upcasts
from incidents.state import Incident, with_item


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
            worst=self.severity,
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
        return replace(state, severity=self.severity, worst=min(state.worst, self.severity))


class IncidentRetitled(Event):
    type = "incident.retitled"
    title: str
    was: str

    def evolve(self, state: Incident) -> Incident:
        return replace(state, title=self.title)


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
    """The record ends. `missing` are codes of what was asked for and let pass by the exception."""

    type = "incident.closed"
    schema = 2
    exception: str = ""
    missing: list[str] = field(default_factory=list)

    def evolve(self, state: Incident) -> Incident:
        return replace(state, phase="closed")


@upcasts(IncidentClosed.type, from_schema=1)
def _closed_before_anything_was_asked_for(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "exception": "", "missing": []}
