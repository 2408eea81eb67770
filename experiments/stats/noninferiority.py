"""Guardrails: is it certain that nothing has become worse than by a margin?

The one-sided test of H0: the harm is at least the margin; Wellek (2010), "Testing statistical
hypotheses of equivalence and noninferiority". *Safe* is an interval inside the margin, *harm* one wholly
beyond it; everything else is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import special

from experiments.stats.moments import Moments
from experiments.stats.results import Cannot, Effect
from experiments.stats.welch import welch

Direction = Literal["lower_is_better", "higher_is_better"]


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """The one-sided test; `effect` is the plain two-sided comparison."""

    t: float
    p_value: float
    is_non_inferior: bool
    effect: Effect


def non_inferiority(
    control: Moments,
    treatment: Moments,
    margin: float,
    direction: Direction = "lower_is_better",
    alpha: float = 0.05,
) -> NonInferiority | Cannot:
    """Whether the treatment is worse by less than `margin` (in the metric's unit, above zero)."""
    if margin <= 0:
        raise ValueError("the margin is above zero")
    found = welch(control, treatment, alpha)
    if isinstance(found, Cannot):
        return found
    assert found.se is not None
    assert found.df is not None
    sign = 1 if direction == "lower_is_better" else -1
    t = (sign * found.effect - margin) / found.se
    p = float(special.stdtr(found.df, t))
    return NonInferiority(t, p, p < alpha, found)
