"""Experiments for tests, by the commands that make them."""

from __future__ import annotations

from typing import Any

from eventlog.clock import now
from eventlog.core import Command, Context, uuid7
from eventlog.store import execute
from experiments import commands

DESIGNER, REVIEWER = "person:designer", "person:reviewer"
DESIGN: dict[str, Any] = {
    "title": "A bigger button",
    "hypothesis": "A bigger button is found sooner, so that more people buy.",
    "flag": "button",
    "variations": [
        {"key": "a", "value": "blue", "weight": 0.5},
        {"key": "b", "value": "green", "weight": 0.5},
    ],
    "metrics": [{"metric": "bought", "part": "primary"}],
}


def do(command: Command[Any]) -> None:
    """Carries a command out."""
    execute(command, Context("system:test", uuid7()))


def define(metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Puts metrics into the library; returns what experiments keep of them."""
    found = {}
    for key, given in metrics.items():
        definition = {"name": key, **given}
        do(commands.DefineMetric(metric=key, at=now(), definition=definition))
        found[key] = commands.sound_metric(definition)
    return found


def start(experiment: str, definitions: dict[str, Any], **design: Any) -> None:
    """Designs an experiment with these metrics, the first of which decides, and starts it."""
    parts = [
        {"metric": key, "part": "secondary" if number else "primary"}
        for number, key in enumerate(definitions)
    ]
    asked: dict[str, Any] = {"experiment": experiment, "at": now()}
    made = {**DESIGN, "metrics": parts, **design}
    do(commands.DesignExperiment(**asked, design=made, by=DESIGNER, definitions=definitions))
    do(commands.AskForReview(**asked))
    do(commands.ReviewDesign(**asked, approve=True, by=REVIEWER))
    do(commands.StartExperiment(**asked, seed=f"{experiment}-{uuid7()}", definitions=definitions))


def stop(experiment: str, cause: str = "person", reason: str = "enough") -> None:
    """Stops it."""
    do(commands.StopExperiment(experiment=experiment, at=now(), cause=cause, reason=reason))
