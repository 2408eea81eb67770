"""When an experiment goes on and when it stops, by its report alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from experiments import commands
from experiments.analysis import Check, Comparison, Report, Verdict
from experiments.stopping import Standing, Step, next_step
from tests.experiments.studies import DESIGN

DAY = 24.0
RAMP = [{"coverage": 0.1, "hours": 24}, {"coverage": 0.5, "hours": 0}, {"coverage": 1.0}]
PASSED = Check("sample_ratio", "Sample ratio", "passed", "50 : 50")


def report(verdict: str = "running", harm: bool = False, state: str = "passed") -> Report:
    made: dict[str, Any] = dict.fromkeys(Comparison._fields, 0.0)
    made |= {"name": "Latency", "variation": "b", "sentence": "beyond", "is_harm": harm}
    return Report(
        checks=[replace(PASSED, state=state)],
        comparisons=[Comparison(**made)],
        slices=[],
        warnings=[],
        verdict=Verdict(verdict, "It is likely so."),
        units=100,
        planned=1_000,
        days_left=3,
    )


def standing(hours: float = DAY, **fields: Any) -> Standing:
    design = commands.sound_design({**DESIGN, "ramp": RAMP, **fields.pop("design", {})})
    made: dict[str, Any] = {"design": design, "step": 0, "hours": hours, "hours_in_step": hours}
    return Standing(**{**made, **fields})


@pytest.mark.parametrize(
    ("where", "seen", "expected"),
    [
        (standing(1), report(), None),
        (standing(1), report(harm=True), "harm"),
        (standing(1), report(harm=True, state="failed"), "harm"),
        (standing(1, design={"stop_on_harm": False}), report(harm=True), None),
        (standing(1, silent=["b"]), report(harm=True), "crash"),
        (standing(14 * DAY), report(), "end"),
        (standing(8 * DAY, step=2), report("better"), None),
        (standing(8 * DAY, design={"stop_when_confident": True}), report("better"), "confidence"),
        (standing(8 * DAY, design={"stop_when_confident": True}), report("worse"), "confidence"),
        (standing(6 * DAY, step=2, design={"stop_when_confident": True}), report("better"), None),
        (
            standing(8 * DAY, design={"stop_when_confident": True}),
            report("better", state="failed"),
            None,
        ),
    ],
)
def test_what_stops_it(where: Standing, seen: Report, expected: str | None) -> None:
    step = next_step(where, seen)
    if expected is None:
        assert step is None or step.action == "ramp"
    else:
        assert step is not None
        assert (step.action, step.cause) == ("stop", expected)
        assert step.reason


def test_a_step_lasts_as_long_as_it_was_meant_to() -> None:
    assert next_step(standing(23), report()) is None
    ramp = next_step(standing(24), report())
    assert ramp == Step("ramp", reason="after 24 h without harm", coverage=0.5)
    assert next_step(standing(24), report(state="failed")) is None
    assert next_step(standing(200, step=1), report()) is None, "a step without hours waits"
    assert next_step(standing(200, step=2), report()) is None
