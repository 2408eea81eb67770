"""Something that must happen did not, for instance no log line of a partner was merged today.

None at all is surprising only where some were to be expected: of a Poisson count with mean m none
happens with probability exp(-m), so 3 are missed by chance once in twenty times and 7 once in a
thousand. The mean is what came in as long a time before. Counts of zero and counts that are
missing differ: what was not counted is not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import OWN, Finding, Frame, Framed, Track, Wanted, duration, names_in
from monitoring.kinds.intervals import counted, is_count, only_numbers
from monitoring.slo.definition import Selector

NAMED = 3


class Slice(NamedTuple):
    """Counted in the window, None where nothing was reported, and expected there."""

    key: tuple[str, ...]
    seen: float | None
    expected: float


class MustBePositive(Framed):
    """Counts of none where some were to be expected, of each slice."""

    name: ClassVar[str] = "must_be_positive"
    summary: ClassVar[str] = "Something that must happen did not happen at all."

    by: str = parameter("Labels that tell slices apart, separated by commas.", "")
    always: bool = parameter("Whether none is wrong even where few are expected.", False)
    missing_is_none: bool = parameter("Whether a count that is missing counts as none.", False)
    chance: float = parameter(
        "Probability of none by chance, over all slices, that is tolerated.",
        0.001,
        minimum=1e-9,
        maximum=0.5,
    )
    window: str = parameter("Length of the window.", "1d")
    baseline: str = parameter("Length of the time before it that tells what is expected.", "7d")
    needed: int = parameter("Bad looks that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 1, minimum=1, maximum=100)
    clear_after: int = parameter(
        "Good looks in a row that close a breach.", 1, minimum=1, maximum=10_000
    )

    def check(self) -> None:
        """Refuses spans that cannot be read, and a baseline shorter than the window."""
        super().check()
        if duration(self.baseline, "baseline") < duration(self.window, "window"):
            raise BadParameter("baseline", "must not be shorter than `window`")

    @property
    def lookback(self) -> timedelta:
        """The window and its baseline."""
        return duration(self.window, "window") + duration(self.baseline, "baseline")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The counts by slice."""
        return {OWN: Wanted(own.series, own.labels, names_in(self.by))}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Slices in which nothing happened."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        slices = [self._slice(track, at) for track in frame.get(OWN, ()) if track.values.size]
        known = [one for one in slices if one.seen is not None or self.missing_is_none]
        if not is_count(*(one.seen or 0.0 for one in slices), *(one.expected for one in slices)):
            return Finding(None, "Some counts are negative.", error=True)
        if not known:
            return Finding(None, f"Nothing was counted in the last {self.window}.")
        tail = self.chance / len(known)
        none = [
            one
            for one in known
            if not one.seen and (self.always or math.exp(-one.expected) <= tail)
        ]
        least = min(one.seen or 0.0 for one in known)
        if not none:
            said = f"{figure(least)} in the last {self.window}" + (
                f", the least of {len(known)} slices." if len(known) > 1 else "."
            )
            return Finding(False, said, value=least, lo=0.0, n=len(known))
        none.sort(key=lambda one: -one.expected)
        return Finding(
            True,
            self._sentence(none),
            value=0.0,
            expected=none[0].expected,
            lo=0.0,
            score=none[0].expected,
            n=len(known),
        )

    def _slice(self, track: Track, at: datetime) -> Slice:
        end, window = at.timestamp(), duration(self.window, "window")
        begin = end - window.total_seconds()
        inside, before = track.within(begin, end), track.within(-math.inf, begin)
        if not before.values.size:
            return Slice(track.key, counted(inside) if inside.values.size else None, 0.0)
        # Each count stands for the time since the one before; a young slice goes on as it began.
        n, seconds = before.values.size, window.total_seconds()
        gap = float(before.times[-1] - before.times[0]) / (n - 1) if n > 1 else seconds
        rate = counted(before) / (n * gap)
        count = counted(inside) if inside.values.size else None
        return Slice(track.key, count, rate * seconds)

    def _sentence(self, none: list[Slice]) -> str:
        told = [
            f"{', '.join(one.key) + ': ' if one.key else ''}none where {figure(one.expected)}"
            " were to be expected"
            for one in none[:NAMED]
        ]
        more = f", and {len(none) - NAMED} more" if len(none) > NAMED else ""
        return f"In the last {self.window}: {'; '.join(told)}{more}."
