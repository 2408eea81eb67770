"""When a change began, with an interval that holds the beginning nine times out of ten.

The series is taken for a level that begins to change at an unknown point, at once or over some
time, under noise that remembers the point before: first-order autoregression, which whitening
takes out again (Cochrane and Orcutt, 1949). For every beginning, length of the rise and memory of
the noise the likelihood is that of a regression whose level, size of change and noise are
integrated out, the size under Zellner's g-prior (1986) with the weight of one point. What remains
is a distribution over beginnings, so that a change that hardly shows gets a wide interval.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitoring.kinds.base import Point

Numbers = NDArray[np.float64]

NOMINAL = 0.9
LOOKED_AT = 240
FEWEST = 12
DAY = timedelta(days=1)
MEMORIES = (0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97)
RISES = (1, 3, 6, 12, 20, 32, 50, 80, math.inf)
"""Points that a change takes: at once, ever longer, and still rising at the end."""
TRUST = 0.95
"""Weight of the likelihood: no noise is quite normal, nor remembers only the point before."""
TINY, LARGEST = 1e-18, 1e150


@dataclass(frozen=True, slots=True)
class Beginning:
    """First changed point by its number in the series: likeliest, and the interval's ends."""

    best: int
    earliest: int
    latest: int
    probability: float


@dataclass(frozen=True, slots=True)
class Onset:
    """When the change began, in event time; `earliest` is the last point that was as before."""

    best: datetime
    earliest: datetime
    latest: datetime


def onset(points: Sequence[Point]) -> Onset | None:
    """The onset of the change that the last of the points belongs to.

    `points` are in time order; the latest 240 are judged, and one day earlier than those is looked
    at to see whether a day's pattern is to be taken out. None if there are fewer than twelve, or
    if they are all alike.
    """
    known = [point for point in points if abs(point.value) < LARGEST]
    judged = known[-LOOKED_AT:]
    if len(judged) < FEWEST:
        return None
    found = beginning(_without_day(known, judged))
    if found is None:
        return None
    return Onset(
        best=judged[found.best].time,
        earliest=judged[max(found.earliest - 1, 0)].time,
        latest=judged[found.latest].time,
    )


def _without_day(known: Sequence[Point], judged: Sequence[Point]) -> list[float]:
    """The judged values, or their differences to the day before where those are calmer."""
    values = [point.value for point in judged]
    times = [point.time for point in known]
    tolerance = (judged[-1].time - judged[0].time) / (len(judged) - 1) / 2
    before = []
    for point in judged:
        wanted = point.time - DAY
        place = bisect_left(times, wanted - tolerance)
        if place == len(times) or times[place] > wanted + tolerance:
            return values
        before.append(known[place].value)
    differences = [now - then for now, then in zip(values, before, strict=True)]
    half = len(values) // 2
    return differences if _spread(differences[:half]) < _spread(values[:half]) else values


def _spread(values: Sequence[float]) -> float:
    """Median distance from the median."""
    return float(np.median(np.abs(np.array(values) - np.median(values))))


def beginning(values: Sequence[float]) -> Beginning | None:
    """The first changed point of a series; None if nothing in it varies."""
    chances = distribution(np.asarray(values, dtype=np.float64))
    if chances is None:
        return None
    best = int(np.argmax(chances))
    earliest, latest = shortest(chances, NOMINAL)
    inside = float(chances[earliest : latest + 1].sum())
    return Beginning(min(max(best, earliest), latest), earliest, latest, inside)


def distribution(values: Numbers) -> Numbers | None:
    """Probability of each point to be the first changed one; None if nothing varies.

    The first point cannot be: nothing would be known of what was before.
    """
    count = len(values)
    if count < FEWEST:
        return None
    largest = float(np.abs(values).max())
    if not largest > 0:
        return None
    shares = values / largest
    spread = float(np.ptp(shares))
    if not spread > 0:
        return None
    scaled = (shares - shares.mean()) / spread
    logs = np.stack([_log_likelihoods(scaled, memory) for memory in MEMORIES])
    weights = np.exp(TRUST * (logs - logs.max())).sum(axis=(0, 1))
    chances = np.concatenate([[0.0], weights])
    return np.asarray(chances / chances.sum(), dtype=np.float64)


@lru_cache(maxsize=4)
def _courses(count: int) -> Numbers:
    """For each length of rise a matrix whose row `b - 1` is the course of a change from `b` on."""
    since = np.arange(count)[None, :] - np.arange(1, count)[:, None] + 1.0
    return np.stack([np.clip(since / min(rise, float(count)), 0.0, 1.0) for rise in RISES])


@lru_cache(maxsize=4 * len(MEMORIES))
def _sizes(count: int, memory: float) -> Numbers:
    """Squared lengths of the courses once whitened and freed of the level."""
    level = _whitened(np.ones(count), memory)
    courses = _whitened(_courses(count), memory)
    across = courses @ level
    return np.asarray((courses**2).sum(axis=-1) - across**2 / (level @ level), dtype=np.float64)


def _whitened(series: Numbers, memory: float) -> Numbers:
    """What of each point the one before does not tell, along the last axis."""
    kept = series.copy()
    kept[..., 1:] -= memory * series[..., :-1]
    kept[..., 0] *= math.sqrt(1 - memory**2)
    return kept


def _whitened_back(series: Numbers, memory: float) -> Numbers:
    """The transpose of `_whitened`, so that its product with a course needs no whitened course."""
    kept = series.copy()
    kept[0] *= math.sqrt(1 - memory**2)
    kept[:-1] -= memory * series[1:]
    return kept


def _log_likelihoods(values: Numbers, memory: float) -> Numbers:
    """Log marginal likelihood by rise and beginning, up to one constant for all."""
    count = len(values)
    level = _whitened(np.ones(count), memory)
    weight = float(level @ level)
    seen = _whitened(values, memory)
    seen = seen - level * float(level @ seen) / weight
    total = float(seen @ seen) + TINY
    across = _courses(count) @ _whitened_back(seen, memory)
    explained = np.minimum(across**2 / ((_sizes(count, memory) + TINY) * total), 1.0)
    return np.asarray(
        0.5 * math.log(1 - memory**2)
        - 0.5 * math.log(weight)
        - 0.5 * (count - 1) * math.log(total)
        - 0.5 * (count - 1) * np.log1p(count * (1 - explained)),
        dtype=np.float64,
    )


def shortest(chances: Numbers, mass: float) -> tuple[int, int]:
    """First and last number of the shortest run of points with about so much probability.

    The run may hold a little less than `mass` where that is nearer than with one point more:
    always rounding up would make the intervals of few points hold too often.
    """
    sums = np.concatenate([[0.0], np.cumsum(chances)])
    found, width = (0, len(chances) - 1), len(chances)
    for first in range(len(chances)):
        last = int(np.searchsorted(sums, sums[first] + mass - 1e-12)) - 1
        if last >= len(chances):
            break
        if last - first + 1 < width:
            found, width = (first, last), last - first + 1
    first, last = found
    inside = float(sums[last + 1] - sums[first])
    end = last if chances[last] <= chances[first] else first
    if last > first and mass - (inside - float(chances[end])) < inside - mass:
        return (first, last - 1) if end == last else (first + 1, last)
    return first, last
