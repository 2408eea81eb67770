"""From a place in [0, 1) to a variation: weights, coverage, ranges, namespaces.

Intervals are half-open everywhere: [start, end).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from experiments.assignment.hashing import bucket

Range = tuple[float, float]
SUM_OF_WEIGHTS = (0.99, 1.01)


def equal_weights(count: int) -> list[float]:
    """The same share for each of `count` variations."""
    return [1 / count] * count if count > 0 else []


def sound_weights(weights: Any, count: int) -> list[float]:
    """The weights if they are shares of `count` variations that sum to one, else equal ones."""
    if isinstance(weights, list) and len(weights) == count and all(map(_is_share, weights)):
        low, high = SUM_OF_WEIGHTS
        if low <= sum(weights) <= high:
            return weights
    return equal_weights(count)


def _is_share(weight: Any) -> bool:
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    return is_number and 0 <= weight <= 2 and math.isfinite(weight)


def bucket_ranges(count: int, coverage: float = 1.0, weights: Any = None) -> list[Range]:
    """The interval of each variation.

    An interval starts where it would at full coverage and only its end moves, so that raising the
    coverage brings units in and moves nobody from one variation to another.
    """
    coverage = min(max(coverage, 0.0), 1.0)
    ranges, start = [], 0.0
    for weight in sound_weights(weights, count):
        ranges.append((start, start + coverage * weight))
        start += weight
    return ranges


def in_range(place: float, interval: Sequence[float]) -> bool:
    """Whether a place lies in [start, end)."""
    return interval[0] <= place < interval[1]


def choose(place: float, ranges: Sequence[Sequence[float]]) -> int:
    """The first variation whose interval holds the place, -1 if none does."""
    for index, (start, end) in enumerate(ranges):
        if start <= place < end:
            return index
    return -1


def in_namespace(value: str, namespace: Sequence[Any]) -> bool:
    """Whether a unit belongs to [start, end) of a namespace: ``[name, start, end]``."""
    name, start, end = namespace
    place = bucket(f"__{name}", value, 1)
    return place is not None and start <= place < end
