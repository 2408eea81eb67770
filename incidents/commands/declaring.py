"""How an incident begins, and which breaches belong to it."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from eventlog.core import Conflict, Event, Refused
from incidents.commands.base import IncidentCommand, declared, one_of, text_of
from incidents.events import BreachAttached, BreachRecovered, IncidentDeclared, RoleTaken
from incidents.policy import TITLE_LIMIT
from incidents.state import KINDS, SEVERITIES, Incident


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
            title=text_of(self.title, "title", TITLE_LIMIT),
            severity=one_of(self.severity, SEVERITIES, "severity"),
            declared_by=self.declared_by,
            kind=one_of(self.kind, KINDS, "kind"),
            environment=text_of(self.environment, "environment", TITLE_LIMIT),
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
    monitor_name: str = ""
    subjects: list[str] = field(default_factory=list)

    def decide(self, state: Incident) -> list[Event]:
        declared(state)
        return [] if self.breach in state.breaches else [self.attached()]

    def attached(self) -> BreachAttached:
        return BreachAttached(
            breach=self.breach,
            monitor=self.monitor,
            sentence=self.sentence,
            opened_at=self.opened_at.isoformat(),
            urgency=self.urgency,
            monitor_name=self.monitor_name,
            subjects=self.subjects,
        )


class RecordRecovery(IncidentCommand):
    """The breach has ended; the incident stays open until somebody resolves it."""

    breach: str
    monitor: str
    recovered_at: datetime
    monitor_name: str = ""
    sentence: str = ""

    def decide(self, state: Incident) -> list[Event]:
        if not state.breaches.get(self.breach):
            return []
        recovered = BreachRecovered(
            breach=self.breach,
            monitor=self.monitor,
            recovered_at=self.recovered_at.isoformat(),
            monitor_name=self.monitor_name,
            sentence=self.sentence,
        )
        return [recovered]


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
