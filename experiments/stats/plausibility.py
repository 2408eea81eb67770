"""Effects too good to be true: Twyman's law says that they are usually wrong.

Kohavi, Tang and Xu (2020), "Trustworthy online controlled experiments", chapter 3. An alarm holds the
verdict until sample ratio, missing data and nulls by arm were looked at; it may close as true and good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LARGE = 0.5
TIMES_USUAL = 5.0
FIRST_DAY_Z = 8.0
FIRST_DAY = 24.0  # hours
FEWEST = 20  # past experiments that say what is usual


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Whether an effect is beyond belief, and the sentence that says why."""

    is_alarm: bool
    limit: float
    sentence: str


def plausibility(lift: float, z: float, hours: float, past: Sequence[float] = ()) -> Plausibility:
    """A relative lift with its z after so many hours, beside the lifts of past experiments."""
    limit = LARGE
    if len(past) >= FEWEST:
        usual = float(np.quantile(np.abs(np.array(past, dtype=np.float64)), 0.95))
        limit = min(LARGE, TIMES_USUAL * usual)
    if abs(lift) > limit:
        sentence = f"{_shown(lift)} is beyond what is believed at once ({_shown(limit)})."
        return Plausibility(True, limit, sentence)
    if hours <= FIRST_DAY and abs(z) > FIRST_DAY_Z:
        sentence = f"{abs(z):.0f} standard errors within {hours:.0f} h are too good to be true."
        return Plausibility(True, limit, sentence)
    return Plausibility(False, limit, f"{_shown(lift)} is within what has been seen before.")


def _shown(share: float) -> str:
    return f"{share * 100:+.1f} %"
