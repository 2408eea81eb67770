"""Count, mean and squared deviations, kept so that nothing cancels: the sufficient statistics.

A raw sum of squares loses every digit where values are large beside their spread (a variance of
0 for time stamps). Means and central moments do not, and two of them merge exactly: Chan, Golub and
LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK = 16_384  # rows that stay in the processor's cache between the two passes over them


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and sum of squared deviations of one quantity."""

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0

    @property
    def variance(self) -> float:
        """The sample variance, NaN below two values."""
        return self.m2 / (self.n - 1) if self.n > 1 else math.nan

    @property
    def total(self) -> float:
        """The sum."""
        return self.n * self.mean

    def merge(self, other: Moments) -> Moments:
        """Both together, in any order the same up to rounding."""
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        gap = other.mean - self.mean
        mean = self.mean + gap * other.n / n
        m2 = self.m2 + other.m2 + gap * gap * self.n * other.n / n
        return Moments(n, mean, m2)

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Of an array of shape (n,)."""
        array = np.asarray(values, dtype=np.float64)
        if array.size == 0:
            return cls()
        mean = float(array.mean())
        return cls(int(array.size), mean, float(((array - mean) ** 2).sum()))

    @classmethod
    def of_sums(cls, n: int, total: float, squares: float) -> Moments:
        """Of a sum and a sum of squares, as others keep them; see above for what they cannot hold."""
        if n == 0:
            return cls()
        return cls(n, total / n, max(squares - total * total / n, 0.0))

    @classmethod
    def of_variance(cls, n: int, mean: float, variance: float) -> Moments:
        """Of a mean and a sample variance."""
        return cls(n, mean, variance * (n - 1))

    @classmethod
    def of_proportion(cls, n: int, successes: float) -> Moments:
        """Of so many successes; the variance is p (1 - p), as for a large sample."""
        share = successes / n if n else 0.0
        return cls(n, share, share * (1 - share) * (n - 1))


@dataclass(frozen=True, slots=True)
class JointMoments:
    """Moments of two quantities of the same units, and `c`, the sum of their co-deviations."""

    x: Moments = Moments()
    y: Moments = Moments()
    c: float = 0.0

    @property
    def n(self) -> int:
        """Number of units."""
        return self.x.n

    @property
    def covariance(self) -> float:
        """The sample covariance, NaN below two units."""
        return self.c / (self.n - 1) if self.n > 1 else math.nan

    def merge(self, other: JointMoments) -> JointMoments:
        """Both together."""
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        gaps = (other.x.mean - self.x.mean) * (other.y.mean - self.y.mean)
        c = self.c + other.c + gaps * self.n * other.n / n
        return JointMoments(self.x.merge(other.x), self.y.merge(other.y), c)

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike) -> JointMoments:
        """Of two arrays of shape (n,)."""
        one, other = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if one.shape != other.shape:
            raise ValueError("x and y are of the same units")
        if one.size == 0:
            return cls()
        c = float(((one - one.mean()) * (other - other.mean())).sum())
        return cls(Moments.of(one), Moments.of(other), c)

    @classmethod
    def of_sums(
        cls, x: tuple[int, float, float], y: tuple[int, float, float], products: float
    ) -> JointMoments:
        """Of (n, sum, sum of squares) of each and the sum of products."""
        one, other = Moments.of_sums(*x), Moments.of_sums(*y)
        return cls(one, other, products - one.n * one.mean * other.mean)


def merged(parts: Sequence[Any]) -> Any:
    """All `Moments` or all `JointMoments` of a sequence together."""
    whole = type(parts[0])()
    for part in parts:
        whole = whole.merge(part)
    return whole


def grouped(groups: NDArray[np.integer[Any]], values: ArrayLike, count: int) -> list[Moments]:
    """Moments of each of `count` groups, of rows in any order.

    Arrays of shape (n,): the group of each row, from 0 on, and its value. Raises `ValueError` for
    arrays of different lengths and for a group that is not one of `count`.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != groups.shape:
        raise ValueError("each row has a group and a value")
    if groups.size and not 0 <= int(groups.min()) <= int(groups.max()) < count:
        raise ValueError(f"a group is not one of {count}")
    n, mean, m2 = np.zeros(count), np.zeros(count), np.zeros(count)
    for start in range(0, array.size, BLOCK):
        group = groups[start : start + BLOCK].astype(np.intp)
        value = array[start : start + BLOCK]
        more = np.bincount(group, minlength=count)
        centre = np.bincount(group, weights=value, minlength=count) / np.maximum(more, 1)
        away = value - centre[group]
        spread = np.bincount(group, weights=away * away, minlength=count)
        total, gap = np.maximum(n + more, 1), centre - mean
        m2 += spread + gap * gap * n * more / total
        mean += gap * more / total
        n += more
    return [Moments(int(k), float(m), float(q)) for k, m, q in zip(n, mean, m2, strict=True)]
