"""Welch's t test for two means, absolute and relative.

Welch (1947), "The generalization of Student's problem when several different population variances
are involved": se² = v_c/n_c + v_t/n_t, with the degrees of freedom of Satterthwaite (1946).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats.moments import Moments
from experiments.stats.results import Answer, Cannot, Effect, check_alpha

Floats = NDArray[np.float64]


def welch(control: Moments, treatment: Moments, alpha: float = 0.05) -> Answer:
    """The difference of two means with its t interval."""
    check_alpha(alpha)
    name = "Welch t"
    reason = _fault(control, treatment)
    if reason:
        return Cannot(name, reason, _inputs(control, treatment))
    return of_variances(
        name,
        treatment.mean - control.mean,
        control.variance / control.n,
        treatment.variance / treatment.n,
        (control.n, treatment.n),
        alpha,
        _inputs(control, treatment),
    )


def welch_relative(control: Moments, treatment: Moments, alpha: float = 0.05) -> Answer:
    """The difference as a share of the control's mean, by the delta method.

    var = v_t/(n_t m_c²) + m_t² v_c/(n_c m_c⁴); degrees of freedom of the absolute difference.
    """
    check_alpha(alpha)
    name = "Welch t, relative"
    reason = _fault(control, treatment)
    if not reason and control.mean == 0:
        reason = "the control's mean is zero, so that nothing is a share of it"
    if reason:
        return Cannot(name, reason, _inputs(control, treatment))
    a, b = control.variance / control.n, treatment.variance / treatment.n
    return relative(
        name,
        control.mean,
        treatment.mean,
        a,
        b,
        (control.n, treatment.n),
        alpha,
        _inputs(control, treatment),
    )


def of_variances(
    method: str,
    effect: float,
    control: float,
    treatment: float,
    n: tuple[int, int],
    alpha: float,
    inputs: dict[str, Any],
) -> Answer:
    """The t test of an effect whose estimate has these two independent variances."""
    se = math.sqrt(control + treatment)
    if se == 0:
        return Cannot(method, "no value differs from another in either arm", inputs)
    df = satterthwaite(control, treatment, n)
    t = effect / se
    half = float(special.stdtrit(df, 1 - alpha / 2)) * se
    # The lower tail of -|t|: one minus the upper tail would lose everything below 1e-16.
    p = float(2 * special.stdtr(df, -abs(t)))
    return Effect(method, effect, p, effect - half, effect + half, alpha, se, t, df, inputs=inputs)


def relative(
    method: str,
    base: float,
    other: float,
    control: float,
    treatment: float,
    n: tuple[int, int],
    alpha: float,
    inputs: dict[str, Any],
) -> Answer:
    """The t test of (other - base)/base, whose means have these variances."""
    effect = (other - base) / base
    se = math.sqrt(treatment / base**2 + control * other**2 / base**4)
    if se == 0:
        return Cannot(method, "no value differs from another in either arm", inputs)
    df = satterthwaite(control, treatment, n)
    half = float(special.stdtrit(df, 1 - alpha / 2)) * se
    p = float(2 * special.stdtr(df, -abs(effect / se)))
    return Effect(
        method,
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


def satterthwaite(control: float, treatment: float, n: tuple[int, int]) -> float:
    """Degrees of freedom of the sum of two estimated variances of means."""
    return (control + treatment) ** 2 / (control**2 / (n[0] - 1) + treatment**2 / (n[1] - 1))


def batch(control: Floats, treatment: Floats, alpha: float = 0.05) -> dict[str, Floats]:
    """Many tests at once: arrays of shape (k, 3) with n, mean and variance of each.

    Returns arrays of shape (k,): effect, se, t, df, p_value, lo, hi; NaN where there is no test.
    """
    a, b = control[:, 2] / control[:, 0], treatment[:, 2] / treatment[:, 0]
    n = (control[:, 0], treatment[:, 0])
    return batch_of_variances(treatment[:, 1] - control[:, 1], (a, b), n, alpha)


def batch_relative(control: Floats, treatment: Floats, alpha: float = 0.05) -> dict[str, Floats]:
    """As `batch`, of the difference as a share of the control's mean."""
    a, b = control[:, 2] / control[:, 0], treatment[:, 2] / treatment[:, 0]
    means = (control[:, 1], treatment[:, 1])
    return batch_of_shares(means, (a, b), (control[:, 0], treatment[:, 0]), alpha)


def batch_of_shares(
    means: tuple[Floats, Floats],
    variances: tuple[Floats, Floats],
    n: tuple[Floats, Floats],
    alpha: float,
) -> dict[str, Floats]:
    """`relative` over arrays of shape (k,)."""
    (base, other), (a, b) = means, variances
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(b / base**2 + a * other**2 / base**4)
        effect = np.where(base == 0, np.nan, (other - base) / base)
    return batch_of_variances(effect, variances, n, alpha, se)


def batch_of_variances(
    effect: Floats,
    variances: tuple[Floats, Floats],
    n: tuple[Floats, Floats],
    alpha: float,
    se: Floats | None = None,
) -> dict[str, Floats]:
    """`of_variances` over arrays of shape (k,); `se` where it is not the root of the variances' sum."""
    check_alpha(alpha)
    a, b = variances
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(a + b) if se is None else se
        df = (a + b) ** 2 / (a**2 / (n[0] - 1) + b**2 / (n[1] - 1))
        refused = (np.minimum(*n) < 2) | (se == 0) | np.isnan(effect)
        t = np.where(refused, np.nan, effect / se)
        p, half = 2 * special.stdtr(df, -np.abs(t)), special.stdtrit(df, 1 - alpha / 2) * se
    half = np.where(refused, np.nan, half)
    return {
        "effect": effect,
        "se": se,
        "t": t,
        "df": df,
        "p_value": p,
        "lo": effect - half,
        "hi": effect + half,
    }


def _fault(control: Moments, treatment: Moments) -> str:
    if min(control.n, treatment.n) < 2:
        return "each arm needs at least two values"
    return ""


def _inputs(control: Moments, treatment: Moments) -> dict[str, Any]:
    return {"control": control, "treatment": treatment}
