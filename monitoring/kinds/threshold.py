"""A value beyond a fixed bound."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from monitoring.kinds.base import (
    BadParameter,
    Comparison,
    Kind,
    Persistence,
    Point,
    State,
    Status,
    Verdict,
    figure,
    no_number,
    parameter,
)

BEYOND: dict[str, Comparison] = {
    "above": operator.gt,
    "at_or_above": operator.ge,
    "below": operator.lt,
    "at_or_below": operator.le,
}


class Threshold(Kind):
    """`value op bound` for n of the last m points, with a separate bound for the all-clear."""

    name: ClassVar[str] = "threshold"
    summary: ClassVar[str] = "A value is beyond a fixed bound."

    value: float = parameter("Bound that the values are compared with.")
    op: str = parameter("Which side of the bound is bad.", "above", choices=tuple(BEYOND))
    needed: int = parameter("Bad points that open a breach.", 2, minimum=1, maximum=100)
    of: int = parameter("Latest points among which they are counted.", 3, minimum=1, maximum=100)
    clear_value: float | None = parameter(
        "Bound on the good side that the value must pass before a breach closes.", None
    )
    clear_after: int = parameter(
        "Good points in a row that close a breach.", 3, minimum=1, maximum=10_000
    )

    def check(self) -> None:
        """Refuses n > m and an all-clear bound on the bad side."""
        if self.needed > self.of:
            raise BadParameter("needed", "must not be more than `of`")
        if self.clear_value is not None and BEYOND[self.op](self.clear_value, self.value):
            raise BadParameter("clear_value", "lies on the bad side of `value`")

    def evaluate(
        self, state: State, points: Sequence[Point], now: datetime
    ) -> tuple[State, list[Verdict]]:
        """Judges each point against the bound."""
        memory = Persistence(self.needed, self.of, self.clear_after).load(state)
        seen: int = state.get("seen", 0)
        verdicts = []
        for point in points:
            seen += 1
            verdicts.append(self._judge(memory, point, seen))
        return {**memory.dump(), "seen": seen}, verdicts

    def _judge(self, memory: Persistence, point: Point, seen: int) -> Verdict:
        if not math.isfinite(point.value):
            return no_number(point, seen)
        beyond = BEYOND[self.op]
        bound = self.value if self.clear_value is None else self.clear_value
        status = memory.observe(
            beyond(point.value, self.value), clear=not beyond(point.value, bound)
        )
        upper = self.op in ("above", "at_or_above")
        return Verdict(
            status,
            point.time,
            self._sentence(status, memory, point.value),
            value=point.value,
            lo=None if upper else self.value,
            hi=self.value if upper else None,
            n=min(seen, self.of),
        )

    def _sentence(self, status: Status, memory: Persistence, value: float) -> str:
        bound = f"{self.op.replace('_', ' ')} {figure(self.value)}"
        if status == "ok":
            return f"{figure(value)} is not {bound}."
        bad, looked = sum(memory.recent), len(memory.recent)
        if not memory.recent[-1]:
            return f"{figure(value)} is no longer {bound}, for {memory.quiet} of {self.clear_after} points."
        return f"{figure(value)} is {bound}: {bad} of the last {looked} points, {self.needed} of {self.of} open a breach."
