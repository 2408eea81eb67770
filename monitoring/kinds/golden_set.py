"""Whether a model changed its answers to a fixed set of questions too much, or not at all.

One series an item: how far its answer is from the golden one. Only the latest value of an item
within the window counts. Items stand for the requests they were drawn from, so a share that changed
is too large only if its exact interval (Clopper and Pearson, 1934) is; that a new model changes
nothing needs no statistics. A common shift in one direction is found by the Hodges-Lehmann estimate
with the signed-rank test of Wilcoxon (1945) beside it, though no single answer moved far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np
from scipy import stats

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import OWN, Finding, Frame, Framed, Numbers, Wanted, duration
from monitoring.kinds.intervals import clopper_pearson
from monitoring.slo.definition import Selector

CONFIDENCE = 0.998
# Pairs of items grow with the square of their number; these are two million.
MOST_PAIRED = 2000


class GoldenSet(Framed):
    """Distances of answers from the golden ones, item by item."""

    name: ClassVar[str] = "golden_set"
    summary: ClassVar[str] = "Answers to a fixed set of questions changed too much, or not at all."

    label: str = parameter("Label that names the item.", "item")
    items: int = parameter(
        "Items in the set; one that is missing is bad.", 50, minimum=2, maximum=5000
    )
    tolerance: float = parameter("Distance up to which an answer is the same.", 1e-6, minimum=0)
    max_changed: float = parameter(
        "Largest share of answers that may change.", 0.1, minimum=0, maximum=1
    )
    min_changed: float = parameter(
        "Least share of answers that must change, for a model that claims to be new.",
        0.0,
        minimum=0,
        maximum=1,
    )
    max_distance: float | None = parameter("Largest distance of a single answer.", None, minimum=0)
    max_shift: float | None = parameter("Largest shift that most answers share.", None, minimum=0)
    window: str = parameter("How far back answers are looked for.", "2d")

    def check(self) -> None:
        """Refuses shares between which nothing lies."""
        super().check()
        if self.min_changed > self.max_changed:
            raise BadParameter("min_changed", "must not be more than `max_changed`")
        duration(self.window, "window")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Distances by item."""
        return {OWN: Wanted(own.series, own.labels, (self.label,))}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Counts the items that changed, are missing or have no number."""
        latest = {
            track.key[0]: track.values[-1] for track in frame.get(OWN, ()) if track.values.size
        }
        if not latest:
            return Finding(None, "No item of the golden set has been answered.")
        distances = np.array([latest[item] for item in sorted(latest)])
        good = distances[np.isfinite(distances)]
        changed, n = int(np.sum(np.abs(good) > self.tolerance)), len(good)
        faults = self._faults(latest, good, changed)
        share = changed / n if n else None
        told = f"{changed} of {n} answers changed"
        return Finding(
            bool(faults),
            f"{told}: {'; '.join(faults)}." if faults else f"{told}, as they may.",
            value=share,
            lo=self.min_changed or None,
            hi=self.max_changed,
            n=n,
        )

    def _faults(self, latest: Mapping[str, float], good: Numbers, changed: int) -> list[str]:
        faults = [*self._missing(latest, len(good))]
        if not len(good):
            return faults
        if clopper_pearson(changed, len(good), CONFIDENCE).lo > self.max_changed:
            faults.append(f"more than the {figure(100 * self.max_changed)} % that may")
        if changed / len(good) < self.min_changed:
            faults.append(f"fewer than the {figure(100 * self.min_changed)} % that must")
        item = max(latest, key=lambda key: abs(latest[key]) if math.isfinite(latest[key]) else -1)
        if self.max_distance is not None and abs(latest[item]) > self.max_distance:
            faults.append(f"{item} is {figure(abs(latest[item]))} away")
        return faults + self._shifted(good)

    def _missing(self, latest: Mapping[str, float], n: int) -> list[str]:
        absent, wrong = self.items - len(latest), len(latest) - n
        told = [f"missing are {absent} of {self.items} items"] if absent > 0 else []
        return told + ([f"without a number are {wrong} of {len(latest)} answers"] if wrong else [])

    def _shifted(self, good: Numbers) -> list[str]:
        """A shift is one that both matters and is too much for chance."""
        if self.max_shift is None or not np.any(good):
            return []
        shift = hodges_lehmann(good)
        if abs(shift) <= self.max_shift:
            return []
        chance = float(stats.wilcoxon(good, method="approx").pvalue)
        if chance >= 1 - CONFIDENCE:
            return []
        return [f"most answers shifted by {figure(shift)}"]


def hodges_lehmann(values: Numbers) -> float:
    """The median of the means of all pairs (Hodges and Lehmann, 1963), of the first 2,000 values."""
    halves = values[:MOST_PAIRED] / 2
    first, second = np.triu_indices(len(halves))
    return float(np.median(halves[first] + halves[second]))
