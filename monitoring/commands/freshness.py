"""What can be asked about budgets of freshness, and which monitors they want."""

from __future__ import annotations

import uuid
from dataclasses import field
from datetime import datetime
from typing import Any

from eventlog.core import Command, Event, Refused
from monitoring import events, freshness
from monitoring.commands.monitors import (
    MAX_TEXT,
    MonitorCommand,
    check_subjects,
    check_text,
)
from monitoring.commands.objectives import DropMonitor, KeepMonitor, check_key, refused
from monitoring.slo.exact import BadSlo, spelled
from monitoring.state import Freshness

MAX_NAME, MAX_SUBJECTS = 100, 19
MONITORS = uuid.UUID("0d5c7e52-8f0f-5d0c-9b0e-6a3d1f2b4c81")


class FreshnessCommand(Command[Freshness]):
    """Continues the story of one budget; `freshness` is its key."""

    blank = Freshness()
    freshness: str

    @property
    def stream(self) -> str:
        return f"freshness:{self.freshness}"


class PlanFreshness(FreshnessCommand):
    """Sets a budget of freshness, or changes it; it is given whole.

    Spans are texts such as ``36h``; each of `stages` has a name, `within` and perhaps a series.
    """

    name: str
    target: str
    stages: list[dict[str, str]]
    repair: str = ""
    detection: str = ""
    remake: str = ""
    subjects: list[str] = field(default_factory=list)

    def decide(self, state: Freshness) -> list[Event]:
        check_key(self.freshness)
        check_text(self.name, "name", MAX_NAME)
        check_subjects(self.subjects)
        if len(self.subjects) > MAX_SUBJECTS:
            raise Refused(f"At most {MAX_SUBJECTS} refs.", code="bad_value", field="subjects")
        self.read()
        said = events.FreshnessPlanned(
            freshness=self.stream, name=self.name, plan=self.plain(), subjects=self.subjects
        )
        return [] if said.evolve(state) == state else [said]

    def plain(self) -> dict[str, Any]:
        """The plan as it is kept."""
        return {
            "target": self.target,
            "repair": self.repair,
            "detection": self.detection,
            "remake": self.remake,
            "stages": [
                {name: each.get(name, "") for name in ("name", "within", "series")}
                for each in self.stages
            ],
        }

    def read(self) -> freshness.Plan:
        """The plan as it is understood. Raises `Refused` naming the field."""
        try:
            return freshness.read(self.plain())
        except BadSlo as fault:
            raise refused(fault) from fault


class RetireFreshness(FreshnessCommand):
    """Ends a budget; its monitors go with it."""

    reason: str

    def decide(self, state: Freshness) -> list[Event]:
        if not state.name:
            raise Refused("There is no such budget.", code="unknown", field="freshness")
        check_text(self.reason, "reason", MAX_TEXT)
        if state.retired:
            return []
        return [events.FreshnessRetired(freshness=self.stream, reason=self.reason)]


def stage_monitors(
    wanted: PlanFreshness | None, had: list[str], at: datetime
) -> list[MonitorCommand]:
    """The commands that give a budget its monitors; without `wanted`, that take them away.

    Each stage with a series has one, for the age of its output; `had` are ids of those there are.
    """
    kept = [_monitor(wanted, stage, at) for stage in _watched(wanted)] if wanted else []
    names = {command.monitor for command in kept}
    reason = "Its budget of freshness has no use for it any more."
    gone = [DropMonitor(monitor=one, at=at, reason=reason) for one in had if one not in names]
    return [*kept, *gone]


def _watched(wanted: PlanFreshness) -> list[freshness.Stage]:
    return [stage for stage in wanted.read().stages if stage.series is not None]


def _monitor(wanted: PlanFreshness, stage: freshness.Stage, at: datetime) -> KeepMonitor:
    assert stage.series is not None, "only stages that are watched"
    return KeepMonitor(
        monitor=monitor_id(wanted.stream, stage.name),
        at=at,
        name=f"{wanted.name}: {stage.name}",
        kind="age",
        parameters={"limit": stage.until * 60.0},
        series=stage.series.series,
        labels=dict(stage.series.labels),
        subjects=[*wanted.subjects, wanted.stream],
        description=f"The output of {stage.name} may be {spelled(stage.until)} old.",
        signal="model_health",
    )


def monitor_id(stream: str, stage: str) -> str:
    """The id of a stage's monitor: the same whenever the stage is called so."""
    return str(uuid.uuid5(MONITORS, f"{stream} {stage}"))
