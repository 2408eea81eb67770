"""Each slice beside what is usual for it at this time, such as log lines merged per partner.

Usual is the median of the same stretch of the weeks before; with fewer than three of them, of the
days before; and otherwise the mean of what there is. The ratio is judged as a logarithm in the
slice's own scaled median absolute deviation, which is drawn towards that of all slices the more,
the less is known of the slice (James and Stein, 1961, in spirit). Where fewer than thirty are
expected the count is judged as a Poisson count instead. Over all slices the share of false ones
among those found is bounded by Benjamini and Hochberg (1995). When most of them moved alike it is
told once, as all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import special, stats

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Numbers,
    Track,
    Wanted,
    bucketed,
    duration,
    names_in,
)
from monitoring.kinds.intervals import is_count, only_numbers
from monitoring.kinds.outside import LooksPast, goes_on, touches
from monitoring.slo.definition import Selector

SCALE = 1.4826
FEW, FEWEST, DRAWN = 30.0, 3, 28.0
DAY, WEEK = timedelta(days=1), timedelta(days=7)
NAMED, MOST = 3, 0.5


class Slice(NamedTuple):
    """What came in, what is usual, the deviation of the logarithm, and the p-value of so much."""

    key: tuple[str, ...]
    value: float
    usual: float
    spread: float
    p_value: float = 1.0

    @property
    def change(self) -> float:
        """Relative change."""
        return self.value / self.usual - 1 if self.usual else math.inf


class TrailingAverage(LooksPast):
    """Counts of a whole stretch beside the same stretch of earlier weeks or days, by slice."""

    name: ClassVar[str] = "trailing_average"
    summary: ClassVar[str] = "A slice has far more or less than is usual for it at this time."

    by: str = parameter("Labels that tell slices apart, separated by commas.", "")
    stretch: str = parameter("Length of the stretches that are counted.", "1h")
    weeks: int = parameter("Weeks that are looked back.", 4, minimum=1, maximum=12)
    least: float = parameter("Least change that matters, as a share.", 0.3, minimum=0, maximum=100)
    false_share: float = parameter(
        "Largest expected share of false ones among the slices found.",
        0.0001,
        minimum=1e-9,
        maximum=0.5,
    )
    direction: str = parameter(
        "Which change is looked for.", "both", choices=("both", "up", "down")
    )

    def check(self) -> None:
        """Refuses a span that cannot be read or that no day is a multiple of."""
        super().check()
        width = duration(self.stretch, "stretch")
        if width > DAY or DAY % width:
            raise BadParameter("stretch", "must be a part of a day, such as 15m, 1h or 1d")

    @property
    def lookback(self) -> timedelta:
        """The weeks and two stretches."""
        return self.weeks * WEEK + 2 * duration(self.stretch, "stretch")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The counts by slice, and what is left out."""
        return {OWN: Wanted(own.series, own.labels, names_in(self.by)), **self.outside()}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The slices of the latest whole stretch that are not as usual."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        tracks = [track for track in frame.get(OWN, ()) if track.values.size]
        if not is_count(*(float(track.values.min()) for track in tracks)):
            return Finding(None, "Some counts are negative.", error=True)
        width = duration(self.stretch, "stretch")
        end = datetime.fromtimestamp(
            at.timestamp() // width.total_seconds() * width.total_seconds(), at.tzinfo
        )
        outside = goes_on(frame)
        if touches(outside, (end - width).timestamp(), end.timestamp()):
            return Finding(None, f"What is left out goes on in the stretch to {end:%H:%M} UTC.")
        found = [self._slice(track, outside, end, width) for track in tracks]
        known = [one for one in found if one is not None]
        if not known:
            return Finding(None, "Nothing is known of earlier days.", n=len(tracks))
        return self._finding(_judged(known))

    def _slice(
        self, track: Track, outside: Track | None, end: datetime, width: timedelta
    ) -> Slice | None:
        """None for a slice that says nothing now, or about which nothing was known."""
        count = self.weeks * round(WEEK / width) + 1
        parts = bucketed(track, width, end, count)
        if not parts[-1].size:
            return None
        sums = np.array([math.fsum(part) if part.size else math.nan for part in parts])
        if outside is not None:
            went_on = [part.any() for part in bucketed(outside, width, end, count)]
            sums[went_on] = math.nan
        past, day = sums[:-1], round(DAY / width)
        weekly = past[-7 * day :: -7 * day] if past.size >= 7 * day else past[:0]
        daily = past[-day::-day][:7]
        known = next(
            (
                each[np.isfinite(each)]
                for each in (weekly, daily)
                if np.isfinite(each).sum() >= FEWEST
            ),
            past[np.isfinite(past)],
        )
        if not known.size:
            return None
        usual = float(np.median(known)) if known.size >= FEWEST else float(known.mean())
        return Slice(track.key, float(sums[-1]), usual, _spread(past, day))

    def _finding(self, slices: Sequence[Slice]) -> Finding:
        adjusted = stats.false_discovery_control([s.p_value for s in slices], method="bh")
        odd = [
            s
            for s, p in zip(slices, adjusted, strict=True)
            if p <= self.false_share and self._matters(s.change)
        ]
        worst = min(slices, key=lambda s: (s not in odd, s.p_value))
        return Finding(
            bool(odd),
            self._sentence(slices, odd, worst),
            value=worst.value,
            expected=worst.usual,
            lo=worst.usual * (1 - min(1.0, self.least)) if self.direction != "up" else None,
            hi=worst.usual * (1 + self.least) if self.direction != "down" else None,
            score=-math.log10(max(worst.p_value, 1e-300)),
            n=len(slices),
        )

    def _matters(self, change: float) -> bool:
        far = change > self.least if change > 0 else -change >= min(self.least, 1.0)
        side = {"both": True, "up": change > 0, "down": change < 0}[self.direction]
        return far and side

    def _sentence(self, slices: Sequence[Slice], odd: Sequence[Slice], worst: Slice) -> str:
        if not odd:
            return f"{_told(worst)}, which is nothing unusual{_least_of(slices)}."
        alike = [s for s in odd if (s.change > 0) == (worst.change > 0)]
        if len(slices) > NAMED and len(alike) > MOST * len(slices):
            value, usual = (math.fsum(getattr(s, n) for s in slices) for n in ("value", "usual"))
            whole = _told(Slice(("all",), value, usual, 0.0))
            return f"{whole}: {len(alike)} of {len(slices)} slices moved alike."
        ordered = sorted(odd, key=lambda s: s.p_value)
        more = f" and {len(odd) - NAMED} more of {len(slices)}" if len(odd) > NAMED else ""
        return f"{'; '.join(_told(s) for s in ordered[:NAMED])}{more}."


def _told(one: Slice) -> str:
    where = f"{', '.join(one.key)}: " if one.key else ""
    change = f" ({100 * one.change:+.0f} %)" if math.isfinite(one.change) else ""
    return f"{where}{figure(one.value)} where {figure(one.usual)} is usual{change}"


def _least_of(slices: Sequence[Slice]) -> str:
    return f", the oddest of {len(slices)} slices" if len(slices) > 1 else ""


def _spread(past: Numbers, day: int) -> float:
    """Deviation of the logarithms of a stretch over the same one a day before; NaN if unknown."""
    if past.size <= day:
        return math.nan
    ratios = np.log((past[day:] + 0.5) / (past[:-day] + 0.5))
    known = ratios[np.isfinite(ratios)]
    if known.size < FEWEST:
        return math.nan
    return SCALE * float(np.median(np.abs(known - np.median(known))))


def _judged(slices: Sequence[Slice]) -> list[Slice]:
    """With p-values; spreads are drawn towards the usual one."""
    spreads = [s.spread for s in slices if math.isfinite(s.spread)]
    parent = float(np.median(spreads)) if spreads else 0.3
    judged = []
    for one in slices:
        own = one.spread if math.isfinite(one.spread) else parent
        weight = max(one.usual, 1.0)
        spread = (weight * own + DRAWN * parent) / (weight + DRAWN)
        if one.usual < FEW:
            p = _poisson(one.value, one.usual)
        else:
            # A count varies by itself as well, however steady its mean is.
            deviation = math.sqrt(max(spread, 0.05) ** 2 + 1 / one.usual)
            z = math.log((one.value + 0.5) / (one.usual + 0.5)) / deviation
            p = float(2 * special.ndtr(-abs(z)))
        judged.append(one._replace(spread=spread, p_value=p))
    return judged


def _poisson(count: float, mean: float) -> float:
    """Two-sided p-value of a Poisson count, twice the smaller tail."""
    mean = max(mean, 0.5)
    below = float(special.gammaincc(count + 1, mean))
    above = float(special.gammainc(count, mean)) if count > 0 else 1.0
    return min(1.0, 2 * min(below, above))
