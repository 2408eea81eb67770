"""Resolving, reopening, closing."""

from __future__ import annotations

from eventlog.core import Event, Refused
from incidents.commands.base import IncidentCommand, declared, not_closed, one_of, text_of
from incidents.commands.closing import before_closing, incomplete
from incidents.events import IncidentClosed, IncidentReopened, IncidentResolved
from incidents.policy import TEXT_LIMIT
from incidents.state import CONFIDENCES, OUTCOMES, Incident


class Resolve(IncidentCommand):
    """Ends the response. `verified` says that somebody checked; it can be said later."""

    outcome: str
    confidence: str = "medium"
    verified: bool = False
    summary: str = ""
    duplicate_of: int = 0

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        resolved = IncidentResolved(
            outcome=one_of(self.outcome, OUTCOMES, "outcome"),
            confidence=one_of(self.confidence, CONFIDENCES, "confidence"),
            verified=self.verified,
            summary=text_of(self.summary, "summary", TEXT_LIMIT, empty=True),
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
        declared(state)
        if state.live:
            return []
        return [IncidentReopened(reason=text_of(self.reason, "reason", TEXT_LIMIT))]


class Close(IncidentCommand):
    """Nothing more is to be recorded, except that follow-ups get done.

    `exception` is the reason for which an incident is closed although something is missing.
    """

    exception: str = ""

    def decide(self, state: Incident) -> list[Event]:
        declared(state)
        if state.phase == "closed":
            return []
        if state.live:
            raise Refused(
                "Resolve the incident with its outcome before closing it.",
                "not_resolved",
                "phase",
                state.phase,
            )
        missing = before_closing(state)
        exception = text_of(self.exception, "exception", TEXT_LIMIT, empty=True)
        if missing and not exception:
            raise incomplete(missing, "Not ready to close.", "exception")
        codes = list(dict.fromkeys(one.code for one in missing))
        return [IncidentClosed(exception=exception if missing else "", missing=codes)]


def _resolution(of: Incident | IncidentResolved) -> tuple[str, str, bool, int]:
    return of.outcome, of.confidence, of.verified, of.duplicate_of
