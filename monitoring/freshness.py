"""How old an output may become, split over the stages of the pipeline that makes it.

All in whole minutes. The stages one after the other, and what is kept for repairs, fit into the
target. What a fault costs is the time until it is noticed, repaired and everything is made anew:
where that is more than the target, a fault at the worst moment is sure to miss it, and it is
better to know so before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from monitoring.slo.definition import Selector
from monitoring.slo.exact import BadSlo, span, spelled
from monitoring.slo.selectors import parse

MAX_STAGES, MAX_NAME = 20, 80


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage may take `within` minutes; `until` is how old its output may be at most.

    `series` tells up to when its latest output has the data, in Unix seconds; None for none.
    """

    name: str
    within: int
    until: int
    series: Selector | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget of freshness, in minutes; `detection` and `remake` are those of the worst case."""

    target: int
    repair: int
    detection: int
    remake: int
    stages: tuple[Stage, ...]

    @property
    def spent(self) -> int:
        """What stages and repairs take together."""
        return self.repair + sum(stage.within for stage in self.stages)

    @property
    def left(self) -> int:
        """What nobody has been given."""
        return self.target - self.spent

    @property
    def worst(self) -> int:
        """What a fault costs: noticed, repaired, everything made anew."""
        return self.detection + self.repair + self.remake

    @property
    def warning(self) -> str:
        """Why a fault is sure to miss the target; empty if it need not."""
        if self.worst <= self.target:
            return ""
        parts = [("noticing", self.detection), ("repair", self.repair), ("remaking", self.remake)]
        sum_of = " + ".join(f"{spelled(minutes)} {name}" for name, minutes in parts if minutes)
        return (
            f"A fault costs {sum_of} = {spelled(self.worst)}, more than the {spelled(self.target)}."
        )


def read(given: Mapping[str, Any]) -> Plan:
    """A plan from its plain form: spans as texts such as ``36h``. Raises `BadSlo` by the field.

    Without `remake` everything is made anew by all the stages.
    """
    target = span(given["target"], "target")
    repair, detection = (_or_nothing(given, name) for name in ("repair", "detection"))
    stages = _stages(given["stages"])
    remake = _or_nothing(given, "remake") or sum(stage.within for stage in stages)
    plan = Plan(target, repair, detection, remake, stages)
    if plan.left < 0:
        sentence = f"{spelled(plan.spent)} for stages and repair are more than {spelled(target)}"
        raise BadSlo("target", sentence)
    return plan


def _or_nothing(given: Mapping[str, Any], name: str) -> int:
    return span(given[name], name) if given.get(name) else 0


def _stages(given: Sequence[Mapping[str, Any]]) -> tuple[Stage, ...]:
    if not 1 <= len(given) <= MAX_STAGES:
        raise BadSlo("stages", f"1 to {MAX_STAGES} of them")
    names = [str(each.get("name", "")).strip() for each in given]
    withins = [span(each.get("within"), f"stages.{n}.within") for n, each in enumerate(given)]
    for number, name in enumerate(names):
        if not 0 < len(name) <= MAX_NAME or name in names[:number]:
            raise BadSlo(
                f"stages.{number}.name", f"a name of its own, {MAX_NAME} characters at most"
            )
    series = [
        parse(text, f"stages.{number}.series") if (text := str(each.get("series", ""))) else None
        for number, each in enumerate(given)
    ]
    untils = accumulate(withins)
    return tuple(map(Stage, names, withins, untils, series))
