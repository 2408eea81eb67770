"""Service level indicators: how counts of good and of all events become what is held to a target.

Budgeting methods as OpenSLO v1 names them. With *occurrences* every event weighs the same, so busy
hours decide. With *time slices* every slice of time does: it is good if enough of its events are.
With *ratio time slices* every slice counts by its own ratio.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from monitoring.slo.exact import DAY, BadSlo

# What one slice of `RatioTimeSlices` weighs. A sum of thousands of ratios with as many
# denominators would be exact and without end; rounded to this grid it is whole.
PARTS = 10**9


class Counts(NamedTuple):
    """Events of a stretch of time: how many were good, how many there were."""

    good: int
    total: int

    def __add__(self, other: tuple[int, ...]) -> Counts:  # type: ignore[override]
        """The events of both."""
        good, total = other
        return Counts(self.good + good, self.total + total)

    @property
    def bad(self) -> int:
        """Events that were not good."""
        return self.total - self.good


class Unit(NamedTuple):
    """What a minute or a slice weighs against the target, and the events behind it.

    `end` is its last minute. `bad` and `total` are what the target is held against; `events` are
    raw counts, which say whether there is enough to judge by.
    """

    end: int
    bad: int
    total: int
    events: Counts


Measured = Mapping[int, tuple[float, float]]
"""By minute: how many of the part that was measured (good or bad events), and how many of all."""


class BadCounts(ValueError):
    """More good events than events, or less than none: the counting is wrong, not the service."""

    def __init__(self, minute: int, counts: Counts):
        super().__init__(f"{counts.good:,} good of {counts.total:,} events cannot be")
        self.minute, self.counts = minute, counts


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Every event weighs the same. Counts come every so many minutes, and stand for as many."""

    every: int = 1
    method: Literal["occurrences"] = "occurrences"

    def __post_init__(self) -> None:
        if not 1 <= self.every <= DAY:
            raise BadSlo("indicator.every", "must be from 1m to 1d")

    @property
    def width(self) -> int:
        """Minutes in one unit."""
        return 1

    @property
    def reach(self) -> int:
        """Minutes that one unit stands for."""
        return self.every

    def units(self, minutes: Mapping[int, Counts]) -> Iterator[Unit]:
        """One unit for each minute that has counts, in order. Raises `BadCounts`."""
        for end, counts in checked(minutes):
            yield Unit(end, counts.bad, counts.total, counts)


@dataclass(frozen=True, slots=True)
class TimeSlices:
    """Every slice of `width` minutes weighs the same; it is good if `target` of its events are.

    A slice without an event is left out, or counts as good with `idle_is_good`.
    """

    width: int
    target: Fraction
    idle_is_good: bool = False
    method: Literal["time_slices"] = "time_slices"

    def __post_init__(self) -> None:
        check_width(self.width)
        if not 0 < self.target <= 1:
            raise BadSlo(
                "indicator.slice_target",
                "must be above 0, where every slice would be good, and at most 1",
            )

    @property
    def reach(self) -> int:
        """Minutes that one unit stands for."""
        return self.width

    def units(self, minutes: Mapping[int, Counts]) -> Iterator[Unit]:
        """One unit for each slice that has counts, in order. Raises `BadCounts`."""
        for end, counts in sliced(minutes, self.width):
            if counts.total:
                share, whole = self.target.numerator, self.target.denominator
                yield Unit(end, int(counts.good * whole < share * counts.total), 1, counts)
            else:
                yield Unit(end, 0, int(self.idle_is_good), counts)


@dataclass(frozen=True, slots=True)
class RatioTimeSlices:
    """Every slice of `width` minutes weighs the same and counts by its own ratio.

    The ratio of a slice is rounded to a billionth. A slice without an event is left out, or counts
    as all good with `idle_is_good`.
    """

    width: int
    idle_is_good: bool = False
    method: Literal["ratio_time_slices"] = "ratio_time_slices"

    def __post_init__(self) -> None:
        check_width(self.width)

    @property
    def reach(self) -> int:
        """Minutes that one unit stands for."""
        return self.width

    def units(self, minutes: Mapping[int, Counts]) -> Iterator[Unit]:
        """One unit for each slice that has counts, in order. Raises `BadCounts`."""
        for end, counts in sliced(minutes, self.width):
            if counts.total:
                yield Unit(end, round(Fraction(counts.bad * PARTS, counts.total)), PARTS, counts)
            else:
                yield Unit(end, 0, PARTS * self.idle_is_good, counts)


Indicator = Occurrences | TimeSlices | RatioTimeSlices


def settled(measured: Measured, is_bad: bool = False) -> tuple[dict[int, Counts], list[int]]:
    """Whole counts by minute, and the minutes whose measurements cannot be such counts."""
    counts: dict[int, Counts] = {}
    wrong = []
    for minute, (part, total) in measured.items():
        if math.isfinite(part) and math.isfinite(total) and 0 <= part <= total:
            events, some = int(total), int(part)
            if (some, events) == (part, total):
                counts[minute] = Counts(events - some if is_bad else some, events)
                continue
        wrong.append(minute)
    return counts, sorted(wrong)


def check_width(width: int) -> None:
    """Slices fill a day without remainder, so that every day has the same. Raises `BadSlo`."""
    if not 1 <= width <= DAY or DAY % width:
        raise BadSlo("indicator.slice", "must divide a day into whole slices, from 1m to 1d")


def checked(minutes: Mapping[int, Counts]) -> Iterator[tuple[int, Counts]]:
    """Counts by minute in order. Raises `BadCounts`."""
    for minute in sorted(minutes):
        counts = minutes[minute]
        if not 0 <= counts.good <= counts.total:
            raise BadCounts(minute, counts)
        yield minute, counts


def sliced(minutes: Mapping[int, Counts], width: int) -> list[tuple[int, Counts]]:
    """Counts by slice, in order: each slice by its last minute. Raises `BadCounts`."""
    slices: dict[int, Counts] = {}
    for minute, counts in checked(minutes):
        end = -(-minute // width) * width
        slices[end] = slices.get(end, Counts(0, 0)) + counts
    return sorted(slices.items())


def merged(parts: Iterable[Mapping[int, Counts]]) -> dict[int, Counts]:
    """Counts of several slices of traffic, added up minute by minute."""
    whole: dict[int, Counts] = {}
    for part in parts:
        for minute, counts in part.items():
            whole[minute] = whole.get(minute, Counts(0, 0)) + counts
    return whole
