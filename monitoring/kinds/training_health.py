"""Whether a training run still learns.

The own series is the loss. It diverges when the median of the latest points lies above the best one
so far by more than the noise explains and by more than a part of what had been gained; so does the
validation loss. The noise is 1.4826 / sqrt(2) times the median absolute difference of neighbours,
which a trend does not inflate (differences as von Neumann, 1941, took them). A run that was made faster and got
worse is found by comparing the halves of the window: speed rose, and the loss is higher by the
test of Mann and Whitney (1947) instead of lower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np
from scipy import stats

from monitoring.kinds.base import State, figure, parameter
from monitoring.kinds.framed import OWN, Finding, Frame, Framed, Numbers, Wanted, duration, selected
from monitoring.kinds.intervals import summed
from monitoring.slo.definition import Selector

VALIDATION, BROKEN, WORKERS, SPEED = "validation", "broken", "workers", "speed"
LATEST, FEWEST = 5, 10
NORMAL, TINIEST, LARGEST = 1.4826, 1e-9, 1e150
CHANCE = 0.001
NAMES = {OWN: "The loss", VALIDATION: "The validation loss"}


class TrainingHealth(Framed):
    """Divergence, values that are no numbers, lost workers, and worse when faster."""

    name: ClassVar[str] = "training_health"
    summary: ClassVar[str] = "A training run diverges, loses workers or got worse when faster."

    validation: str = parameter("Series of the validation loss.", "")
    broken: str = parameter("Series that counts losses or gradients that are no numbers.", "")
    workers: str = parameter("Series of the number of workers.", "")
    speed: str = parameter("Series of examples or steps a second.", "")
    deviations: float = parameter(
        "Least rise above the best, in deviations of the noise.", 6.0, minimum=1, maximum=1000
    )
    lost: float = parameter(
        "Part of what had been gained that may be lost again.", 0.2, minimum=0, maximum=10
    )
    max_missing: float = parameter(
        "Largest part of the workers that may be missing.", 0.1, minimum=0, maximum=1
    )
    faster: float = parameter("Rise of speed that counts as faster.", 0.1, minimum=0)
    min_points: int = parameter("Least losses that are judged.", 20, minimum=10)
    window: str = parameter("Length of the window.", "6h")

    def check(self) -> None:
        """Refuses series and a span that cannot be read."""
        super().check()
        duration(self.window, "window")
        self._others()

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The loss, and what else is named."""
        return {**super().wanted(own), **self._others()}

    def _others(self) -> dict[str, Wanted]:
        roles = (VALIDATION, BROKEN, WORKERS, SPEED)
        return {role: selected(getattr(self, role), role) for role in roles if getattr(self, role)}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Everything that is wrong with the run."""
        faults = [*self._broken(frame), *self._missing(frame)]
        kept, enough = dict(memory), False
        for role in (OWN, VALIDATION):
            values = _usable(frame, role)[1]
            if len(values) >= (self.min_points if role == OWN else FEWEST):
                enough = enough or role == OWN
                fault, kept[role] = self._rise(role, values, memory.get(role))
                faults += fault
        faults += self._worse_when_faster(frame)
        values = _usable(frame, OWN)[1]
        latest = float(np.median(values[-LATEST:])) if len(values) else None
        if not faults and not enough:
            few = f"{len(values)} losses are fewer than the {self.min_points} that are needed."
            return Finding(None, few, value=latest, n=len(values), memory=kept)
        best = kept[OWN]["best"] if enough else None
        fine = f"The loss is {figure(latest or 0.0)}, the best so far {figure(best or 0.0)}."
        told = " ".join(f"{fault}." for fault in faults) or fine
        return Finding(bool(faults), told, value=latest, expected=best, n=len(values), memory=kept)

    def _broken(self, frame: Frame) -> list[str]:
        told = []
        for role in (OWN, VALIDATION):
            good = [np.isfinite(each.values) for each in frame.get(role, ())]
            bad = sum(int((~each).sum()) for each in good)
            if bad:
                told.append(f"{NAMES[role]} is no number at {bad} of {sum(map(len, good))} points")
        counted = summed(x for each in frame.get(BROKEN, ()) for x in each.finite().values)
        if counted > 0:
            told.append(f"Losses or gradients that are no numbers: {figure(counted)}")
        return told

    def _missing(self, frame: Frame) -> list[str]:
        """Fewer workers than half of the time before."""
        values = _usable(frame, WORKERS)[1]
        if not len(values):
            return []
        usual, now = float(np.median(values)), float(values[-1])
        if now >= usual * (1 - self.max_missing):
            return []
        return [f"Workers left: {figure(now)} of {figure(usual)}"]

    def _rise(
        self, role: str, values: Numbers, known: Mapping[str, float] | None
    ) -> tuple[list[str], dict[str, float]]:
        """What is said of a loss that rises, and its first and best medians to remember."""
        medians = np.median(np.lib.stride_tricks.sliding_window_view(values, LATEST), axis=1)
        first = known["first"] if known else float(medians[0])
        best = min(float(medians.min()), known["best"] if known else math.inf)
        now, deviation = float(medians[-1]), noise(values)
        limit = max(self.deviations * deviation, self.lost * (first - best))
        kept = {"first": first, "best": best}
        if now - best <= limit:
            return [], kept
        text = (
            f"{NAMES[role]} rose to {figure(now)} from its best, {figure(best)}, more than "
            f"{figure(limit)} (it began at {figure(first)})"
        )
        return [text], kept

    def _worse_when_faster(self, frame: Frame) -> list[str]:
        times, speeds = _usable(frame, SPEED)
        if len(speeds) < 2 * FEWEST:
            return []
        role = VALIDATION if self.validation else OWN
        half = (times[0] + times[-1]) / 2
        at, losses = _usable(frame, role)
        slow, fast = speeds[times <= half], speeds[times > half]
        before, after = losses[(at >= times[0]) & (at <= half)], losses[at > half]
        if min(map(len, (slow, fast, before, after))) < FEWEST:
            return []
        was, now = float(np.median(slow)), float(np.median(fast))
        if was <= 0 or now <= was * (1 + self.faster):
            return []
        worse = float(np.median(after) - np.median(before))
        chance = float(stats.mannwhitneyu(after, before, alternative="greater").pvalue)
        if chance >= CHANCE or worse <= noise(losses):
            return []
        return [
            f"It is worse since it is faster: {figure(now)} a second instead of {figure(was)}, and "
            f"{NAMES[role].lower()} is higher by {figure(worse)}"
        ]


def noise(values: Numbers) -> float:
    """The standard deviation around any slow trend, from differences of neighbours."""
    spread = NORMAL / math.sqrt(2) * float(np.median(np.abs(np.diff(values))))
    return max(spread, TINIEST * float(np.max(np.abs(values))), TINIEST)


def _usable(frame: Frame, role: str) -> tuple[Numbers, Numbers]:
    """Times and values of the one series of a role, as far as they can be computed with."""
    for track in frame.get(role, ()):
        good = np.abs(track.values) < LARGEST
        return track.times[good], track.values[good]
    return np.empty(0), np.empty(0)
