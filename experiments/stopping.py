"""When an experiment goes on by itself and when it stops: rules over its report, without a clock.

Harm comes before everything, also before trust: whoever is not sure of the figures should not go on
hurting people by them. Confidence, on the other hand, needs trust and the least time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.analysis import Report


@dataclass(frozen=True, slots=True)
class Step:
    """What is to happen: ``stop`` for a cause, or ``ramp`` to a share."""

    action: str
    cause: str = ""
    reason: str = ""
    coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an experiment stands. `silent` are arms that nobody meets any more though others do."""

    design: Mapping[str, Any]
    step: int
    hours: float
    hours_in_step: float
    silent: Sequence[str] = ()


def next_step(standing: Standing, report: Report) -> Step | None:
    """What is to happen now, None while it simply goes on."""
    design = standing.design
    if standing.silent:
        arms = ", ".join(standing.silent)
        return Step("stop", "crash", f"Nobody meets {arms} any more, while the others are met.")
    harmed = [one for one in report.comparisons if one.is_harm]
    if design["stop_on_harm"] and harmed:
        first = harmed[0]
        said = f"{first.name} is worse with {first.variation} than its limit: {first.sentence}."
        return Step("stop", "harm", said)
    if standing.hours >= design["days"] * 24:
        return Step("stop", "end", f"The {design['days']} days that were planned are over.")
    if any(one.state == "failed" for one in report.checks):
        return None
    is_old_enough = standing.hours >= design["min_days"] * 24
    is_decided = report.verdict.code in ("better", "worse")
    if design["stop_when_confident"] and is_old_enough and is_decided:
        return Step("stop", "confidence", report.verdict.sentence)
    return _ramp(standing)


def _ramp(standing: Standing) -> Step | None:
    """The next share, once this one has lasted; a step without hours waits for somebody."""
    steps = standing.design["ramp"]
    if standing.step + 1 >= len(steps):
        return None
    dwell = steps[standing.step]["hours"]
    if not dwell or standing.hours_in_step < dwell:
        return None
    coverage = steps[standing.step + 1]["coverage"]
    return Step("ramp", reason=f"after {dwell:g} h without harm", coverage=coverage)
