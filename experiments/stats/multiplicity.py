"""Many metrics and arms: p-values corrected for having looked at all of them.

Holm (1979) keeps the chance of any false claim, Benjamini and Hochberg (1995) the share of false
claims. Guardrails are a family of their own and are not corrected: a false alarm there is cheap, a
missed one is not (Schultzberg, Ankargren and Frånberg 2024, "Risk-aware product decisions").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statsmodels.stats.multitest import multipletests

METHODS = {
    "bonferroni": "bonferroni",
    "sidak": "sidak",
    "holm": "holm",
    "hommel": "hommel",
    "fdr_bh": "fdr_bh",
    "fdr_by": "fdr_by",
}


@dataclass(frozen=True, slots=True)
class Corrected:
    """Adjusted p-values in the order given, and which of them are below alpha."""

    method: str
    adjusted: list[float]
    reject: list[bool]


def correct(p_values: Sequence[float], method: str = "holm", alpha: float = 0.05) -> Corrected:
    """Raises `KeyError` for a method that is not one of `METHODS`."""
    if not p_values:
        return Corrected(method, [], [])
    reject, adjusted, *_ = multipletests(list(p_values), alpha=alpha, method=METHODS[method])
    return Corrected(method, [float(p) for p in adjusted], [bool(one) for one in reject])
