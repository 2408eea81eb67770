"""What can be asked about monitors and about service level objectives, with the rules."""

from monitoring.commands.freshness import PlanFreshness, RetireFreshness, stage_monitors
from monitoring.commands.happenings import NoteHappening, WithdrawHappening
from monitoring.commands.honesty import JudgeBreach, RecordMiss, WithdrawMiss
from monitoring.commands.monitors import (
    REF,
    CloseBreach,
    CreateMonitor,
    DefineMonitor,
    MonitorCommand,
    OpenBreach,
    PauseMonitor,
    RemoveMonitor,
    ResumeMonitor,
    ReviseMonitor,
    in_utc,
)
from monitoring.commands.notices import TellOwners
from monitoring.commands.objectives import (
    ChangeSlo,
    CreateSlo,
    DropMonitor,
    KeepMonitor,
    RetireSlo,
    ReviewSlo,
    monitors_kept,
)

__all__ = [
    "REF",
    "ChangeSlo",
    "CloseBreach",
    "CreateMonitor",
    "CreateSlo",
    "DefineMonitor",
    "DropMonitor",
    "JudgeBreach",
    "KeepMonitor",
    "MonitorCommand",
    "NoteHappening",
    "OpenBreach",
    "PauseMonitor",
    "PlanFreshness",
    "RecordMiss",
    "RemoveMonitor",
    "ResumeMonitor",
    "RetireFreshness",
    "RetireSlo",
    "ReviewSlo",
    "ReviseMonitor",
    "TellOwners",
    "WithdrawHappening",
    "WithdrawMiss",
    "in_utc",
    "monitors_kept",
    "stage_monitors",
]
