"""What an experiment's command changes in its flag and its layer, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlog.core import Command
from experiments.commands.experiments import (
    DecideExperiment,
    ExperimentCommand,
    PauseExperiment,
    RampExperiment,
    ResumeExperiment,
    StartExperiment,
    StopExperiment,
)
from experiments.commands.flags import PlaceTrial
from experiments.commands.layers import Allocate, Release
from experiments.state import Experiment

# What lets more people into an experiment, or gives them something else for good.
WIDENING = (StartExperiment, RampExperiment, ResumeExperiment, DecideExperiment)


def effects_of(command: ExperimentCommand, state: Experiment) -> list[Command[Any]]:
    """Commands on the flag and the layer that belong to one on an experiment in this state."""
    design = state.design
    if not design:
        return []
    match command:
        case StartExperiment():
            coverage = design["ramp"][0]["coverage"]
            rule = rule_of(command, design, state.phase + 1, command.seed, coverage)
            start = _placed(command, design, rule, "started", begins=True)
            return [*_allocated(command, design), start]
        case RampExperiment():
            said = f"{command.coverage:.3g} take part"
            widens = command.coverage > state.coverage
            return [_served(command, state, command.coverage, said, widens=widens)]
        case PauseExperiment():
            return [_served(command, state, 0.0, "paused")]
        case ResumeExperiment():
            return [_served(command, state, state.coverage, "resumed", widens=True)]
        case StopExperiment():
            said = f"stopped: {command.cause}"
            return [_placed(command, design, None, said), *_released(command, design)]
        case DecideExperiment() if command.decision == "ship":
            return [_shipped(command, design)]
    return []


def rule_of(
    command: ExperimentCommand,
    design: Mapping[str, Any],
    phase: int,
    seed: str,
    coverage: float,
) -> dict[str, Any]:
    """The rule that serves an experiment to a share of its units."""
    variations = design["variations"]
    rule: dict[str, Any] = {
        "id": command.experiment,
        "key": command.experiment,
        "name": design["title"],
        "phase": str(phase),
        "seed": seed,
        "hashAttribute": design["unit"],
        "hashVersion": 2,
        "coverage": coverage,
        "variations": [one["value"] for one in variations],
        "weights": [one["weight"] for one in variations],
        "meta": [{"key": one["key"]} for one in variations],
    }
    if design["condition"]:
        rule["condition"] = design["condition"]
    return rule | ({"layer": design["layer"]} if design["layer"] else {})


def _served(
    command: ExperimentCommand, state: Experiment, coverage: float, said: str, **how: bool
) -> PlaceTrial:
    rule = rule_of(command, state.design, state.phase, state.seed, coverage)
    return _placed(command, state.design, rule, said, **how)


def _placed(
    command: ExperimentCommand,
    design: Mapping[str, Any],
    rule: dict[str, Any] | None,
    said: str,
    **how: bool,
) -> PlaceTrial:
    return PlaceTrial(
        flag=design["flag"],
        at=command.at,
        environment=design["environment"],
        experiment=command.experiment,
        rule=rule,
        comment=f"Experiment {command.experiment} {said}.",
        **how,
    )


def _shipped(command: DecideExperiment, design: Mapping[str, Any]) -> PlaceTrial:
    values = {one["key"]: one["value"] for one in design["variations"]}
    return PlaceTrial(
        flag=design["flag"],
        at=command.at,
        environment=design["environment"],
        experiment=command.experiment,
        default=values.get(command.variation),
        sets_default=command.variation in values,
        comment=f"Experiment {command.experiment} ships {command.variation}.",
    )


def _allocated(command: ExperimentCommand, design: Mapping[str, Any]) -> list[Command[Any]]:
    if not design["layer"]:
        return []
    given = {"layer": design["layer"], "at": command.at, "experiment": command.experiment}
    return [Allocate(**given, segments=design["segments"])]


def _released(command: ExperimentCommand, design: Mapping[str, Any]) -> list[Command[Any]]:
    if not design["layer"]:
        return []
    given = {"layer": design["layer"], "at": command.at, "experiment": command.experiment}
    return [Release(**given, reason="the experiment stopped")]
