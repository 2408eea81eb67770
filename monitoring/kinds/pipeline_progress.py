"""How old the records are that wait in a pipeline, and whether they are worked off.

One record that is stuck makes the oldest age large and harms nobody; what harms is that many are
old. So the ages are counted in buckets, and the share beyond what is tolerated is judged with its
exact interval (Clopper and Pearson, 1934). If a series of what was done is there, work that waits
while nothing is done at all is a breach at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from monitoring.kinds.base import State, figure, parameter, span
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Track,
    Wanted,
    duration,
    names_in,
    selected,
)
from monitoring.kinds.intervals import clopper_pearson, counted, is_count, only_numbers, summed
from monitoring.slo.definition import Selector

DONE = "done"
NAMED = 3


class Waiting(NamedTuple):
    """Records of one slice: how many wait, how many of them are old, how old the median is."""

    key: tuple[str, ...]
    waiting: float
    old: float
    median: float
    least: float


class PipelineProgress(Framed):
    """Ages of the records that wait, counted by bucket and slice, and what is done meanwhile."""

    name: ClassVar[str] = "pipeline_progress"
    summary: ClassVar[str] = "Records wait for too long in a pipeline, or nothing is done at all."

    limit: float = parameter("Age that is too much.", unit="s", minimum=1)
    label: str = parameter("Label that names the upper bound of an age, in seconds.", "le")
    by: str = parameter("Labels that tell slices apart, separated by commas.", "")
    max_share: float = parameter(
        "Share of old records that is tolerated.", 0.05, minimum=0, maximum=1
    )
    min_waiting: float = parameter("Least records that are judged.", 20.0, minimum=1)
    done: str = parameter("Series of the running total of records done, by the same slices.", "")
    confidence: float = parameter(
        "Confidence of all intervals together.", 0.999, minimum=0.5, maximum=0.999999
    )
    window: str = parameter("How far back counts are looked for.", "15m")

    def check(self) -> None:
        """Refuses a series and a span that cannot be read."""
        super().check()
        duration(self.window, "window")
        if self.done:
            selected(self.done, "done")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Counts by age and slice, and what is done by slice."""
        by = names_in(self.by)
        found = {OWN: Wanted(own.series, own.labels, (self.label, *by))}
        return found | ({DONE: selected(self.done, "done", by)} if self.done else {})

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The slice with the largest certain share of old records."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        ages: dict[tuple[str, ...], dict[float, float]] = {}
        for track in frame.get(OWN, ()):
            if track.values.size:
                age = _age(track.key[0])
                if age is None:
                    sentence = f"The bucket {track.key[0]!r} is no number of seconds."
                    return Finding(None, sentence, error=True)
                slice_ = ages.setdefault(track.key[1:], {})
                slice_[age] = slice_.get(age, 0.0) + float(track.values[-1])
        if not is_count(*(n for slice_ in ages.values() for n in slice_.values())):
            return Finding(None, "Some counts are negative.", error=True)
        if not ages:
            return Finding(None, f"Nothing was counted in the last {self.window}.")
        return self._judge(ages, frame.get(DONE, ()))

    def _judge(
        self, ages: Mapping[tuple[str, ...], Mapping[float, float]], done: Sequence[Track]
    ) -> Finding:
        confidence = 1 - (1 - self.confidence) / len(ages)
        slices = [self._waiting(key, counts, confidence) for key, counts in ages.items()]
        moved = {t.key: counted(t.increments()) for t in done if t.values.size > 1}
        still = [s for s in slices if s.waiting >= self.min_waiting and moved.get(s.key) == 0]
        late = [s for s in slices if s.waiting >= self.min_waiting and s.least > self.max_share]
        total = summed(s.waiting for s in slices)
        worst = max(slices, key=lambda s: (s in still, s.least, s.old))
        share = worst.old / worst.waiting if worst.waiting else 0.0
        told = [f"{_where(s)}{figure(s.waiting)} wait and nothing is done" for s in still[:NAMED]]
        told += [
            f"{_where(s)}{figure(s.old)} of {figure(s.waiting)} are older than"
            f" {span(self.limit)}, half of them than {span(s.median)}"
            for s in sorted(late, key=lambda s: -s.old)[:NAMED]
            if s not in still[:NAMED]
        ]
        if not told:
            told = [
                f"{figure(total)} wait, {figure(summed(s.old for s in slices))} of them longer"
                f" than {span(self.limit)}"
            ]
        exceeds = bool(still or late)
        return Finding(
            exceeds, "; ".join(told) + ".", share, hi=self.max_share, n=int(worst.waiting)
        )

    def _waiting(
        self, key: tuple[str, ...], counts: Mapping[float, float], confidence: float
    ) -> Waiting:
        waiting = summed(counts.values())
        # A bucket is old when all of it is: its records are older than the bound below its own.
        edges = sorted(counts)
        buckets = list(zip([0.0, *edges[:-1]], edges, strict=True))
        old = summed(counts[edge] for low, edge in buckets if low >= self.limit)
        least = clopper_pearson(old, waiting, confidence).lo if waiting >= 1 else 0.0
        passed, median = 0.0, 0.0
        for low, edge in buckets:
            passed += counts[edge]
            if passed >= waiting / 2:
                median = edge if math.isfinite(edge) else low
                break
        return Waiting(key, waiting, old, median, least)


def _where(one: Waiting) -> str:
    return f"{', '.join(one.key)}: " if one.key else ""


def _age(text: str) -> float | None:
    try:
        age = float(text.replace("+Inf", "inf"))
    except ValueError:
        return None
    return None if math.isnan(age) or age <= 0 else age
