"""A value that is better than can be believed.

Revenue that doubles may be billed twice, a click-through rate of 40 % may be robots, a loss of 0
may be a label among the features. Nobody complains about good news, and so it needs a monitor.
Surprise is the distance from the median of the past in scaled median absolute deviations
(Hampel, 1974), never taken for less than a share of the median, since quiet series have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import OWN, Finding, Frame, Framed, Numbers, Wanted, duration
from monitoring.slo.definition import Selector

SCALE = 1.4826  # of a median absolute deviation, for a standard deviation of normal values
ADVICE = "Better than plausible: look for double counting, leakage and missing failures."


class TooGood(Framed):
    """The median of the latest window beside the past, on the good side only."""

    name: ClassVar[str] = "too_good"
    summary: ClassVar[str] = "A value is better than can be believed."

    good: str = parameter("Direction in which values get better.", "up", choices=("up", "down"))
    cap: float | None = parameter("Value that nothing honest passes, such as an AUC of 0.99.", None)
    times: float = parameter(
        "Multiple of what is usual that is too good, or its part when less is better.",
        3.0,
        minimum=1.01,
        maximum=1_000,
    )
    k: float = parameter("Surprise that is too much, in deviations.", 6.0, minimum=1, maximum=100)
    min_points: int = parameter("Least points of the past.", 36, minimum=3, maximum=100_000)
    floor_share: float = parameter(
        "Least deviation, as a share of what is usual.", 0.02, minimum=0, maximum=1
    )
    window: str = parameter("Length of the window whose median is judged.", "15m")
    baseline: str = parameter("Length of the past before it.", "7d")

    def check(self) -> None:
        """Refuses spans that cannot be read."""
        super().check()
        if duration(self.baseline, "baseline") < duration(self.window, "window"):
            raise BadParameter("baseline", "must not be shorter than `window`")

    @property
    def lookback(self) -> timedelta:
        """The window and the past."""
        return duration(self.window, "window") + duration(self.baseline, "baseline")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The monitor's own series."""
        return {OWN: Wanted(own.series, own.labels)}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Whether the window's median is beyond belief."""
        begin = at.timestamp() - duration(self.window, "window").total_seconds()
        tracks = [track.finite() for track in frame.get(OWN, ())]
        window = [track.within(begin, at.timestamp()).values for track in tracks]
        past = [track.within(-np.inf, begin).values for track in tracks]
        if not window or not window[0].size:
            return Finding(None, f"There is no value in the last {self.window}.")
        value = float(np.median(window[0]))
        if self.cap is not None and self._beyond(value, self.cap):
            return Finding(True, self._sentence(value, f"past {figure(self.cap)}"), value)
        if past[0].size < self.min_points:
            few = f"{past[0].size} of the {self.min_points} points that are needed are known."
            return Finding(None, few, value, n=int(past[0].size))
        return self._beside(value, past[0])

    def _beside(self, value: float, past: Numbers) -> Finding:
        usual = float(np.median(past))
        deviation = SCALE * float(np.median(np.abs(past - usual)))
        deviation = max(deviation, self.floor_share * abs(usual), 1e-12)
        gap = value - usual if self.good == "up" else usual - value
        score = gap / deviation
        # Both: a leap of many deviations may be small, and three times next to nothing is little.
        far = usual * self.times if self.good == "up" else usual / self.times
        exceeds = score > self.k and (usual <= 0 or self._beyond(value, far))
        limit = far if usual > 0 else usual + (self.k if self.good == "up" else -self.k) * deviation
        lo, hi = (None, limit) if self.good == "up" else (limit, None)
        said = f"usual is {figure(usual)}, {figure(score)} deviations away"
        sentence = self._sentence(value, said) if exceeds else f"{figure(value)} where {said}."
        return Finding(exceeds, sentence, value, usual, lo, hi, score, int(past.size))

    def _beyond(self, value: float, limit: float) -> bool:
        return value > limit if self.good == "up" else value < limit

    def _sentence(self, value: float, why: str) -> str:
        return f"{figure(value)}, {why}. {ADVICE}"
