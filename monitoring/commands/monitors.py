"""What can be asked about monitors, with the rules.

A person or program creates, revises, pauses and removes; only evaluation opens and closes breaches.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import asdict, field
from datetime import UTC, datetime
from typing import Any

from eventlog.core import Command, Event, Refused, field_names
from monitoring import events, kinds
from monitoring.kinds.base import BadParameter
from monitoring.labels import BadSeries, check_series
from monitoring.signal_classes import Signal
from monitoring.state import Definition, Monitor, Urgency

MAX_TEXT = 2_000
MAX_NAME = 200
MAX_SUBJECTS = 20
REF = re.compile(r"[a-z][a-z0-9_]{0,39}:[^\s\x00-\x1f]{1,200}")
BREACHES = uuid.UUID("2c0a4f0c-96ce-5f65-9a3c-7f0f0a3b7d51")


class MonitorCommand(Command[Monitor]):
    """Continues the story of one monitor; `monitor` is its UUID."""

    blank = Monitor()
    monitor: str

    @property
    def stream(self) -> str:
        return f"monitor:{self.monitor}"


class DefineMonitor(MonitorCommand):
    """A monitor's definition, checked. Without an urgency it has that of its kind."""

    supplied = ("watch_from",)
    watch_from: datetime | None = None
    name: str
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    series: str
    labels: dict[str, str] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    urgency: str = ""
    severity: int | None = None
    environment: str = "production"
    description: str = ""
    signal: str = ""

    def checked(self) -> Definition:
        """The definition with every parameter written out. Raises `Refused` naming the field."""
        check_text(self.name, "name", MAX_NAME)
        check_text(self.description, "description", MAX_TEXT, empty=True)
        check_text(self.environment, "environment", MAX_NAME)
        if self.urgency:
            check_choice(self.urgency, "urgency", [str(u) for u in Urgency])
        if self.severity is not None:
            check_choice(self.severity, "severity", [1, 2, 3, 4])
        if self.signal:
            check_choice(self.signal, "signal", [str(signal) for signal in Signal])
        check_subjects(self.subjects)
        given = {name: getattr(self, name) for name in field_names(Definition)}
        parameters = self._parameters()
        urgency = str(self.urgency) or kinds.named(self.kind).urgency
        return Definition(**{**given, "parameters": parameters, "urgency": urgency})

    def since(self) -> str:
        """ISO text of `watch_from`, empty without one."""
        return in_utc(self.watch_from) if self.watch_from else ""

    def _parameters(self) -> dict[str, Any]:
        try:
            check_series(self.series, self.labels)
            return asdict(kinds.make(self.kind, self.parameters))  # type: ignore[call-overload, no-any-return]
        except BadSeries as error:
            raise Refused(str(error), code="bad_series", field=error.field) from error
        except BadParameter as error:
            where = "kind" if error.field == "kind" else f"parameters.{error.field}"
            sentence = f"{error.field}: {error.message}."
            raise Refused(sentence, code="bad_parameter", field=where) from error


class CreateMonitor(DefineMonitor):
    """Begins a monitor. Points of the series up to `watch_from` only teach it what is normal."""

    def decide(self, state: Monitor) -> list[Event]:
        if state.definition is not None:
            raise Refused("This monitor exists already.", code="exists", field="monitor")
        return [
            events.MonitorCreated(
                monitor=self.stream, watch_from=self.since(), **asdict(self.checked())
            )
        ]


class ReviseMonitor(DefineMonitor):
    """Changes a monitor's definition; an open breach was judged by the old one and is closed."""

    def decide(self, state: Monitor) -> list[Event]:
        require_existing(state)
        definition = self.checked()
        if definition == state.definition:
            return []
        revised = events.MonitorRevised(
            monitor=self.stream,
            revision=state.revision + 1,
            watch_from=self.since(),
            **asdict(definition),
        )
        sentence = "The monitor was revised and judges anew."
        return [*closed_by_hand(self, state, sentence, "revised"), revised]


class PauseMonitor(MonitorCommand):
    """Stops breaches from opening, for a reason."""

    reason: str

    def decide(self, state: Monitor) -> list[Event]:
        definition = require_existing(state)
        check_text(self.reason, "reason", MAX_TEXT)
        if state.paused:
            return []
        return [
            events.MonitorPaused(
                monitor=self.stream, reason=self.reason, subjects=definition.subjects
            )
        ]


class ResumeMonitor(MonitorCommand):
    """Lets breaches open again."""

    def decide(self, state: Monitor) -> list[Event]:
        definition = require_existing(state)
        if not state.paused:
            return []
        return [events.MonitorResumed(monitor=self.stream, subjects=definition.subjects)]


class RemoveMonitor(MonitorCommand):
    """Takes a monitor out of service; an open breach of it is closed."""

    reason: str

    def decide(self, state: Monitor) -> list[Event]:
        if state.removed:
            return []
        definition = require_existing(state)
        check_text(self.reason, "reason", MAX_TEXT)
        removed = events.MonitorRemoved(
            monitor=self.stream, reason=self.reason, subjects=definition.subjects
        )
        return [*closed_by_hand(self, state, "The monitor was removed.", "removed"), removed]


class OpenBreach(MonitorCommand):
    """The evaluation of `revision` found the series out of bounds since `at`.

    Nothing comes of it when a breach is open, when it is not later than what was last decided
    (late points teach, they do not rewrite), or when the monitor is paused, revised or gone.
    """

    supplied = ("sentence", "evidence", "began")
    revision: int
    sentence: str
    evidence: dict[str, float | int | None]
    began: dict[str, str] | None = None

    def decide(self, state: Monitor) -> list[Event]:
        definition = state.definition
        if definition is None or not is_current(self, state) or state.paused or state.breach:
            return []
        onset = in_utc(self.at)
        return [
            events.BreachOpened(
                breach=f"breach:{uuid.uuid5(BREACHES, f'{self.stream} {onset}')}",
                monitor=self.stream,
                name=definition.name,
                kind=definition.kind,
                series=definition.series,
                labels=definition.labels,
                onset=onset,
                sentence=self.sentence,
                evidence=self.evidence,
                urgency=definition.urgency,
                severity=definition.severity,
                environment=definition.environment,
                subjects=definition.subjects,
                began=self.began,
            )
        ]


class CloseBreach(MonitorCommand):
    """The evaluation of `revision` found the series within bounds again at `at`."""

    supplied = ("sentence",)
    revision: int
    sentence: str

    def decide(self, state: Monitor) -> list[Event]:
        if not state.breach or not is_current(self, state):
            return []
        return closed(self, state, self.sentence, "recovered")


def is_current(command: OpenBreach | CloseBreach, state: Monitor) -> bool:
    """Whether the evaluation speaks of the monitor as it is, and not of a time before decided.

    A breach may close at its own onset: the value that opened it was corrected.
    """
    known = datetime.fromisoformat(state.decided_at) if state.decided_at else None
    closes = isinstance(command, CloseBreach)
    is_later = known is None or command.at > known or (closes and command.at == known)
    return state.exists and command.revision == state.revision and is_later


def closed_by_hand(
    command: MonitorCommand, state: Monitor, sentence: str, reason: str
) -> list[Event]:
    """The end of the open breach, if there is one, because of a change to the monitor itself."""
    return closed(command, state, sentence, reason) if state.breach else []


def closed(command: MonitorCommand, state: Monitor, sentence: str, reason: str) -> list[Event]:
    """The end of the open breach."""
    definition = require_existing(state)
    return [
        events.BreachClosed(
            breach=state.breach,
            monitor=command.stream,
            closed_at=in_utc(command.at),
            sentence=sentence,
            reason=reason,
            subjects=definition.subjects,
        )
    ]


def require_existing(state: Monitor) -> Definition:
    """The definition of a monitor in service. Raises `Refused`."""
    if state.definition is None:
        raise Refused("There is no such monitor.", code="unknown", field="monitor")
    if state.removed:
        raise Refused("This monitor was removed.", code="removed", field="monitor")
    return state.definition


def in_utc(at: datetime) -> str:
    """ISO text in UTC, in which later instants are greater texts."""
    return at.astimezone(UTC).isoformat()


def check_text(value: str, name: str, limit: int, empty: bool = False) -> None:
    """Refuses a text that is blank or too long."""
    if not isinstance(value, str) or not (value.strip() or empty):
        raise Refused("Must be a text that is not blank.", code="bad_value", field=name)
    if len(value) > limit or "\x00" in value:
        raise Refused(f"May have {limit:,} characters at most.", code="bad_value", field=name)


def check_choice(value: Any, name: str, choices: list[Any]) -> None:
    """Refuses a value that is not one of the choices."""
    if value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        raise Refused(f"Must be one of {listed}.", code="bad_value", field=name, current=choices)


def check_subjects(subjects: list[str]) -> None:
    """Refuses what is no list of refs."""
    if len(subjects) > MAX_SUBJECTS or len(set(subjects)) != len(subjects):
        sentence = f"At most {MAX_SUBJECTS} refs, each once."
        raise Refused(sentence, code="bad_value", field="subjects")
    for subject in subjects:
        if not REF.fullmatch(subject):
            sentence = f"{subject!r} is no ref such as service:search-ranking."
            raise Refused(sentence, code="bad_value", field="subjects")
