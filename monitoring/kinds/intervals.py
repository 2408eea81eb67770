"""Intervals of counts and shares that kinds of monitor judge by.

Bounds are two-sided at the asked confidence, which lies strictly between 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import stats

from monitoring.kinds.framed import Frame, Track

LARGEST = 2.0**53


class Interval(NamedTuple):
    """Bounds of what a number may truly be."""

    lo: float
    hi: float


def clopper_pearson(hits: float, of: float, confidence: float) -> Interval:
    """The exact interval of a share (Clopper and Pearson, 1934). Needs 0 <= hits <= of, of > 0."""
    tail = (1 - confidence) / 2
    lo = float(stats.beta.ppf(tail, hits, of - hits + 1)) if hits > 0 else 0.0
    hi = float(stats.beta.isf(tail, hits + 1, of - hits)) if hits < of else 1.0
    return Interval(lo, hi)


def wilson(hits: float, of: float, confidence: float) -> Interval:
    """The score interval of a share (Wilson, 1927). Needs 0 <= hits <= of, of > 0."""
    z = float(stats.norm.isf((1 - confidence) / 2))
    share, weight = hits / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / weight
    half = z / weight * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def newcombe(
    first: tuple[float, float], second: tuple[float, float], confidence: float
) -> Interval:
    """The interval of the first share minus the second, each given as (hits, of).

    From the Wilson interval of either (Newcombe, 1998, method 10).
    """
    a, b = first[0] / first[1], second[0] / second[1]
    one, other = wilson(*first, confidence), wilson(*second, confidence)
    return Interval(
        a - b - math.hypot(a - one.lo, other.hi - b), a - b + math.hypot(one.hi - a, b - other.lo)
    )


def poisson(count: float, confidence: float) -> Interval:
    """The exact interval of the mean of a count (Garwood, 1936). Needs count >= 0."""
    tail = (1 - confidence) / 2
    lo = float(stats.chi2.ppf(tail, 2 * count)) / 2 if count > 0 else 0.0
    return Interval(lo, float(stats.chi2.isf(tail, 2 * count + 2)) / 2)


def summed(numbers: Iterable[float]) -> float:
    """The sum of finite numbers; infinite when it is too large for a number."""
    try:
        return math.fsum(numbers)
    except OverflowError:
        return math.inf


def counted(track: Track) -> float:
    """The sum of a track's finite values; infinite when it is too large for a number."""
    return summed(track.finite().values)


def is_count(*numbers: float) -> bool:
    """Whether none of these is negative or more than can be counted one by one (2^53)."""
    return all(0 <= number <= LARGEST for number in numbers)


def only_numbers(frame: Frame) -> bool:
    """Whether every value is finite; a count that is no number must not be taken for none."""
    return all(np.isfinite(track.values).all() for tracks in frame.values() for track in tracks)
