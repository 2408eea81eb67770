"""What a statistic answers: an effect with its interval, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference of treatment and control, with the evidence for it.

    `lo` … `hi` is the two-sided interval at confidence 1 - `alpha`, None where the test has none;
    `scale` says whether `effect` is a difference (``absolute``) or a share of control
    (``relative``). `inputs` are what it was computed from, so that it can be computed again.
    """

    method: str
    effect: float
    p_value: float
    lo: float | None
    hi: float | None
    alpha: float
    se: float | None = None
    statistic: float | None = None
    df: float | None = None
    scale: str = "absolute"
    inputs: dict[str, Any] = field(default_factory=dict)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end."""
        return None if self.lo is None or self.hi is None else (self.lo, self.hi)


@dataclass(frozen=True, slots=True)
class Cannot:
    """Why a test cannot be run; never a number that looks like an answer."""

    method: str
    reason: str
    inputs: dict[str, Any] = field(default_factory=dict)


Answer = Effect | Cannot


def check_alpha(alpha: float) -> None:
    """Raises `ValueError` unless 0 < alpha < 1."""
    if not 0 < alpha < 1:
        raise ValueError("alpha must lie between 0 and 1")
