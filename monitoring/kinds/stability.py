"""Whether number, mean and variance of what a model puts out are as they were.

The window is compared with equal stretches before it: the number and the variance as logarithms,
since half and double are equally far away, the mean as it is. Surprise is the distance from the
median of the stretches in scaled median absolute deviations (Hampel, 1974), never taken for less
than a floor. A constant output is told as what it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

import numpy as np

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Numbers,
    Wanted,
    bucketed,
    duration,
)
from monitoring.kinds.outside import LooksPast, goes_on
from monitoring.slo.definition import Selector

SCALE = 1.4826


class Change(NamedTuple):
    """One property of the window: its value, what is usual, and how far apart in deviations."""

    name: str
    value: float
    usual: float
    score: float


class Stability(LooksPast):
    """Number, mean and variance of single outputs beside equal stretches of the past."""

    name: ClassVar[str] = "stability"
    summary: ClassVar[str] = "Number, mean or variance of predictions is not as it was."
    urgency: ClassVar[str] = "concern"

    k: float = parameter("Surprise that is too much, in deviations.", 6.0, minimum=1, maximum=100)
    least: float = parameter("Least change that matters, as a share.", 0.1, minimum=0, maximum=100)
    min_mean: int = parameter("Least outputs for a mean.", 200, minimum=2)
    min_variance: int = parameter("Least outputs for a variance.", 500, minimum=3)
    window: str = parameter("Length of the window, and of each stretch.", "15m")
    stretches: int = parameter("Stretches before it.", 96, minimum=12, maximum=2_000)
    min_stretches: int = parameter("Least of them that have outputs.", 12, minimum=3)

    def check(self) -> None:
        """Refuses a span that cannot be read."""
        super().check()
        duration(self.window, "window")
        if self.min_stretches > self.stretches:
            raise BadParameter("min_stretches", "must not be more than `stretches`")

    @property
    def lookback(self) -> timedelta:
        """The window and all stretches."""
        return duration(self.window, "window") * (self.stretches + 1)

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The outputs, and what is left out."""
        return {**super().wanted(own), **self.outside()}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The property that changed most."""
        width = duration(self.window, "window")
        tracks = frame.get(OWN, ())
        if not tracks or not tracks[0].values.size:
            return Finding(None, "There are no outputs.")
        *past, now = bucketed(tracks[0].finite(), width, at, self.stretches + 1)
        *apart, is_apart = self._left_out(frame, at, width)
        if is_apart:
            return Finding(
                None, f"What is left out went on in the {self.window} to {at:%H:%M} UTC."
            )
        past = [part for part, out in zip(past, apart, strict=True) if part.size and not out]
        if len(past) < self.min_stretches:
            few = f"{len(past)} of the {self.min_stretches} stretches that are needed have outputs."
            return Finding(None, few, n=int(now.size))
        if now.size >= self.min_variance and np.ptp(now) == 0:
            said = (
                f"All {now.size:,} outputs of the last {self.window} are {figure(float(now[0]))}."
            )
            return Finding(True, said, float(now[0]), n=int(now.size))
        found = [change for change in self._changes(now, past) if change is not None]
        worst = max(found, key=lambda change: abs(change.score))
        exceeds = abs(worst.score) > self.k
        side = "more" if worst.score > 0 else "less"
        sentence = (
            f"The {worst.name} of the last {self.window} is {figure(worst.value)}, and"
            f" {figure(worst.usual)} is usual: {figure(abs(worst.score))} deviations {side}."
        )
        return Finding(
            exceeds, sentence, worst.value, worst.usual, score=abs(worst.score), n=int(now.size)
        )

    def _left_out(self, frame: Frame, at: datetime, width: timedelta) -> list[bool]:
        """Whether something that is left out went on in each stretch."""
        outside, count = goes_on(frame), self.stretches + 1
        if outside is None:
            return [False] * count
        return [bool(part.any()) for part in bucketed(outside, width, at, count)]

    def _changes(self, now: Numbers, past: Sequence[Numbers]) -> list[Change | None]:
        floor = math.log1p(self.least) / self.k
        return [
            self._change("number", now, past, 0, lambda v: float(v.size), floor),
            self._change("mean", now, past, self.min_mean, lambda v: float(v.mean()), None),
            self._change(
                "variance", now, past, self.min_variance, lambda v: float(v.var(ddof=1)), floor
            ),
        ]

    def _change(
        self,
        name: str,
        now: Numbers,
        past: Sequence[Numbers],
        fewest: int,
        measure: Callable[[Numbers], float],
        floor: float | None,
    ) -> Change | None:
        usable = [part for part in past if part.size >= fewest]
        if now.size < fewest or len(usable) < self.min_stretches:
            return None
        values = np.array([measure(part) for part in usable])
        value = measure(now)
        if floor is None:
            usual = float(np.median(values))
            deviation = max(_spread(values, usual), self.least * abs(usual) / self.k, 1e-12)
            return Change(name, value, usual, (value - usual) / deviation)
        logs = np.log(np.maximum(values, 1e-12))
        middle = float(np.median(logs))
        deviation = max(_spread(logs, middle), floor, 1e-12)
        score = (math.log(max(value, 1e-12)) - middle) / deviation
        return Change(name, value, math.exp(middle), score)


def _spread(values: Numbers, middle: float) -> float:
    return SCALE * float(np.median(np.abs(values - middle)))
