"""What a monitor would have said of the past, before it is turned on. Nothing is written.

The same kinds judge the same points in the same order as in an evaluation. What came before
`since` only teaches.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from monitoring import counting, frames, happenings
from monitoring.judging import INSTANT, is_breached
from monitoring.kinds import Kind, Verdict
from monitoring.kinds.base import Counting
from monitoring.kinds.framed import Framed, ticks_between
from monitoring.labels import fingerprint
from monitoring.measurements import points_until
from monitoring.queries import extent, series_named
from monitoring.slo.definition import Selector

MOST_POINTS, MOST_LOOKS, MOST_BREACHES = 200_000, 10_000, 200
LONGEST = 15.0  # seconds
AT_ONCE = 500
COUNTED_AT_ONCE = timedelta(days=3)
MONTH = timedelta(days=30)


class NothingToReplay(ValueError):
    """No measurement of the series is known in that time."""


@dataclass(slots=True)
class Replayed:
    """One breach that would have been: its onset, its end if it ended, and its sentence."""

    onset: datetime
    closed_at: datetime | None
    sentence: str


@dataclass(slots=True)
class Replay:
    """What a monitor would have said from `since` to `until`.

    `verdicts` counts them by status. `whole` is false where there was too much for one answer: then
    only the time from `since` to `until` was judged.
    """

    since: datetime
    until: datetime
    verdicts: dict[str, int] = field(default_factory=dict)
    breaches: list[Replayed] = field(default_factory=list)
    seconds: float = 0.0
    whole: bool = True

    @property
    def breaches_a_month(self) -> float:
        """Breaches in 30 days, at the rate at which there were some."""
        length = (self.until - self.since) / MONTH
        return round(len(self.breaches) / length, 3) if length > 0 else 0.0

    @property
    def share_without_data(self) -> float:
        """Share of the verdicts that say that nothing is known."""
        said = sum(self.verdicts.values())
        silent = self.verdicts.get("no_data", 0) + self.verdicts.get("error", 0)
        return round(silent / said, 4) if said else 1.0


def replay(kind: Kind, own: Selector, since: datetime | None, until: datetime | None) -> Replay:
    """Judges the past by a kind; by default the last 30 days there are.

    Raises `NothingToReplay`, and `frames.TooMuch` for more series or points than can be read.
    """
    began = time.monotonic()
    first, last = _known(kind, own)
    end = min(until or last, last)
    start = max(since or end - MONTH, first)
    if start >= end:
        raise NothingToReplay(f"There is nothing to judge between {first} and {last}.")
    made, was = Replay(start, end), False
    judged = start
    for verdicts in _verdicts(kind, own, made):
        for verdict in verdicts:
            is_so = is_breached(verdict, was)
            if verdict.at > start:
                made.verdicts[verdict.status] = made.verdicts.get(verdict.status, 0) + 1
                _note(made, verdict, is_so, was)
                judged = max(judged, verdict.at)
            was = is_so
        if time.monotonic() - began > LONGEST or len(made.breaches) >= MOST_BREACHES:
            made.whole, made.until = False, judged
            break
    made.seconds = round(time.monotonic() - began, 3)
    return made


def _note(made: Replay, verdict: Verdict, is_so: bool, was: bool) -> None:
    open_one = made.breaches[-1] if made.breaches and made.breaches[-1].closed_at is None else None
    if is_so and open_one is None:
        # One that stood when the time began counts from its beginning there.
        made.breaches.append(Replayed(verdict.at, None, verdict.sentence))
    elif was and not is_so and open_one is not None:
        open_one.closed_at = verdict.at


def _known(kind: Kind, own: Selector) -> tuple[datetime, datetime]:
    """First and last time of the measurements that the kind reads."""
    if isinstance(kind, Framed):
        ids = frames.ids_in(frames.find(kind.wanted(own)))
        found = frames.extent(ids, datetime.fromtimestamp(0, UTC)) if ids else None
        if found is not None:
            return found.first - INSTANT, found.latest
    else:
        row = series_named(fingerprint(own.series, own.labels))
        reach = extent(row.id) if row else None
        if reach is not None:
            return reach[0] - INSTANT, reach[1]
    raise NothingToReplay("No measurement of this series has arrived.")


def _verdicts(kind: Kind, own: Selector, made: Replay) -> Iterator[list[Verdict]]:
    if isinstance(kind, Framed):
        yield from _looks(kind, own, made.since, made.until)
    elif isinstance(kind, Counting):
        yield from _minutes(kind, own, made.since, made.until)
    else:
        yield from _points(kind, own, made)


def _points(kind: Kind, own: Selector, made: Replay) -> Iterator[list[Verdict]]:
    row = series_named(fingerprint(own.series, own.labels))
    points = points_until(row.id, made.until, MOST_POINTS) if row else []
    if len(points) == MOST_POINTS and points[0].time > made.since:
        made.whole, made.since = False, points[0].time
    state = kind.start()
    for begin in range(0, len(points), AT_ONCE):
        part = happenings.mark(kind, points[begin : begin + AT_ONCE])
        state, said = kind.evaluate(state, part, part[-1].time)
        yield said


def _minutes(
    kind: Counting, own: Selector, start: datetime, end: datetime
) -> Iterator[list[Verdict]]:
    source, judged = kind.source(own), start
    while judged < end:
        until = min(end, judged + COUNTED_AT_ONCE)
        counts = counting.counts(source, judged - kind.lookback, until)
        _, said = kind.review(counts, judged, until)
        judged = until
        yield said


def _looks(kind: Framed, own: Selector, start: datetime, end: datetime) -> Iterator[list[Verdict]]:
    wanted, state = kind.wanted(own), kind.start()
    found = frames.find(wanted)
    first, _ = _known(kind, own)
    # Those that learn first need what came before; how much of it is bounded.
    due = ticks_between(kind.tick, max(first, start - MOST_LOOKS * kind.tick), end)
    while ticks := list(islice(due, AT_ONCE)):
        after, until = ticks[0] - kind.lookback, ticks[-1]
        frame = frames.read(found, after, until)
        frame |= {
            role: frames.steps(want, after, until)
            for role, want in wanted.items()
            if not want.series
        }
        state, said = kind.review(state, frame, ticks)
        yield said
