"""What would somebody get, and why: a flag tried on attributes, as served or with other rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventlog.core import Refused
from experiments import queries
from experiments.assignment import reasons
from experiments.assignment.compiled import Configuration, Step
from experiments.assignment.subjects import Subject
from experiments.commands.checks import check_depth
from experiments.commands.rules import check_rules, check_value

LEAST_TELLING = {reasons.NOT_MEANT: 1, reasons.FILTERED: 2}


@dataclass(frozen=True, slots=True)
class Answer:
    """The value, where it comes from, and what each rule said up to the one that gave it."""

    value: Any
    source: str
    rule: str
    variation: str | None
    place: float | None
    steps: list[Step]


def ask(
    flag: str,
    environment: str,
    attributes: dict[str, Any],
    default: Any = None,
    rules: list[dict[str, Any]] | None = None,
) -> Answer:
    """What the attributes get from a flag; with `rules`, as if these were served and it was on.

    Raises `Refused` for rules that could not be saved, and for attributes that nest absurdly.
    """
    check_depth(attributes, "attributes")
    payload = queries.payload(environment)
    if flag not in payload["features"]:
        raise Refused(f"The flag is not served in {environment}.", "unknown", "environment")
    if rules is not None:
        kind = payload["kinds"][flag]
        check_value(kind, default, "default")
        check_rules(kind, rules)
        payload["features"][flag] = queries.tried(default, rules)
    outcome, steps = Configuration(payload).explain(flag, Subject(attributes))
    assignment = outcome.assignment
    return Answer(
        value=outcome.value,
        source=outcome.source,
        rule=outcome.rule,
        variation=assignment.arm.key if assignment else None,
        place=assignment.place if assignment else None,
        steps=_merged(steps),
    )


def _merged(steps: list[Step]) -> list[Step]:
    """One step a rule: a script is many, of which the one that came furthest is told."""
    told: list[Step] = []
    for step in steps:
        if told and told[-1].rule == step.rule:
            told.append(min(told.pop(), step, key=lambda one: LEAST_TELLING.get(one.reason, 0)))
        else:
            told.append(step)
    return told
