"""Variance reduction by what was known of the units before: CUPED, with one or several covariates.

Deng, Xu, Kohavi and Walker (2013), "Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data": y' = y - θ'(x - x̄), θ by least squares over both arms together.
A covariate measured after exposure may carry the effect away and must not be used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from experiments.stats.moments import JointMoments, Moments
from experiments.stats.results import Answer, Cannot, Effect, check_alpha
from experiments.stats.welch import batch_of_variances, of_variances, satterthwaite, welch

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The adjusted effect beside the plain one, and the share of variance that is gone.

    `relative` is the adjusted difference as a share of the control's plain mean.
    """

    theta: tuple[float, ...]
    absolute: Effect
    relative: Answer
    unadjusted: Answer
    variance_reduction: float


@dataclass(frozen=True, slots=True)
class _Arm:
    """Outcome, adjusted outcome, and the co-moment of the two."""

    plain: Moments
    adjusted: Moments
    joint: float

    @property
    def n(self) -> int:
        return self.plain.n


def cuped(control: JointMoments, treatment: JointMoments, alpha: float = 0.05) -> Adjusted | Cannot:
    """One covariate: `x` is the outcome, `y` the covariate of each unit."""
    check_alpha(alpha)
    theta, _ = pooled(control, treatment)
    arms = [_of_moments(arm, theta) for arm in (control, treatment)]
    return _compare((theta,), arms, alpha, {"control": control, "treatment": treatment})


def cuped_raw(
    control: tuple[ArrayLike, ArrayLike],
    treatment: tuple[ArrayLike, ArrayLike],
    alpha: float = 0.05,
) -> Adjusted | Cannot:
    """Several covariates: each arm is (outcomes of shape (n,), covariates of shape (n, k))."""
    check_alpha(alpha)
    outcomes = [np.asarray(arm[0], dtype=np.float64) for arm in (control, treatment)]
    covariates = [np.asarray(arm[1], dtype=np.float64) for arm in (control, treatment)]
    x, y = np.vstack(covariates), np.concatenate(outcomes)
    # Least squares by the singular values: covariates that repeat each other share the weight.
    theta, *_ = np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(), rcond=None)
    arms = [
        _of_moments(JointMoments.of(values, known @ theta), 1.0)
        for values, known in zip(outcomes, covariates, strict=True)
    ]
    return _compare(tuple(map(float, theta)), arms, alpha, {})


def pooled(control: JointMoments, treatment: JointMoments) -> tuple[float, float]:
    """θ of both arms together, 0 where the covariate does not vary, and the covariate's mean."""
    one, other = control.y, treatment.y
    n = one.n + other.n
    if n == 0:
        return 0.0, 0.0
    gap, between = other.mean - one.mean, one.n * other.n / n
    c = control.c + treatment.c + gap * (treatment.x.mean - control.x.mean) * between
    m2 = one.m2 + other.m2 + gap * gap * between
    return c / m2 if m2 > 0 else 0.0, one.mean + gap * other.n / n


def batch(control: Floats, treatment: Floats, alpha: float = 0.05) -> dict[str, Floats]:
    """Many absolute effects at once with one covariate each, as `welch.batch` returns them.

    Arrays of shape (k, 6): n, mean and variance of the outcome, mean and variance of the covariate,
    covariance. Also returns theta, of shape (k,).
    """
    n, m = control[:, 0], treatment[:, 0]
    gap = treatment[:, 3] - control[:, 3]
    shift = treatment[:, 1] - control[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        both = n * m / (n + m)
        c = control[:, 5] * (n - 1) + treatment[:, 5] * (m - 1) + gap * shift * both
        m2 = control[:, 4] * (n - 1) + treatment[:, 4] * (m - 1) + gap**2 * both
        theta = np.where(m2 > 0, c / m2, 0.0)
    a, b = (
        np.maximum(arm[:, 2] + theta**2 * arm[:, 4] - 2 * theta * arm[:, 5], 0.0) / arm[:, 0]
        for arm in (control, treatment)
    )
    found = batch_of_variances(shift - theta * gap, (a, b), (n, m), alpha)
    return found | {"theta": theta}


def _of_moments(arm: JointMoments, theta: float) -> _Arm:
    spread = max(arm.x.m2 + theta**2 * arm.y.m2 - 2 * theta * arm.c, 0.0)
    adjusted = Moments(arm.n, arm.x.mean - theta * arm.y.mean, spread)
    return _Arm(arm.x, adjusted, arm.x.m2 - theta * arm.c)


def _compare(
    theta: tuple[float, ...], arms: list[_Arm], alpha: float, inputs: dict[str, Any]
) -> Adjusted | Cannot:
    control, treatment = arms
    n = (control.n, treatment.n)
    if min(n) < 2:
        return Cannot("CUPED", "each arm needs at least two units", inputs)
    a, b = (arm.adjusted.variance / arm.n for arm in arms)
    gap = treatment.adjusted.mean - control.adjusted.mean
    absolute = of_variances("CUPED", gap, a, b, n, alpha, inputs)
    if isinstance(absolute, Cannot):
        return absolute
    before = control.plain.variance / n[0] + treatment.plain.variance / n[1]
    reduction = 1 - (a + b) / before if before > 0 else math.nan
    share = _share(arms, gap, (a, b), alpha, inputs)
    unadjusted = welch(control.plain, treatment.plain, alpha)
    return Adjusted(theta, absolute, share, unadjusted, reduction)


def _share(
    arms: list[_Arm],
    gap: float,
    variances: tuple[float, float],
    alpha: float,
    inputs: dict[str, Any],
) -> Answer:
    """The gap over the control's plain mean m, by the delta method.

    The control comes into both: with r, the plain lift, its part is (v_adj + 2 r c + r² v)/(n m²),
    c being the covariance of the plain and the adjusted outcome. What the covariates add to the lift
    is left out of r, since randomisation makes it zero on average.
    """
    control, treatment = arms
    base = control.plain.mean
    if base == 0:
        return Cannot("CUPED", "the control's mean is zero", inputs)
    n = control.n
    lift = treatment.plain.mean / base - 1
    joint = control.joint / (n - 1) / n
    own = variances[0] + 2 * lift * joint + lift**2 * control.plain.variance / n
    se = math.sqrt(own + variances[1]) / abs(base)
    # Degrees of freedom of the absolute difference, as for every relative effect here.
    df = satterthwaite(*variances, (n, treatment.n))
    effect = gap / base
    half = float(special.stdtrit(df, 1 - alpha / 2)) * se
    p = float(2 * special.stdtr(df, -abs(effect / se)))
    return Effect(
        "CUPED",
        effect,
        p,
        effect - half,
        effect + half,
        alpha,
        se,
        effect / se,
        df,
        "relative",
        inputs,
    )
