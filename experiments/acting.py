"""What doors do beyond one `execute`: nothing that is held or frozen is changed."""

from __future__ import annotations

from django.db import transaction

from eventlog.core import Command, Context
from eventlog.store import Receipt, execute
from experiments.commands import (
    Allocate,
    ApproveChange,
    ArchiveFlag,
    Release,
    RollBackFlag,
    SetRules,
    TurnFlag,
)
from registry.holds import guard

GUARDED = (Allocate, ApproveChange, ArchiveFlag, Release, RollBackFlag, SetRules)


def carry_out(command: Command, context: Context) -> Receipt:  # type: ignore[type-arg]
    """Executes a command unless what it changes is held. Raises `Refused` naming the hold.

    Turning a flag off is never held up: it takes everybody back to the default.
    """
    turns_on = isinstance(command, TurnFlag) and command.enabled
    if not (turns_on or isinstance(command, GUARDED)):
        return execute(command, context)
    with transaction.atomic():
        guard([command.stream, *_environments(command)], command.at)
        return execute(command, context)


def _environments(command: Command) -> list[str]:  # type: ignore[type-arg]
    name = getattr(command, "environment", "")
    return [f"environment:{name}"] if name else []
