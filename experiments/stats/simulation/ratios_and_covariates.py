"""Ratios of two quantities per unit, and CUPED with one and with several covariates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.stats import cuped, ratios
from experiments.stats.cuped import Adjusted
from experiments.stats.results import Answer
from experiments.stats.simulation.claims import Claim, Floats
from experiments.stats.simulation.draws import (
    ALPHA,
    Chance,
    Draw,
    Found,
    Test,
    collected,
    coverage,
    joint_rows,
    joints,
    type_one,
)

Both = tuple[Floats, Floats]


def visits(n: tuple[int, int], rates: tuple[float, float] = (0.3, 0.3)) -> Draw:
    """Clicks and views of users: keen users look more often and click more of what they see."""

    def arm(chance: Chance, runs: int, size: int, rate: float) -> Both:
        keen = chance.gamma(4, 0.25, (runs, size))
        views = 1 + chance.poisson(6 * keen)
        clicks = chance.binomial(views, rate * keen / (keen + 1) * 2.2)
        return clicks.astype(np.float64), views.astype(np.float64)

    def drawn(chance: Chance, runs: int) -> tuple[Both, Both]:
        return arm(chance, runs, n[0], rates[0]), arm(chance, runs, n[1], rates[1])

    return drawn


def ratio(control: Both, treatment: Both, alpha: float) -> Found:
    """The difference of ratios."""
    return ratios.batch(joint_rows(*control), joint_rows(*treatment), alpha)


def ratio_relative(control: Both, treatment: Both, alpha: float) -> Found:
    """As a share of the control's ratio."""
    return ratios.batch_relative(joint_rows(*control), joint_rows(*treatment), alpha)


def known(n: tuple[int, int], effect: float = 0.0, covariates: int = 1) -> Draw:
    """Outcomes about 10 with covariates of shape (runs, n, covariates), known before."""
    weights = np.array([1.0, -0.5, 0.3])[:covariates]

    def arm(chance: Chance, runs: int, size: int, shift: float) -> Both:
        before = chance.gamma(2, 1, (runs, size, covariates))
        return 10 + shift + before @ weights + chance.normal(size=(runs, size)), before

    def drawn(chance: Chance, runs: int) -> tuple[Both, Both]:
        return arm(chance, runs, n[0], 0.0), arm(chance, runs, n[1], effect)

    return drawn


def adjusted(control: Both, treatment: Both, alpha: float) -> Found:
    """One covariate, from moments."""
    one, other = (joint_rows(outcome, before[:, :, 0]) for outcome, before in (control, treatment))
    return cuped.batch(one, other, alpha)


def one_by_one(pick: Callable[[Adjusted], Answer], *, raw: bool) -> Test:
    """CUPED run by run, from raw values or from moments."""

    def of_raw(control: Both, treatment: Both, alpha: float) -> list[Any]:
        return [
            cuped.cuped_raw(one, other, alpha)
            for one, other in zip(
                zip(*control, strict=True), zip(*treatment, strict=True), strict=True
            )
        ]

    def of_moments(control: Both, treatment: Both, alpha: float) -> list[Any]:
        arms = [joints(outcome, before[:, :, 0]) for outcome, before in (control, treatment)]
        return [cuped.cuped(one, other, alpha) for one, other in zip(*arms, strict=True)]

    def test(control: Both, treatment: Both, alpha: float) -> Found:
        found = (of_raw if raw else of_moments)(control, treatment, alpha)
        return collected(pick(one) if isinstance(one, Adjusted) else one for one in found)

    return test


def absolute_of(found: Adjusted) -> Answer:
    """The adjusted difference."""
    return found.absolute


def relative_of(found: Adjusted) -> Answer:
    """Its share of the control's mean."""
    return found.relative


CLAIMS = (
    Claim(
        "ratios",
        "ratio, delta method",
        "type I error",
        "clicks per view, 300 and 600 users",
        ALPHA,
        type_one(ratio, visits((300, 600))),
    ),
    Claim(
        "ratios",
        "ratio, delta method, relative",
        "type I error",
        "clicks per view, 300 and 600 users",
        ALPHA,
        type_one(ratio_relative, visits((300, 600))),
    ),
    Claim(
        "cuped",
        "CUPED",
        "type I error",
        "one covariate, 60 and 120 units",
        ALPHA,
        type_one(adjusted, known((60, 120))),
    ),
    Claim(
        "cuped",
        "CUPED",
        "coverage",
        "one covariate, 200 units each, effect 0.5",
        ALPHA,
        coverage(adjusted, known((200, 200), 0.5), 0.5),
    ),
    Claim(
        "cuped",
        "CUPED, relative",
        "coverage",
        "one covariate, 200 units each, lift 5 %",
        ALPHA,
        coverage(one_by_one(relative_of, raw=False), known((200, 200), 0.6), 0.05),
    ),
    Claim(
        "cuped",
        "CUPED, raw",
        "type I error",
        "three covariates, 100 units each",
        ALPHA,
        type_one(one_by_one(absolute_of, raw=True), known((100, 100), covariates=3)),
    ),
    Claim(
        "cuped",
        "CUPED, raw",
        "coverage",
        "three covariates, 100 and 200 units, effect 0.5",
        ALPHA,
        coverage(one_by_one(absolute_of, raw=True), known((100, 200), 0.5, 3), 0.5),
    ),
)
