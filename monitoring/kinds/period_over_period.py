"""This hour beside the same hour of the weeks before.

Only whole stretches are compared: half an hour of orders beside a whole one is the classic false
alarm. The weeks are counted in the calendar of a time zone, so that nine o'clock stays nine
o'clock when the clocks change. The ratio to the median of those weeks is judged as a logarithm, by
what the same ratio was for the stretches of the latest week before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import OWN, Finding, Frame, Track, Wanted, duration
from monitoring.kinds.outside import LooksPast, goes_on, touches
from monitoring.slo.definition import Selector

SCALE = 1.4826
FEWEST_WEEKS, FEWEST_RATIOS = 3, 24
WEEK = timedelta(days=7)


class _Seen(NamedTuple):
    """What was measured, and when something went on that is left out."""

    track: Track
    outside: Track | None


class PeriodOverPeriod(LooksPast):
    """Sums or means of whole stretches beside the same ones of the weeks before."""

    name: ClassVar[str] = "period_over_period"
    summary: ClassVar[str] = "This week is not as the same days of the weeks before."

    stretch: str = parameter("Length of the stretches that are compared.", "1h")
    aggregate: str = parameter("What is taken of a stretch.", "sum", choices=("sum", "mean"))
    weeks: int = parameter("Weeks that are looked back.", 4, minimum=3, maximum=26)
    zone: str = parameter("Time zone whose weeks are counted, such as Europe/Zurich.", "UTC")
    k: float = parameter("Surprise that is too much, in deviations.", 6.0, minimum=1, maximum=100)
    least: float = parameter("Least change that matters, as a share.", 0.2, minimum=0, maximum=100)
    least_value: float = parameter(
        "Least value that is expected, below which none is judged.", 30.0
    )

    def check(self) -> None:
        """Refuses a span or a zone that cannot be read."""
        super().check()
        if duration(self.stretch, "stretch") > WEEK:
            raise BadParameter("stretch", "must not be longer than a week")
        _zone(self.zone)

    @property
    def lookback(self) -> timedelta:
        """The weeks, one more for the ratios, and two stretches."""
        return (self.weeks + 1) * WEEK + 2 * duration(self.stretch, "stretch") + timedelta(hours=2)

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The monitor's own series, and what is left out."""
        return {OWN: Wanted(own.series, own.labels), **self.outside()}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The latest whole stretch."""
        width = duration(self.stretch, "stretch")
        tracks = frame.get(OWN, ())
        track = tracks[0].finite() if tracks else None
        if track is None or not track.values.size:
            return Finding(None, "There are no values.")
        if (track.values < 0).any():
            return Finding(None, "Negative values have no ratio.", error=True)
        end, outside = self._latest_end(at, width), goes_on(frame)
        if touches(outside, (end - width).timestamp(), end.timestamp()):
            return Finding(None, f"What is left out goes on in the stretch to {end:%H:%M} UTC.")
        seen = _Seen(track, outside)
        value = self._of(seen, end, width)
        if value is None:
            return Finding(None, f"There is no value in the stretch that ended at {end:%H:%M} UTC.")
        before = self._weeks_before(seen, end, width)
        if len(before) < FEWEST_WEEKS:
            few = f"{len(before)} of the {FEWEST_WEEKS} weeks that are needed are known."
            return Finding(None, few, value)
        usual = float(np.median(before))
        if usual < self.least_value:
            said = f"{figure(usual)} is usual, less than the {figure(self.least_value)} that are judged."
            return Finding(None, said, value, usual, n=len(before))
        return self._judged(value, usual, self._past(seen, end, width), end)

    def _judged(
        self, value: float, usual: float, ratios: Sequence[float], end: datetime
    ) -> Finding:
        if len(ratios) < FEWEST_RATIOS:
            few = f"{len(ratios)} of the {FEWEST_RATIOS} earlier ratios that are needed are known."
            return Finding(None, few, value, usual)
        middle = float(np.median(ratios))
        spread = SCALE * float(np.median(np.abs(np.array(ratios) - middle)))
        deviation = max(spread, math.log1p(self.least) / self.k)
        # Relative to how this week has been so far: a good week is no row of surprises.
        score = (_ratio(value, usual) - middle) / deviation
        low, high = (usual * math.exp(middle + sign * self.k * deviation) for sign in (-1, 1))
        change = 100 * (value / usual - 1)
        sentence = (
            f"{figure(value)} in the {self.stretch} to {end:%Y-%m-%d %H:%M} UTC, {figure(usual)} at"
            f" that time of the weeks before: {change:+.0f} %, {figure(abs(score))} deviations."
        )
        return Finding(
            abs(score) > self.k, sentence, value, usual, low, high, abs(score), len(ratios)
        )

    def _latest_end(self, at: datetime, width: timedelta) -> datetime:
        local = at.astimezone(_zone(self.zone)).replace(tzinfo=None)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if width >= timedelta(days=1):
            return self._in_utc(midnight)
        return self._in_utc(midnight + (local - midnight) // width * width)

    def _in_utc(self, local: datetime) -> datetime:
        return local.replace(tzinfo=_zone(self.zone)).astimezone(UTC)

    def _weeks_before(self, seen: _Seen, end: datetime, width: timedelta) -> list[float]:
        local = end.astimezone(_zone(self.zone)).replace(tzinfo=None)
        found = (
            self._of(seen, self._in_utc(local - week * WEEK), width)
            for week in range(1, self.weeks + 1)
        )
        return [value for value in found if value is not None]

    def _of(self, seen: _Seen, end: datetime, width: timedelta) -> float | None:
        after, until = (end - width).timestamp(), end.timestamp()
        part = seen.track.within(after, until)
        if not part.values.size or touches(seen.outside, after, until):
            return None
        return part.total() if self.aggregate == "sum" else float(part.values.mean())

    def _past(self, seen: _Seen, end: datetime, width: timedelta) -> list[float]:
        """The same ratio of the stretches of the week before this one."""
        ratios = []
        for number in range(1, round(WEEK / width) + 1):
            earlier = end - number * width
            value = self._of(seen, earlier, width)
            weeks = self._weeks_before(seen, earlier, width) if value is not None else []
            if value is not None and len(weeks) >= FEWEST_WEEKS - 1 and np.median(weeks) > 0:
                ratios.append(_ratio(value, float(np.median(weeks))))
        return ratios


def _ratio(value: float, usual: float) -> float:
    """A logarithm that nothing at all does not make endless."""
    return math.log((value + 0.5) / (usual + 0.5))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadParameter("zone", "is no time zone such as Europe/Zurich") from None
