"""The shop's search model as numbers over simulated time: healthy, failing, repaired.

The model is trained every night from the shop's logs. When the log feeders run out of memory,
training no longer finishes, the model in serving grows old, and searchers find less of what they
want. Every value is a function of the seed and the time, so a run can be repeated.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

STEP = timedelta(minutes=30)
NIGHT = 2
TRAINING = timedelta(hours=4)
LASTING_FRESH = timedelta(hours=29)

CLICKS = "yarnit.search.click_through"
TRAINED = "yarnit.search.model_trained_at"
THROUGHPUT = "yarnit.training.examples_per_second"
GOLDEN = "yarnit.search.golden_answers_changed"
FEEDERS = "yarnit.logs.feeders_running"

UNITS = {CLICKS: "share", TRAINED: "unix s", THROUGHPUT: "1/s", GOLDEN: "share", FEEDERS: ""}


@dataclass(frozen=True)
class Habits:
    """How the shop behaves; the command line can change every number."""

    click_through: float = 0.62
    noise: float = 0.003
    lost_per_day: float = 0.013
    lowest: float = 0.54
    back_in: timedelta = timedelta(hours=9)
    examples_per_second: float = 9_800.0
    feeders: int = 10


@dataclass
class Shop:
    """The shop from `began` on; the feeders crash at `fails_at` until `repair` is called."""

    seed: int
    began: datetime
    fails_at: datetime
    habits: Habits = field(default_factory=Habits)
    repaired_at: datetime | None = None

    def repair(self, at: datetime) -> None:
        """Doubles the feeders; the training that failed starts again at once."""
        if self.repaired_at is None:
            self.repaired_at = at

    def points(self, after: datetime, until: datetime) -> Iterator[tuple[str, datetime, float]]:
        """Every measurement with `after` < time <= `until`: series, time, value."""
        step = math.floor((after - self.began) / STEP) + 1
        while (at := self.began + step * STEP) <= until:
            yield CLICKS, at, self.click_through(at)
            yield TRAINED, at, self.trained_at(at).timestamp()
            yield THROUGHPUT, at, self.throughput(at)
            yield GOLDEN, at, self.golden_changed(at)
            yield FEEDERS, at, float(self.feeders(at))
            step += 1

    def is_failing(self, at: datetime) -> bool:
        """Whether the feeders are in their crash loop."""
        return self.fails_at <= at and (self.repaired_at is None or at < self.repaired_at)

    def feeders(self, at: datetime) -> int:
        """Log feeders that run: few while they crash, twice as many once repaired."""
        if self.is_failing(at):
            return round(self.habits.feeders * 0.15 * self._chance("feeders", at))
        repaired = self.repaired_at is not None and at >= self.repaired_at
        return self.habits.feeders * (2 if repaired else 1)

    def throughput(self, at: datetime) -> float:
        """Examples a second that training reads."""
        share = 0.03 if self.is_failing(at) else 1.0
        return round(self.habits.examples_per_second * share * (1 + 0.03 * self._noise("t", at)), 1)

    def trained_at(self, at: datetime) -> datetime:
        """When the model in serving was trained: last night, unless that night failed."""
        night = at.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
        if night > at:
            night -= timedelta(days=1)
        repaired = self.repaired_at + TRAINING if self.repaired_at else None
        if repaired and night <= repaired <= at:
            return repaired
        # A night counts as lost when the feeders crashed at any time while it trained.
        while self.is_failing(night) or self.is_failing(night - TRAINING):
            night -= timedelta(days=1)
        return max(night, repaired) if repaired and repaired <= at else night

    def golden_changed(self, at: datetime) -> float:
        """Share of the golden queries answered otherwise than a day before; 0 by the same model."""
        if self.trained_at(at) == self.trained_at(at - timedelta(days=1)):
            return 0.0
        return round(0.06 + 0.012 * self._noise("golden", at), 4)

    def click_through(self, at: datetime) -> float:
        """Share of searches with a click on the first five results."""
        value = self.habits.click_through - self._lost(at)
        return round(value + self.habits.noise * self._noise("clicks", at), 5)

    def _lost(self, at: datetime) -> float:
        fresh_since = self.trained_at(at)
        lost = self._lost_by(at - fresh_since)
        if self.repaired_at and fresh_since >= self.repaired_at:
            # Searchers come back little by little after a better model serves.
            served = self.repaired_at + TRAINING
            worst = self._lost_by(served - self.trained_at(served - STEP))
            lost += worst * math.exp(-max(0.0, (at - served) / self.habits.back_in))
        return lost

    def _lost_by(self, age: timedelta) -> float:
        days = max(0.0, (age - LASTING_FRESH) / timedelta(days=1))
        return min(self.habits.lost_per_day * days, self.habits.click_through - self.habits.lowest)

    def _noise(self, what: str, at: datetime) -> float:
        """A standard normal number of its own for each series and time."""
        return self._random(what, at).gauss(0, 1)

    def _chance(self, what: str, at: datetime) -> float:
        return self._random(what, at).random()

    def _random(self, what: str, at: datetime) -> random.Random:
        return random.Random(f"{self.seed} {what} {at.isoformat()}")
