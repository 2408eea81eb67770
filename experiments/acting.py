"""What doors do beyond one `execute`: nothing that is held is changed, and two people are two."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from access.queries import gave_role
from eventlog.core import Command, Context, Refused
from eventlog.store import Receipt, answered, execute, execute_together, load
from experiments import queries
from experiments.commands import (
    Allocate,
    ApproveChange,
    ArchiveFlag,
    Release,
    RemoveGroup,
    ReviewDesign,
    RollBackFlag,
    SaveGroup,
    SetRules,
    TurnFlag,
)
from experiments.commands.effects import WIDENING, effects_of
from experiments.commands.experiments import ExperimentCommand
from experiments.state import Experiment, Flag, Proposal, Serving
from registry.holds import guard, lock

GUARDED = (Allocate, ApproveChange, ArchiveFlag, Release, RollBackFlag, SetRules)
GUARDED += (RemoveGroup, SaveGroup)


TOO_NEW = timedelta(hours=1)


def carry_out(command: Command, context: Context) -> Receipt:  # type: ignore[type-arg]
    """Executes a command unless what it changes is held. Raises `Refused` naming the hold.

    Turning a flag off is never held up: it takes everybody back to the default.
    """
    if isinstance(command, ExperimentCommand):
        return _conduct(command, context)
    turns_on = isinstance(command, TurnFlag) and command.enabled
    if not (turns_on or isinstance(command, GUARDED)):
        return execute(command, context)
    with transaction.atomic():
        receipt = answered(command, context)
        if receipt is not None:
            return receipt
        proposal = _proposal(command)
        held = [f"environment:{name}" for name in _environments(command, proposal)]
        named = queries.groups_named(_conditions(command, proposal))
        lock([command.stream, *held, *(f"group:{key}" for key in named)])
        guard([command.stream, *held], command.at)
        _require_known(named)
        if proposal is not None and isinstance(command, ApproveChange):
            _require_independence(command.at, proposal.by, command.by)
        if isinstance(command, RemoveGroup):
            _require_unused(command)
        return execute(command, context)


def _conduct(command: ExperimentCommand, context: Context) -> Receipt:
    """Carries out a command on an experiment together with what it changes in flag and layer.

    Stopping and pausing are never held up: they take everybody back to the default.
    """
    with transaction.atomic():
        receipt = answered(command, context)
        if receipt is not None:
            return receipt
        # Nothing may happen to it between working out what else changes and changing it.
        lock([command.stream])
        state, _ = load(command.stream, Experiment())
        effects = effects_of(command, state)
        if isinstance(command, WIDENING) and effects:
            environment = f"environment:{state.design['environment']}"
            guard([command.stream, environment, *(one.stream for one in effects)], command.at)
            _require_known(queries.groups_named(state.design["condition"]))
        if isinstance(command, ReviewDesign) and command.approve:
            _require_independence(command.at, state.designed_by, command.by)
        return execute_together([command, *effects], context)[0]


def _environments(command: Command, proposal: Proposal | None) -> list[str]:  # type: ignore[type-arg]
    """Where people get something else by a command: for a group or layer, where rules use it."""
    if proposal is not None:
        return [proposal.environment]
    if isinstance(command, SaveGroup | RemoveGroup):
        return queries.environments_with_group(command.group)
    if isinstance(command, Allocate | Release):
        return queries.environments_with_layer(command.layer)
    name = getattr(command, "environment", "")
    return [name] if name else []


def _proposal(command: Command) -> Proposal | None:  # type: ignore[type-arg]
    """The change that a command approves: it alone knows which environment is changed."""
    if not isinstance(command, ApproveChange):
        return None
    return load(command.stream, Flag())[0].proposals.get(command.proposal)


def _conditions(command: Command, proposal: Proposal | None) -> Any:  # type: ignore[type-arg]
    """Rules or conditions that hold from now on by a command."""
    if proposal is not None:
        return proposal.rules
    if isinstance(command, RollBackFlag):
        serving = load(command.stream, Flag())[0].serving.get(command.environment, Serving())
        return serving.revisions.get(command.revision, (None, []))[1]
    if isinstance(command, SetRules):
        return command.rules
    return command.condition if isinstance(command, SaveGroup) else None


def _require_known(groups: set[str]) -> None:
    """A group that is none would hold for nobody, or for everybody, and nobody would notice."""
    if missing := sorted(groups - queries.groups_known(groups)):
        sentence = f"There is no segment {missing[0]!r}."
        raise Refused(sentence, code="unknown_group", field="rules")


def _require_unused(command: RemoveGroup) -> None:
    """Whoever means a group which is gone would mean nobody, or everybody."""
    if flags := queries.users_of_group(command.group):
        raise Refused(f"Rules of {', '.join(flags)} use it.", code="in_use", field="group")
    if groups := queries.groups_with_group(command.group):
        raise Refused(f"The segment {', '.join(groups)} uses it.", code="in_use", field="group")


def _require_independence(at: datetime, author: str, other: str) -> None:
    """Whoever was given a role for the occasion is no second person."""
    if gave_role(author, other, at - TOO_NEW):
        raise Refused(
            "Whoever proposed this gave you your role within the last hour; ask somebody else.",
            code="not_independent",
            field="by",
        )
