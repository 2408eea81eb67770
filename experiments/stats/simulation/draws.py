"""Pieces of simulations: what is drawn, how a test is asked, what of its answers is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.stats.moments import JointMoments, Moments
from experiments.stats.results import Answer, Effect
from experiments.stats.simulation.claims import Drawn, Floats, Simulate

ALPHA = 0.05

Chance = np.random.Generator
Draw = Callable[[Chance, int], tuple[Any, Any]]
Found = dict[str, Floats]
Test = Callable[[Any, Any, float], Found]


def type_one(test: Test, draw: Draw, alpha: float = ALPHA) -> Simulate:
    """How often a test rejects what was drawn; of an effect that is there, its power."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        return rejections(test(*draw(chance, runs), alpha)["p_value"], alpha)

    return simulate


def coverage(test: Test, draw: Draw, truth: float, alpha: float = ALPHA) -> Simulate:
    """How often a test's interval misses the truth."""

    def simulate(chance: Chance, runs: int) -> Drawn:
        return misses(test(*draw(chance, runs), alpha), truth)

    return simulate


def rejections(p_values: Floats, alpha: float) -> Drawn:
    """Rejected where p is at most alpha. NaN stays."""
    return Drawn(np.where(np.isnan(p_values), np.nan, p_values <= alpha))


def misses(found: Found, truth: float | Floats) -> Drawn:
    """Missed where the truth lies outside `lo` … `hi`. NaN stays."""
    lo, hi = found["lo"], found["hi"]
    hits = np.where(np.isnan(lo), np.nan, (lo > truth) | (hi < truth))
    return Drawn(hits, found["effect"] - truth, hi - lo)


def collected(answers: Iterable[Answer]) -> Found:
    """Answers of a test that is asked one by one, as arrays; NaN for a refusal."""
    nothing = (np.nan,) * 4
    rows = [
        (one.effect, one.p_value, *(one.interval or nothing[:2]))
        if isinstance(one, Effect)
        else nothing
        for one in answers
    ]
    names = ("effect", "p_value", "lo", "hi")
    return dict(zip(names, np.array(rows, dtype=np.float64).T, strict=True))


def rows(values: Floats) -> Floats:
    """Moments of an array of shape (runs, n) as batch calls take them, of shape (runs, 3)."""
    n = np.full(len(values), values.shape[1], dtype=np.float64)
    return np.column_stack([n, values.mean(axis=1), values.var(axis=1, ddof=1)])


def joint_rows(x: Floats, y: Floats) -> Floats:
    """The same of two quantities, of shape (runs, 6)."""
    n = x.shape[1]
    c = ((x - x.mean(axis=1, keepdims=True)) * (y - y.mean(axis=1, keepdims=True))).sum(axis=1)
    return np.column_stack([rows(x), rows(y)[:, 1:], c / (n - 1)])


def moments(values: Floats) -> list[Moments]:
    """Moments of each row of an array of shape (runs, n)."""
    return [Moments.of(row) for row in values]


def joints(x: Floats, y: Floats) -> list[JointMoments]:
    """Joint moments of each pair of rows."""
    return [JointMoments.of(one, other) for one, other in zip(x, y, strict=True)]


def running_rows(values: Floats, batch: int) -> Floats:
    """Moments after each batch: of shape (runs, n) to (runs, looks, 3)."""
    n = np.arange(batch, values.shape[1] + 1, batch, dtype=np.float64)
    total = values.cumsum(axis=1)[:, batch - 1 :: batch]
    squares = (values**2).cumsum(axis=1)[:, batch - 1 :: batch]
    mean = total / n
    variance = np.maximum(squares - total * mean, 0.0) / np.maximum(n - 1, 1)
    return np.stack([np.broadcast_to(n, mean.shape), mean, variance], axis=2)


def two(
    draw: Callable[[Chance, tuple[int, int]], Floats], n: tuple[int, int], shift: float = 0.0
) -> Draw:
    """Two arms of n units each from one distribution, the treatment moved by `shift`."""

    def drawn(chance: Chance, runs: int) -> tuple[Floats, Floats]:
        return draw(chance, (runs, n[0])), draw(chance, (runs, n[1])) + shift

    return drawn


def normal(
    n: tuple[int, int], mean: tuple[float, float] = (0, 0), sd: tuple[float, float] = (1, 1)
) -> Draw:
    """Two normal arms."""

    def drawn(chance: Chance, runs: int) -> tuple[Floats, Floats]:
        control, treatment = (chance.normal(mean[arm], sd[arm], (runs, n[arm])) for arm in (0, 1))
        return control, treatment

    return drawn


def exponential(chance: Chance, shape: tuple[int, int]) -> Floats:
    """Waiting times with mean 1."""
    return chance.exponential(size=shape)


def spend(chance: Chance, shape: tuple[int, int]) -> Floats:
    """What users spend: one in ten buys, for a lognormal amount."""
    return (chance.random(shape) < 0.1) * chance.lognormal(3, 0.8, shape)


def shares(rate: float) -> Callable[[Chance, tuple[int, int]], Floats]:
    """Units that have the outcome at this rate, as 0 and 1."""
    return lambda chance, shape: (chance.random(shape) < rate).astype(np.float64)


def pairs_of(counts: NDArray[np.int64], n: int) -> Floats:
    """Successes with their n, of shape (runs, 2)."""
    return np.column_stack([counts, np.full(len(counts), n)]).astype(np.float64)
