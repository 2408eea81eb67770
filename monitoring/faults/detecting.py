"""Running kinds over a world, as an evaluation runs them over measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from monitoring.faults.world import STEP, Line, World, key, matching
from monitoring.kinds import Kind, Point, Verdict
from monitoring.kinds.base import Counting, State
from monitoring.kinds.framed import Frame, Framed, Numbers, Track, Wanted, ticks_between
from monitoring.slo.definition import Bound, Ratio, Selector, Source
from monitoring.slo.indicator import Measured

PART = 500
MINUTE = 60
COUNTED_AT_ONCE = timedelta(days=3)


class Said(NamedTuple):
    """A verdict, and when it can have been known, in seconds since 1970."""

    at: float
    verdict: Verdict


@dataclass(slots=True)
class Watch:
    """A monitor of a kind over a world; it can be stopped and go on over another one."""

    kind: Kind
    own: Selector
    judged: float
    state: State
    breached: bool = False

    @classmethod
    def of(cls, kind: Kind, own: Selector, since: float) -> Watch:
        """A new monitor that judges what comes later than `since`."""
        return cls(kind, own, since, kind.start())

    def copy(self) -> Watch:
        """The same monitor at the same point; states are never changed in place."""
        return Watch(self.kind, self.own, self.judged, self.state, self.breached)

    def go_on(self, world: World, until: float) -> list[float]:
        """Judges up to and with `until`; returns when breaches opened."""
        opened = []
        for said in self._said(world, until):
            if said.verdict.status in ("no_data", "error"):
                continue
            is_so = said.verdict.status == "breached"
            if is_so and not self.breached:
                opened.append(said.at)
            self.breached = is_so
        self.judged = until
        return opened

    def _said(self, world: World, until: float) -> Iterator[Said]:
        if isinstance(self.kind, Framed):
            yield from self._looks(self.kind, world, until)
        elif isinstance(self.kind, Counting):
            yield from self._minutes(self.kind, world, until)
        else:
            yield from self._points(world, until)

    def _looks(self, kind: Framed, world: World, until: float) -> Iterator[Said]:
        frame = frame_of(world, kind.wanted(self.own))
        due = list(ticks_between(kind.tick, _at(self.judged), _at(until)))
        self.state, verdicts = kind.review(self.state, frame, due)
        for verdict in verdicts:
            yield Said(verdict.at.timestamp() + kind.settle, verdict)

    def _minutes(self, kind: Counting, world: World, until: float) -> Iterator[Said]:
        counts = counts_of(world, kind.source(self.own))
        minutes = np.array(sorted(counts))
        judged, end, back = _at(self.judged), _at(until), kind.lookback
        while judged < end:
            upto = min(end, judged + COUNTED_AT_ONCE)
            first, last = np.searchsorted(
                minutes, [(each.timestamp()) // MINUTE for each in (judged - back, upto)], "right"
            )
            part = {int(minute): counts[int(minute)] for minute in minutes[first:last]}
            _, verdicts = kind.review(part, judged, upto)
            for verdict in verdicts:
                yield Said(verdict.at.timestamp(), verdict)
            judged = upto

    def _points(self, world: World, until: float) -> Iterator[Said]:
        times, values = world.get(key(self.own.series, self.own.labels), Line(NO, NO))
        within = (times > self.judged) & (times <= until)
        points = [
            Point(_at(at), float(v)) for at, v in zip(times[within], values[within], strict=True)
        ]
        if not self.kind.watches_clock:
            for begin in range(0, len(points), PART):
                part = points[begin : begin + PART]
                yield from self._evaluated(part, part[-1].time)
            return
        step, place = self.judged, 0
        while step < until:
            step = min(step + STEP, until)
            begin = place
            while place < len(points) and points[place].time.timestamp() <= step:
                place += 1
            yield from self._evaluated(points[begin:place], _at(step))

    def _evaluated(self, points: Sequence[Point], now: datetime) -> Iterator[Said]:
        self.state, verdicts = self.kind.evaluate(self.state, points, now)
        clock = now.timestamp() if self.kind.watches_clock else 0.0
        for verdict in verdicts:
            yield Said(max(clock, verdict.at.timestamp()), verdict)


NO: Numbers = np.empty(0)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def frame_of(world: World, wanted: Mapping[str, Wanted]) -> Frame:
    """The series that a kind wants of a world."""
    frame: dict[str, list[Track]] = {}
    for role, want in wanted.items():
        if want.changes:
            line = world.get(key("", {want.changes: "change"}), Line(NO, NO))
            frame[role] = [Track(("changed it", "", ""), *line)]
            continue
        if not want.series:  # what other monitors say, by their ids
            keys = [(id, key("", {id: "monitor"})) for id in want.labels]
            frame[role] = [Track((id,), *world[each]) for id, each in keys if each in world]
            continue
        found = matching(world, want.series, want.labels, want.by)
        frame[role] = [Track(own, *world[each]) for own, each in found.items()]
    return frame


def counts_of(world: World, source: Source) -> Measured:
    """Counts by minute, as measurements are counted.

    Points of two series belong together by their time; of one series the values within its bound
    are counted, and those that are no number are not.
    """
    if isinstance(source, Bound):
        times, values = _line(world, source.value)
        known = ~np.isnan(values)
        good = WITHIN[source.op](values[known], float(source.bound))
        return _by_minute(times[known], good, np.ones(known.sum()))
    total, part = (_line(world, selector) for selector in (source.total, source.part))
    shared, places, others = np.intersect1d(total.times, part.times, return_indices=True)
    rises = [_rises(line, source) for line in (part.values[others], total.values[places])]
    return _by_minute(shared[1 if source.counter else 0 :], *rises)


WITHIN: Mapping[str, Callable[[Numbers, float], Any]] = {
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
}


def _by_minute(times: Numbers, parts: Numbers, totals: Numbers) -> Measured:
    counted: dict[int, tuple[float, float]] = {}
    for minute, part, total in zip(np.ceil(times / MINUTE), parts, totals, strict=True):
        before = counted.get(int(minute), (0.0, 0.0))
        counted[int(minute)] = before[0] + float(part), before[1] + float(total)
    return counted


def _rises(values: Numbers, source: Ratio) -> Numbers:
    return Track((), values, values).increments().values if source.counter else values


def _line(world: World, selector: Selector) -> Line:
    return world.get(key(selector.series, selector.labels), Line(NO, NO))


def earliest(opened: Iterable[float], onset: float, within: float) -> float | None:
    """How long after the onset the first breach opened, if it did in time."""
    after = [at - onset for at in opened if onset < at <= onset + within]
    return min(after) if after else None
