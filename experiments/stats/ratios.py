"""Ratios of two quantities per unit, such as clicks per view: the delta method.

Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics": with R = m_x/m_y,
var(R) = (v_x - 2 R c_xy + R² v_y) / (n m_y²), n being the units that were randomised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.stats.moments import JointMoments
from experiments.stats.results import Answer, Cannot, check_alpha
from experiments.stats.welch import batch_of_shares, batch_of_variances, of_variances, relative

Floats = NDArray[np.float64]


def ratio(control: JointMoments, treatment: JointMoments, alpha: float = 0.05) -> Answer:
    """The difference of two ratios x/y."""
    return _test(control, treatment, alpha, is_relative=False)


def ratio_relative(control: JointMoments, treatment: JointMoments, alpha: float = 0.05) -> Answer:
    """The same as a share of the control's ratio."""
    return _test(control, treatment, alpha, is_relative=True)


def _test(
    control: JointMoments, treatment: JointMoments, alpha: float, *, is_relative: bool
) -> Answer:
    check_alpha(alpha)
    name = "ratio, delta method"
    inputs: dict[str, Any] = {"control": control, "treatment": treatment}
    if min(control.n, treatment.n) < 2:
        return Cannot(name, "each arm needs at least two units", inputs)
    if control.y.mean == 0 or treatment.y.mean == 0:
        return Cannot(name, "a denominator is zero on average", inputs)
    r, s = control.x.mean / control.y.mean, treatment.x.mean / treatment.y.mean
    a, b = variance(control) / control.n, variance(treatment) / treatment.n
    n = (control.n, treatment.n)
    if not is_relative:
        return of_variances(name, s - r, a, b, n, alpha, inputs)
    if r == 0:
        return Cannot(name, "the control's ratio is zero", inputs)
    return relative(name, r, s, a, b, n, alpha, inputs)


def variance(arm: JointMoments) -> float:
    """Variance of one unit's part in the arm's ratio."""
    r = arm.x.mean / arm.y.mean
    spread = arm.x.variance - 2 * r * arm.covariance + r * r * arm.y.variance
    return spread / arm.y.mean**2


def batch(control: Floats, treatment: Floats, alpha: float = 0.05) -> dict[str, Floats]:
    """Many differences at once, as `welch.batch` returns them.

    Arrays of shape (k, 6): n, mean and variance of x, mean and variance of y, covariance.
    """
    (r, a), (s, b) = _parts(control), _parts(treatment)
    return batch_of_variances(s - r, (a, b), (control[:, 0], treatment[:, 0]), alpha)


def batch_relative(control: Floats, treatment: Floats, alpha: float = 0.05) -> dict[str, Floats]:
    """As `batch`, of the difference as a share of the control's ratio."""
    (r, a), (s, b) = _parts(control), _parts(treatment)
    return batch_of_shares((r, s), (a, b), (control[:, 0], treatment[:, 0]), alpha)


def _parts(arms: Floats) -> tuple[Floats, Floats]:
    """Ratio of each arm and the variance of it; NaN where the denominator is zero."""
    n, x, variance_x, y, variance_y, covariance = arms.T
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(y == 0, np.nan, x / y)
        return r, (variance_x - 2 * r * covariance + r * r * variance_y) / y**2 / n
