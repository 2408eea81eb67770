"""What can be asked about service level objectives, and what becomes of their monitors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from eventlog.core import Command, Event, Refused, field_names
from monitoring import events
from monitoring.commands.monitors import (
    MAX_TEXT,
    MonitorCommand,
    RemoveMonitor,
    ReviseMonitor,
    check_choice,
    check_subjects,
    check_text,
)
from monitoring.slo import definition
from monitoring.slo.exact import BadSlo
from monitoring.slo.watching import KIND, watches
from monitoring.state import Layer, Monitor, Objective, Promise

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
# The monitors of an objective add how urgent they are to its name, and the objective to its refs.
MAX_NAME = 180
MAX_SUBJECTS = 19
REVIEWED_AFTER = timedelta(days=90)


class SloCommand(Command[Objective]):
    """Continues the story of one objective; `slo` is its key."""

    blank = Objective()
    slo: str

    @property
    def stream(self) -> str:
        return f"slo:{self.slo}"


class DefineSlo(SloCommand):
    """A whole objective; `settings` is the plain form of `monitoring.slo.definition`.

    `review_on` is an ISO date; empty leaves it as it was, or 90 days from now.
    """

    name: str
    settings: dict[str, Any]
    description: str = ""
    owner: str = ""
    layer: str = str(Layer.SERVING)
    subjects: list[str] = field(default_factory=list)
    environment: str = "production"
    severity: int | None = None
    review_on: str = ""
    document: dict[str, Any] = field(default_factory=dict)

    def checked(self, state: Objective) -> Promise:
        """The objective with every setting written out. Raises `Refused` naming the field."""
        check_key(self.slo)
        check_text(self.name, "name", MAX_NAME)
        for name in ("description", "owner"):
            check_text(getattr(self, name), name, MAX_TEXT, empty=True)
        check_text(self.environment, "environment", MAX_NAME)
        check_choice(self.layer, "layer", [str(layer) for layer in Layer])
        if self.severity is not None:
            check_choice(self.severity, "severity", [1, 2, 3, 4])
        check_subjects(self.subjects)
        if len(self.subjects) > MAX_SUBJECTS:
            sentence = f"At most {MAX_SUBJECTS} refs."
            raise Refused(sentence, code="bad_value", field="subjects")
        given = {name: getattr(self, name) for name in field_names(Promise)}
        given |= {"settings": self._settings(), "review_on": self._review_on(state)}
        return Promise(**{**given, "layer": str(self.layer)})

    def _settings(self) -> dict[str, Any]:
        try:
            return definition.written(definition.read(self.settings))
        except BadSlo as fault:
            raise refused(fault) from fault

    def _review_on(self, state: Objective) -> str:
        if not self.review_on:
            usual = (self.at.astimezone(UTC) + REVIEWED_AFTER).date().isoformat()
            return state.promise.review_on if state.promise else usual
        return date_of(self.review_on).isoformat()


class CreateSlo(DefineSlo):
    """Makes a promise that is held against measurements from now on."""

    def decide(self, state: Objective) -> list[Event]:
        if state.promise is not None:
            raise Refused(
                "There is an objective with this key already.", code="exists", field="key"
            )
        promise = self.checked(state)
        return [events.SloCreated(slo=self.stream, **asdict(promise))]


class ChangeSlo(DefineSlo):
    """Changes an objective, which is given whole, for a reason.

    A new target holds from now on; what was counted before is held against the old one.
    """

    reason: str

    def decide(self, state: Objective) -> list[Event]:
        known = in_force(state)
        check_text(self.reason, "reason", MAX_TEXT)
        promise = self.checked(state)
        if not promise.document:
            promise = replace(promise, document=known.document)
        if promise == known:
            return []
        return [
            events.SloChanged(
                slo=self.stream,
                revision=state.revision + 1,
                reason=self.reason,
                **asdict(promise),
            )
        ]


class ReviewSlo(SloCommand):
    """Lets a promise stand after somebody looked at it, and says when to look again.

    `reason` is what they found. `review_on` is an ISO date later than today; 90 days from now if
    it is empty.
    """

    reason: str
    review_on: str = ""

    def decide(self, state: Objective) -> list[Event]:
        promise = in_force(state)
        check_text(self.reason, "reason", MAX_TEXT)
        today = self.at.astimezone(UTC).date()
        following = date_of(self.review_on) if self.review_on else today + REVIEWED_AFTER
        if following <= today:
            sentence = "The next review has to be later than today."
            raise Refused(sentence, code="bad_value", field="review_on")
        return [
            events.SloReviewed(
                slo=self.stream,
                reason=self.reason,
                review_on=following.isoformat(),
                subjects=promise.subjects,
            )
        ]


class RetireSlo(SloCommand):
    """Ends an objective: nothing is held against it any more."""

    reason: str

    def decide(self, state: Objective) -> list[Event]:
        if state.retired:
            return []
        promise = in_force(state)
        check_text(self.reason, "reason", MAX_TEXT)
        subjects = promise.subjects
        return [events.SloRetired(slo=self.stream, reason=self.reason, subjects=subjects)]


def date_of(text: str) -> date:
    """The date of a review. Raises `Refused`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        sentence = "Must be a date such as 2026-06-30."
        raise Refused(sentence, code="bad_value", field="review_on") from None


def check_key(key: str) -> None:
    """Refuses a key that could not stand in an address or a ref."""
    if not KEY.fullmatch(key):
        sentence = (
            "A key has 1 to 100 letters, digits or . _ ~ - and begins with a letter or digit."
        )
        raise Refused(sentence, code="bad_value", field="key")


def in_force(state: Objective) -> Promise:
    """What is promised. Raises `Refused` if nothing is, or not any more."""
    if state.promise is None:
        raise Refused("There is no such objective.", code="unknown", field="slo")
    if state.retired:
        raise Refused("This objective was retired.", code="retired", field="slo")
    return state.promise


def refused(fault: BadSlo) -> Refused:
    """A fault in settings or documents as the refusal of a command."""
    sentence = f"{fault.field}: {fault.message}."
    return Refused(sentence, code="bad_slo", field=fault.field)


# --- the monitors of an objective ---


class KeepMonitor(ReviseMonitor):
    """Makes a monitor what its objective wants, whether there is one or not."""

    def decide(self, state: Monitor) -> list[Event]:
        if state.exists:
            return super().decide(state)
        return [
            events.MonitorCreated(
                monitor=self.stream, watch_from=self.since(), **asdict(self.checked())
            )
        ]


class DropMonitor(RemoveMonitor):
    """Takes a monitor out of service that its objective has no use for."""

    def decide(self, state: Monitor) -> list[Event]:
        return super().decide(state) if state.exists else []


def monitors_kept(
    wanted: CreateSlo | ChangeSlo | None,
    had: list[str],
    at: datetime,
    watch_from: datetime | None = None,
) -> list[MonitorCommand]:
    """The commands that give an objective its monitors; without `wanted`, that take them away.

    `had` are the ids of those that it has. Raises `Refused`.
    """
    kept: list[MonitorCommand] = []
    if wanted is not None:
        slo = definition.read(wanted.checked(Objective()).settings)
        for watch in watches(wanted.stream, slo):
            kept.append(
                KeepMonitor(
                    monitor=watch.monitor,
                    at=at,
                    watch_from=watch_from,
                    name=f"{wanted.name} ({watch.urgency})",
                    kind=KIND,
                    parameters=watch.parameters,
                    series=watch.series.series,
                    labels=watch.series.labels,
                    subjects=[*wanted.subjects, wanted.stream],
                    urgency=watch.urgency,
                    severity=wanted.severity,
                    environment=wanted.environment,
                    description=f"Watches how fast the error budget of {wanted.stream} burns.",
                )
            )
    names = {command.monitor for command in kept}
    reason = "Its objective has no use for it any more."
    gone = [DropMonitor(monitor=one, at=at, reason=reason) for one in had if one not in names]
    return [*kept, *gone]


def ids_of(stream: str, settings: Mapping[str, Any]) -> list[str]:
    """Ids of the monitors that an objective with these settings has."""
    return [watch.monitor for watch in watches(stream, definition.read(settings))]
