"""Something that grows old: a model in serving, a data set, a backup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from monitoring.kinds.base import (
    BadParameter,
    Kind,
    Point,
    State,
    Status,
    Verdict,
    instant,
    no_number,
    parameter,
    span,
)

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the latest measurement told: the birth, when it said so, and how many there were."""

    born: datetime | None
    at: datetime
    seen: int

    @classmethod
    def load(cls, state: State) -> _Told:
        return cls(
            instant(state.get("born")), instant(state.get("at")) or NEVER, state.get("seen", 0)
        )

    def dump(self) -> State:
        born = self.born and self.born.isoformat()
        return {"born": born, "at": self.at.isoformat(), "seen": self.seen}

    def is_too_old(self, now: datetime, limit: float) -> bool:
        return self.born is not None and (now - self.born).total_seconds() > limit


class Age(Kind):
    """The age that the latest value tells, which goes on growing until a younger value arrives.

    ``moment`` values are Unix seconds of the birth (trained at, data up to); ``elapsed`` values
    are an age in seconds that was true at the measurement's time. A breach begins at the instant
    the limit was passed, not when somebody looked.
    """

    name: ClassVar[str] = "age"
    summary: ClassVar[str] = "A model, data set or job is older than it may be."
    watches_clock: ClassVar[bool] = True

    limit: float = parameter("Age that opens a breach.", unit="s", minimum=1, maximum=3.2e9)
    warn: float | None = parameter("Age that is worth a warning.", None, unit="s", minimum=0)
    value_is: str = parameter(
        "What a value means: a moment in Unix seconds, or seconds elapsed.",
        "moment",
        choices=("moment", "elapsed"),
    )

    def check(self) -> None:
        """Refuses a warning that comes after the limit."""
        if self.warn is not None and self.warn > self.limit:
            raise BadParameter("warn", "must not be more than `limit`")

    def drawn(self, at: datetime, value: float) -> float:
        """The age in seconds that a value told at its time."""
        return at.timestamp() - value if self.value_is == "moment" else value

    def read(self, drawn: float) -> str:
        """An age in its two largest units."""
        return span(max(drawn, 0))

    def evaluate(
        self, state: State, points: Sequence[Point], now: datetime
    ) -> tuple[State, list[Verdict]]:
        """Judges the age just before each point, at it, and at `now`."""
        told = _Told.load(state)
        verdicts = []
        for point in points:
            born = self._born(point)
            if born is None:
                verdicts.append(no_number(point, told.seen))
                continue
            if told.is_too_old(point.time, self.limit):
                verdicts.append(self._judge(told, point.time))
            told = _Told(born, point.time, told.seen + 1)
            verdicts.append(self._judge(told, point.time))
        if not points or now > points[-1].time:
            verdicts.append(self._judge(told, now))
        return told.dump(), verdicts

    def rests(self, state: State, now: datetime) -> float:
        """Until the next of warning and limit is passed."""
        told = _Told.load(state)
        if told.born is None:
            return math.inf
        age = (now - told.born).total_seconds()
        ahead = (bound for bound in (self.warn, self.limit) if bound is not None and age <= bound)
        return min(ahead, default=math.inf) - age

    def _born(self, point: Point) -> datetime | None:
        """When the thing came to be; None for a value that is no time at all."""
        seconds = (
            point.value - point.time.timestamp() if self.value_is == "moment" else -point.value
        )
        try:
            return point.time + timedelta(seconds=seconds) if math.isfinite(seconds) else None
        except OverflowError:
            return None

    def _judge(self, told: _Told, now: datetime) -> Verdict:
        if told.born is None:
            return Verdict("no_data", now, "No measurement has arrived yet.", hi=self.limit)
        age = (now - told.born).total_seconds()
        status: Status = "ok"
        at, sentence = now, f"The age is {span(max(age, 0))}; the limit is {span(self.limit)}."
        if age > self.limit:
            status = "breached"
            at = max(told.born + timedelta(seconds=self.limit), told.at)
            sentence = f"The age is {span(age)}; the limit of {span(self.limit)} was passed."
        elif self.warn is not None and age > self.warn:
            status = "pending"
            sentence = f"The age is {span(age)}, past the warning at {span(self.warn)}; the limit is {span(self.limit)}."
        return Verdict(status, at, sentence, value=age, hi=self.limit, n=told.seen)
