"""Scores of early and sparing detection over labelled windows, as the Numenta benchmark has them.

Source: Lavin and Ahmad, "Evaluating Real-Time Anomaly Detection Algorithms", ICMLA 2015. Rows are
numbered from zero; a window is its first and last row, both inside it. Only the earliest detection
in a window counts, the more the earlier it is; one outside costs the more the further it lies
behind the window before it; each window without any costs its full weight. The sum over all series
is then set between that of a detector that never speaks (0) and of one that speaks at the first
row of every window and nowhere else (100), so that it may be negative.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Window = tuple[int, int]

STEEPNESS = 5.0
FORGIVEN_FOR = 3.0
PROBATION_SHARE, LONGEST_PROBATION = 0.15, 750


@dataclass(frozen=True, slots=True)
class Profile:
    """What a window found, a detection outside and a window missed weigh."""

    hit: float
    outside: float
    missed: float

    def normalised(self, raw: float, windows: int) -> float | None:
        """A raw sum over `windows` windows on the scale of 0 to 100; None without any window."""
        null, perfect = -self.missed * windows, self.hit * windows
        return 100 * (raw - null) / (perfect - null) if windows else None


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low_fp": Profile(1.0, 0.22, 1.0),
    "low_fn": Profile(1.0, 0.11, 2.0),
}


def probation(rows: int) -> int:
    """Rows at the beginning of a series of which detections do not count."""
    return min(math.floor(PROBATION_SHARE * rows), LONGEST_PROBATION)


def worth(position: float) -> float:
    """Worth of a detection, from almost 1 a window's width before its end to -1 well behind it.

    `position` is in widths of the window, with its end at 0.
    """
    if position > FORGIVEN_FOR:
        return -1.0
    return 2.0 / (1.0 + math.exp(STEEPNESS * position)) - 1.0


def raw_score(
    rows: int, windows: Sequence[Window], detections: Iterable[int], profile: Profile
) -> float:
    """Weighted sum for one series of `rows` rows, before it is normalised.

    `windows` are in order and apart from each other. Detections in the probation count neither way.
    """
    counted = [row for row in sorted(set(detections)) if row >= probation(rows)]
    total = 0.0
    for window in windows:
        first = earliest_in(window, counted)
        total += -profile.missed if first is None else profile.hit * _worth_inside(window, first)
    outside = (row for row in counted if not any(a <= row <= b for a, b in windows))
    return total + profile.outside * sum(_worth_outside(windows, row) for row in outside)


def earliest_in(window: Window, rows: Sequence[int]) -> int | None:
    """The first of the rows, which are in order, that lies in the window."""
    place = bisect_left(rows, window[0])
    return rows[place] if place < len(rows) and rows[place] <= window[1] else None


def _worth_inside(window: Window, row: int) -> float:
    first, last = window
    return worth(-(last - row + 1) / (last - first + 1)) / worth(-1.0)


def _worth_outside(windows: Sequence[Window], row: int) -> float:
    before = [window for window in windows if window[1] < row]
    if not before:
        return -1.0
    first, last = before[-1]
    # The benchmark measures a width in rows inside a window, and in steps between rows behind it.
    return worth((row - last) / max(last - first, 1))
