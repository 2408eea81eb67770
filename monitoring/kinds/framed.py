"""Kinds that look at several series together, at fixed instants in event time.

A point by itself says little about a distribution, a share, a slice or a week. Such a kind names
the series it wants, and is asked at every tick (a multiple of `every` since 1970) what it finds in
a frame: the points of those series that are later than the tick minus `lookback`, up to and with
the tick. Whatever it says follows from the frame and from a small JSON-safe memory, so that late
points can be taken into account by asking again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.kinds.base import (
    BadParameter,
    Kind,
    Persistence,
    State,
    Status,
    Verdict,
    parameter,
)
from monitoring.labels import BadSeries
from monitoring.slo.definition import Selector
from monitoring.slo.exact import BadSlo
from monitoring.slo.exact import span as minutes_in
from monitoring.slo.selectors import parse

Numbers = NDArray[np.float64]
OWN = "own"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Series that a kind reads.

    Without `by` the one series with this name and just these labels. With `by`, every series of
    this name that has those labels as well, with any values, and otherwise just these.
    `happenings` are categories of what happens outside, wanted in place of a series; `changes` is
    the ref of a thing whose changes are.
    """

    series: str
    labels: Mapping[str, str]
    by: tuple[str, ...] = ()
    happenings: tuple[str, ...] = ()
    changes: str = ""


class Track(NamedTuple):
    """One series of a frame. `key` holds the values of the labels that tell it from the others.

    `times` are seconds since 1970, ascending, shape (n,); `values` belong to them.
    """

    key: tuple[str, ...]
    times: Numbers
    values: Numbers

    def within(self, after: float, until: float) -> Track:
        """The points later than `after`, up to and with `until`, as views."""
        first, last = np.searchsorted(self.times, (after, until), side="right")
        return Track(self.key, self.times[first:last], self.values[first:last])

    def finite(self) -> Track:
        """Without values that are no numbers."""
        good = np.isfinite(self.values)
        return self if good.all() else Track(self.key, self.times[good], self.values[good])

    def increments(self) -> Track:
        """What a running total rose by at each point but the first; it may begin again from 0."""
        rise = np.diff(self.values)
        return Track(self.key, self.times[1:], np.where(rise < 0, self.values[1:], rise))

    def total(self) -> float:
        """Sum of the values, without rounding errors piling up."""
        return math.fsum(self.values)


Frame = Mapping[str, Sequence[Track]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a kind found at one tick.

    `exceeds` is None when nothing can be said, which is not healthy; `error` tells of data that
    cannot be. `clear` is whether a breach may end, by default whenever nothing exceeds. `memory`
    replaces the kind's memory unless it is None. The other numbers are those of a `Verdict`.
    """

    exceeds: bool | None
    sentence: str
    value: float | None = None
    expected: float | None = None
    lo: float | None = None
    hi: float | None = None
    score: float | None = None
    n: int = 0
    clear: bool | None = None
    error: bool = False
    memory: State | None = None


class Framed(Kind):
    """A way to judge series together. Subclasses give `wanted`, `lookback` and `look`."""

    watches_clock: ClassVar[bool] = True

    every: str = parameter("How often it looks.", "5m")
    settle: float = parameter(
        "Time that measurements are given to arrive.", 30.0, unit="s", minimum=0, maximum=86_400
    )
    needed: int = parameter("Bad looks that open a breach.", 2, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 3, minimum=1, maximum=100)
    clear_after: int = parameter(
        "Good looks in a row that close a breach.", 3, minimum=1, maximum=10_000
    )

    def check(self) -> None:
        """Refuses n > m and a rhythm that cannot be read."""
        if self.needed > self.of:
            raise BadParameter("needed", "must not be more than `of`")
        duration(self.every, "every")

    @property
    def tick(self) -> timedelta:
        """Time between two looks."""
        return duration(self.every, "every")

    @property
    def lookback(self) -> timedelta:
        """How far before a tick its frame reaches."""
        raise NotImplementedError(f"{type(self).__name__} names no lookback")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """What it reads, by the role that it plays; the monitor's own series is the least."""
        return {OWN: Wanted(own.series, own.labels)}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """What is found in the frame of one tick."""
        raise NotImplementedError(f"{type(self).__name__} finds nothing")

    def review(
        self, state: State, frame: Frame, ticks: Sequence[datetime]
    ) -> tuple[State, list[Verdict]]:
        """Judges the ticks in turn. `frame` reaches from `lookback` before the first to the last.

        Returns the new state and one verdict a tick; `state` itself is left as it was.
        """
        memory: State = state.get("memory", {})
        persistence = Persistence(self.needed, self.of, self.clear_after).load(state)
        back, verdicts = self.lookback.total_seconds(), []
        for tick in ticks:
            until = tick.timestamp()
            part = {
                role: [track.within(until - back, until) for track in tracks]
                for role, tracks in frame.items()
            }
            found = self.look(part, tick, memory)
            memory = memory if found.memory is None else found.memory
            verdicts.append(_verdict(found, persistence, tick))
        return {**persistence.dump(), "memory": memory}, verdicts


def _verdict(found: Finding, persistence: Persistence, tick: datetime) -> Verdict:
    numbers = (found.value, found.expected, found.lo, found.hi, found.score, found.n)
    if found.exceeds is None:
        return Verdict("error" if found.error else "no_data", tick, found.sentence, *numbers)
    clear = not found.exceeds if found.clear is None else found.clear and not found.exceeds
    status: Status = persistence.observe(found.exceeds, clear)
    return Verdict(status, tick, found.sentence, *numbers)


def tick_after(every: timedelta, after: datetime) -> datetime:
    """The first multiple of `every` since 1970, in UTC, that is later than `after`."""
    step, epoch = timedelta(seconds=round(every.total_seconds())), datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((after - epoch) // step + 1) * step


def ticks_between(every: timedelta, after: datetime, until: datetime) -> Iterator[datetime]:
    """The multiples of `every` since 1970, in UTC, that are later than `after`, up to `until`."""
    tick = tick_after(every, after)
    while tick <= until:
        yield tick
        tick += every


def duration(text: str, name: str) -> timedelta:
    """A span such as ``15m``, ``6h`` or ``28d``. Raises `BadParameter` with the parameter's name."""
    try:
        return timedelta(minutes=minutes_in(text, name))
    except BadSlo as fault:
        raise BadParameter(name, fault.message) from None


def selected(text: str, name: str, by: Iterable[str] = ()) -> Wanted:
    """Series written as ``total{service="web"}``. Raises `BadParameter` with the parameter's name."""
    try:
        chosen = parse(text, name)
    except (BadSlo, BadSeries) as fault:
        raise BadParameter(name, fault.message) from None
    return Wanted(chosen.series, chosen.labels, tuple(by))


def names_in(text: str) -> tuple[str, ...]:
    """Names separated by commas, without the blanks around them."""
    return tuple(name for part in text.split(",") if (name := part.strip()))


def sums_by_key(tracks: Iterable[Track]) -> dict[tuple[str, ...], float]:
    """The sum of each track's finite values."""
    return {track.key: track.finite().total() for track in tracks}


def bucketed(track: Track, width: timedelta, until: datetime, count: int) -> list[Numbers]:
    """The values of the latest `count` whole buckets of `width` that end at `until`, oldest first."""
    seconds, end = width.total_seconds(), until.timestamp()
    edges = [end - seconds * number for number in range(count, -1, -1)]
    places: Any = np.searchsorted(track.times, edges, side="right")
    return [track.values[a:b] for a, b in itertools.pairwise(places)]
