"""Leaving out, from what is usual, the time in which something happened outside."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from monitoring.kinds.base import BadParameter, Kind, Point, Verdict, parameter
from monitoring.kinds.framed import Frame, Framed, Numbers, Track, Wanted, names_in
from monitoring.state import Category

OUTSIDE = "outside"


class LeavesOut(Kind):
    """A kind that learns what is usual, and can pass over the time in which it was not."""

    leave_out: str = parameter(
        "Categories of what happens outside, such as holiday, separated by commas: while one goes"
        " on nothing is judged, and nothing is counted as usual.",
        "",
    )

    def check(self) -> None:
        """Refuses categories that there are not."""
        super().check()
        known = [str(each) for each in Category]
        for name in self.left_out:
            if name not in known:
                raise BadParameter("leave_out", f"{name!r} is none of {', '.join(known)}")

    @property
    def left_out(self) -> tuple[str, ...]:
        """The categories."""
        return names_in(self.leave_out)


class LooksPast(LeavesOut, Framed):
    """One that looks at several series together."""

    def outside(self) -> Mapping[str, Wanted]:
        """What is wanted beside the series."""
        return {OUTSIDE: Wanted("", {}, happenings=self.left_out)} if self.left_out else {}


def marked(
    points: Sequence[Point], intervals: Iterable[tuple[datetime, datetime]]
) -> Sequence[Point]:
    """The points, those within an interval marked as left out."""
    apart = _merged(intervals)
    if not apart:
        return points
    starts = [start for start, _ in apart]

    def is_within(at: datetime) -> bool:
        place = bisect_right(starts, at)
        return place > 0 and at <= apart[place - 1][1]

    return [point._replace(left_out=True) if is_within(point.time) else point for point in points]


def _merged(intervals: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def passed_over(point: Point, n: int) -> Verdict:
    """The verdict on a point that is left out: none, and what was so stays so."""
    return Verdict("no_data", point.time, "What is left out goes on.", value=point.value, n=n)


def goes_on(frame: Frame) -> Track | None:
    """1 while something that is to be left out went on, and 0; None where nothing is left out."""
    tracks = frame.get(OUTSIDE, ())
    return tracks[0] if tracks else None


def touches(outside: Track | None, after: float, until: float) -> Any:
    """Whether something that is to be left out went on in a stretch of time, in seconds."""
    return outside is not None and outside.within(after, until).values.any()


def within(outside: Track, times: Numbers) -> Any:
    """At which of these times something that is to be left out went on, an array of truth values.

    The steps before and after a time must both say so: one of them may be no more than an end.
    """
    if not outside.values.size:
        return np.zeros(len(times), dtype=bool)
    last = len(outside.times) - 1
    before = np.searchsorted(outside.times, times, side="right") - 1
    after = np.searchsorted(outside.times, times, side="left")
    return (outside.values[np.maximum(before, 0)] > 0) & (
        outside.values[np.minimum(after, last)] > 0
    )
