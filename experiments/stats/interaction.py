"""Do two experiments that run at once change each other's effect?

The difference of differences over the four combinations of their arms, with its t test (Kohavi, Tang
and Xu 2020, chapter 4, on concurrent experiments).
"""

from __future__ import annotations

import math

from scipy import special

from experiments.stats.moments import Moments
from experiments.stats.results import Answer, Cannot, Effect, check_alpha


def interaction(cells: tuple[Moments, Moments, Moments, Moments], alpha: float = 0.05) -> Answer:
    """Cells in the order (neither, only A, only B, both): how much B changes the effect of A."""
    check_alpha(alpha)
    inputs = {"cells": cells}
    if min(cell.n for cell in cells) < 2:
        return Cannot("interaction", "a combination of arms has fewer than two units", inputs)
    neither, only_a, only_b, both = cells
    effect = (both.mean - only_b.mean) - (only_a.mean - neither.mean)
    parts = [cell.variance / cell.n for cell in cells]
    variance = sum(parts)
    if variance == 0:
        return Cannot("interaction", "no value differs from another", inputs)
    df = variance**2 / sum(p**2 / (c.n - 1) for p, c in zip(parts, cells, strict=True))
    se = math.sqrt(variance)
    half = float(special.stdtrit(df, 1 - alpha / 2)) * se
    p = float(2 * special.stdtr(df, -abs(effect / se)))
    return Effect(
        "interaction",
        effect,
        p,
        effect - half,
        effect + half,
        alpha,
        se,
        effect / se,
        df,
        inputs=inputs,
    )
