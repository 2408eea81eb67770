"""Many metrics and arms: p-values corrected for having looked at all of them.

Holm (1979) keeps the chance of any false claim, Benjamini and Hochberg (1995) the share of false
claims. Guardrails are a family of their own and are not corrected: a false alarm there is cheap, a
missed one is not (Schultzberg, Ankargren and Frånberg 2024, "Risk-aware product decisions").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Adjusted p-values in the order given, and which of them are below alpha."""

    method: str
    adjusted: list[float]
    reject: list[bool]


def correct(p_values: Sequence[float], method: str = "holm", alpha: float = 0.05) -> Corrected:
    """Raises `KeyError` for a method that is not one of `METHODS`."""
    adjust = METHODS[method]
    if not len(p_values):
        return Corrected(method, [], [])
    adjusted = adjust(np.array(p_values, dtype=np.float64))
    return Corrected(method, adjusted.tolist(), (adjusted <= alpha).tolist())


def holm(p: Floats) -> Floats:
    """Step down: the i-th smallest of n times n - i, never below the one before.

    Own, since `multipletests` collects Python's garbage in every call, which takes 20 ms.
    """
    order, n = np.argsort(p), len(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(n, 0, -1))
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _by_statsmodels(method: str) -> Callable[[Floats], Floats]:
    def adjust(p: Floats) -> Floats:
        return np.array(multipletests(p, method=method)[1], dtype=np.float64)

    return adjust


METHODS: dict[str, Callable[[Floats], Floats]] = {
    "holm": holm,
    **{
        method: _by_statsmodels(method)
        for method in ("bonferroni", "sidak", "hommel", "fdr_bh", "fdr_by")
    },
}
