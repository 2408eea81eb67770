"""A value that is rare for what was expected of it: by its recent past, its hour or its week-day.

Up to three expectations are kept: the median of the last `window` points; the median of the same
time of day over the last seven days; and that of the same time of week over the last five weeks.
A seasonal one is listened to while it errs less than the recent median does. Against each, a
distance exceeds when three things hold (rises and falls are counted apart, for they are seldom
alike):

* it is *large*: `deviations` times the scale, which is 1.4826 times the median distance (one
  standard deviation for normal data; Rousseeuw and Croux, 1993);
* it is *rare*: of the distances so far at most a share of 10^-`rarity` was as large, the point
  itself counted on both sides (the conformal p-value; Laxhammar and Falkman, 2010);
* it is *larger by something*: distances shorter by half a scale count as as large, since the
  largest of any noise is broken again and again by a little.

Before there are enough points for a share that small, the tail is continued past the largest
distance as a power law whose index is Hill's estimate (1975), so that what dwarfs everything seen
can be said early and what barely tops it cannot. The limits know nothing of the points since the
last refresh, so that a fault which grows does not teach them; they are kept while breached, when
of the distances that exceed only the first is learnt, or an outage would be usual the next time.
What stays away for `relearn_after` points is the new normal, and is learnt then.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Self

from monitoring.kinds.base import (
    BadParameter,
    Persistence,
    Point,
    State,
    Status,
    Verdict,
    figure,
    no_number,
    parameter,
)
from monitoring.kinds.outside import LeavesOut, passed_over

NORMAL = 1.4826
TINIEST = 1e-9
MARGIN = 0.5
BINS_PER_DECADE = 48
LOWEST_BIN, HIGHEST_BIN = -12 * BINS_PER_DECADE, 24 * BINS_PER_DECADE
SMALLEST, LARGEST = 1e-12, 1e150
MOST_DISTANCES = 1 << 17
TAIL_SHARE, TAIL_LEAST, LIGHTEST_TAIL = 0.05, 10, 0.1
FIRST_POINTS = 36
LEAST_REPEATS = 3
ERROR_MEMORY = 288
DAY = 86_400.0


def bin_of(distance: float) -> int:
    """The bin, 5 % wide, of a distance that is not negative."""
    if distance <= SMALLEST:
        return LOWEST_BIN
    return min(HIGHEST_BIN, math.floor(math.log10(distance) * BINS_PER_DECADE))


def edge_of(number: int) -> float:
    """The smallest distance in a bin."""
    return float(10 ** (number / BINS_PER_DECADE))


class Side:
    """Distances on one side of an expectation, counted in bins, and where its far end lies.

    `fresh` are those not taken in yet, `held` those of which it is not known yet whether they stay.
    """

    __slots__ = ("_above", "_bins", "counts", "fresh", "held", "index", "limit", "top")

    def __init__(self, state: State):
        self.counts = _numbered(state.get("counts", {}))
        self.fresh = _numbered(state.get("fresh", {}))
        self.held = _numbered(state.get("held", {}))
        self.top: float = state.get("top", 0.0)
        self.index: float = state.get("index", LIGHTEST_TAIL)
        limit = state.get("limit")
        self.limit: float = math.inf if limit is None else limit
        self._order()

    def dump(self) -> State:
        """JSON-safe memory."""
        return {
            "counts": {str(key): count for key, count in self.counts.items()},
            "fresh": {str(key): count for key, count in self.fresh.items()},
            "held": {str(key): count for key, count in self.held.items()},
            "top": self.top,
            "index": self.index,
            "limit": self.limit if math.isfinite(self.limit) else None,
        }

    def _order(self) -> None:
        self._bins = sorted(self.counts)
        above, self._above = 0, [0] * (len(self._bins) + 1)
        for place in range(len(self._bins) - 1, -1, -1):
            above += self.counts[self._bins[place]]
            self._above[place] = above

    @property
    def total(self) -> int:
        """How many distances were taken in."""
        return self._above[0]

    def take_in(self) -> None:
        """Counts what is fresh."""
        for key, count in self.fresh.items():
            self.counts[key] = self.counts.get(key, 0) + count
        self.fresh = {}
        self._order()

    def let_go(self, learn: bool) -> None:
        """Learns or forgets what was held."""
        for key, count in self.held.items() if learn else ():
            self.fresh[key] = self.fresh.get(key, 0) + count
        self.held = {}

    def halve(self) -> None:
        """Makes the past weigh half; what was seen once stays seen."""
        self.counts = {key: (count + 1) // 2 for key, count in self.counts.items()}
        self._order()

    def as_large(self, distance: float) -> int:
        """How many were as large, give or take a bin."""
        return self._above[bisect_left(self._bins, bin_of(distance))]

    def measure(self, scale: float) -> None:
        """Notes the largest distance and the tail's index; nothing below `scale` is a tail."""
        wanted = max(TAIL_LEAST, int(TAIL_SHARE * self.total))
        taken, logs, edge = 0, 0.0, scale
        for key in reversed(self._bins):
            edge = max(edge_of(key), scale)
            taken += self.counts[key]
            logs += self.counts[key] * math.log(edge)
            if taken >= wanted:
                break
        self.top = max(edge_of(self._bins[-1] + 1), scale) if self._bins else scale
        self.index = max(LIGHTEST_TAIL, logs / taken - math.log(edge)) if taken else LIGHTEST_TAIL

    def surprise(self, distance: float, total: float) -> float:
        """-log10 of the share of `total` distances as large, continued past the largest."""
        count = self.as_large(distance)
        surprise = math.log10(total / (count + 1))
        if count == 0 and distance > self.top > 0:
            surprise += math.log10(distance / self.top) / self.index
        return max(0.0, surprise)

    def rare_from(self, rarity: float, total: float) -> float:
        """The smallest distance whose surprise is at least `rarity`."""
        allowed = total * 10**-rarity * (1 + 1e-9) - 1
        if allowed < 0:
            power = (rarity - math.log10(total)) * self.index
            return float(min(LARGEST, self.top * 10 ** min(power, 100.0)))
        for key, above in zip(reversed(self._bins), reversed(self._above[:-1]), strict=True):
            if above > allowed:
                return edge_of(key + 1)
        return 0.0


def _numbered(counts: State) -> dict[int, int]:
    return {int(key): count for key, count in counts.items()}


class Expectation:
    """Distances from one expected value, and the limits beyond which one exceeds.

    `error` is the mean distance with an exponential memory of about a day of five-minute points,
    `first` the time of the first of the `met` points in Unix seconds.
    """

    __slots__ = ("age", "down", "error", "first", "met", "scale", "up")

    def __init__(self, state: State):
        self.up, self.down = Side(state.get("up", {})), Side(state.get("down", {}))
        self.met: int = state.get("met", 0)
        self.first: float | None = state.get("first")
        self.error: float = state.get("error", 0.0)
        self.scale: float = state.get("scale", TINIEST)
        self.age: int = state.get("age", 0)

    def dump(self) -> State:
        """JSON-safe memory."""
        return {
            "up": self.up.dump(),
            "down": self.down.dump(),
            "met": self.met,
            "first": self.first,
            "error": self.error,
            "scale": self.scale,
            "age": self.age,
        }

    @property
    def total(self) -> int:
        """How many distances were taken in, on both sides."""
        return self.up.total + self.down.total

    def side(self, residual: float) -> Side:
        """The side a residual is on."""
        return self.up if residual >= 0 else self.down

    def meet(self, residual: float, at: float) -> None:
        """Notes how far off the expectation was."""
        if self.first is None:
            self.first = at
        self.met += 1
        weight = 1 / min(self.met, ERROR_MEMORY)
        self.error += weight * (abs(residual) - self.error)

    def learn(self, residual: float) -> None:
        """Counts a residual among those seen, from the next refresh on."""
        fresh, number = self.side(residual).fresh, bin_of(abs(residual))
        fresh[number] = fresh.get(number, 0) + 1

    def hold(self, residual: float) -> None:
        """Keeps a residual aside until it is known whether it stays."""
        held, number = self.side(residual).held, bin_of(abs(residual))
        held[number] = held.get(number, 0) + 1

    def let_go(self, learn: bool) -> None:
        """Learns or forgets what was kept aside."""
        self.up.let_go(learn)
        self.down.let_go(learn)

    def exceeds(self, residual: float) -> bool:
        """Whether a residual is beyond the limit of its side."""
        return abs(residual) >= self.side(residual).limit

    def surprise(self, residual: float, sides: int) -> float:
        """-log10 of how rare a residual is."""
        distance = abs(residual) - MARGIN * self.scale
        return self.side(residual).surprise(distance, (self.total + 1) / sides)

    def median(self) -> float:
        """The median distance, to the middle of its bin."""
        seen, total = 0, self.total
        for key in sorted({*self.up.counts, *self.down.counts}):
            seen += self.up.counts.get(key, 0) + self.down.counts.get(key, 0)
            if 2 * seen >= total:
                return 0.0 if key == LOWEST_BIN else edge_of(key) * 10 ** (0.5 / BINS_PER_DECADE)
        return 0.0

    def refresh(self, rarity: float, deviations: float, least: float, sides: int) -> None:
        """Takes in what was learnt since the last time, and sets the scale and the limits anew."""
        for side in (self.up, self.down):
            side.take_in()
        if self.total >= MOST_DISTANCES:
            self.up.halve()
            self.down.halve()
        self.scale, self.age = max(NORMAL * self.median(), least), 0
        for side in (self.up, self.down):
            side.measure(self.scale)
            rare = side.rare_from(rarity, (self.total + 1) / sides) + MARGIN * self.scale
            side.limit = max(rare, deviations * self.scale)

    @property
    def is_new(self) -> bool:
        """Whether no limit was ever set."""
        return math.isinf(self.up.limit)


@dataclass(slots=True)
class Season:
    """What was usual at the same time in earlier periods; each slot keeps the mean it had in each."""

    period: float
    slot: float
    depth: int
    slots: dict[str, list[float]] = field(default_factory=dict)
    here: int = -1
    turn: int = -1
    mean: float = 0.0
    count: int = 0
    usual: float | None = None

    def load(self, state: State) -> Self:
        """Takes the memory of `dump` back."""
        self.slots = dict(state.get("slots", {}))
        self.here, self.turn = state.get("here", -1), state.get("turn", -1)
        self.mean, self.count = state.get("mean", 0.0), state.get("count", 0)
        self.usual = state.get("usual")
        return self

    def dump(self) -> State:
        """JSON-safe memory."""
        return {
            "slots": self.slots,
            "here": self.here,
            "turn": self.turn,
            "mean": self.mean,
            "count": self.count,
            "usual": self.usual,
        }

    def enter(self, at: float) -> float | None:
        """What is usual at a time in Unix seconds; None before three periods have told."""
        turn, within = divmod(at, self.period)
        here = int(within // self.slot)
        if here != self.here or int(turn) != self.turn:
            self._leave()
            self.here, self.turn = here, int(turn)
            self.usual = self._median(here)
        return self.usual

    def learn(self, value: float) -> None:
        """Takes a value of the slot that was entered last."""
        self.count += 1
        self.mean += (value - self.mean) / self.count

    def _leave(self) -> None:
        if self.count:
            key = str(self.here)
            # Seven digits are more than a median of noise has, and a third of the state's size.
            kept = float(f"{self.mean:.7g}")
            self.slots[key] = [*self.slots.get(key, []), kept][-self.depth :]
        self.mean, self.count = 0.0, 0

    def _median(self, here: int) -> float | None:
        if len(self.slots.get(str(here), ())) < LEAST_REPEATS:
            return None
        last = round(self.period / self.slot)
        around = [self.slots.get(str((here + step) % last), ()) for step in (-1, 0, 1)]
        values = sorted(value for slot in around for value in slot)
        middle = len(values) // 2
        return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def seasons(wanted: str) -> dict[str, Season]:
    """The seasons that are watched, with slots that bound their memory to 3,700 numbers."""
    found = {"day": Season(DAY, 300.0, 7), "week": Season(7 * DAY, 1800.0, 5)}
    names = {"day and week": ["day", "week"], "day": ["day"], "none": []}[wanted]
    return {name: found[name] for name in names}


USUAL = {
    "recent": "the recent median",
    "day": "usual at this time of day",
    "week": "usual at this time of the week",
}


@dataclass(slots=True)
class _Memory:
    """Everything the kind remembers; as JSON at most some tens of kilobytes."""

    persistence: Persistence
    seasons: dict[str, Season]
    window: list[float]
    ordered: list[float]
    expectations: dict[str, Expectation]
    seen: int
    open_for: int

    @classmethod
    def load(cls, state: State, persistence: Persistence, wanted: str) -> _Memory:
        kept, window = state.get("seasons", {}), list(state.get("window", []))
        watched = {name: s.load(kept.get(name, {})) for name, s in seasons(wanted).items()}
        expectations = state.get("expectations", {})
        return cls(
            persistence=persistence.load(state),
            seasons=watched,
            window=window,
            ordered=sorted(window),
            expectations={
                name: Expectation(expectations.get(name, {})) for name in ("recent", *watched)
            },
            seen=state.get("seen", 0),
            open_for=state.get("open_for", 0),
        )

    def dump(self) -> State:
        return {
            **self.persistence.dump(),
            "seasons": {name: season.dump() for name, season in self.seasons.items()},
            "window": self.window,
            "expectations": {name: each.dump() for name, each in self.expectations.items()},
            "seen": self.seen,
            "open_for": self.open_for,
        }

    def median(self) -> float | None:
        """The median of the window; None while it has too few points."""
        size = len(self.ordered)
        if size < FIRST_POINTS:
            return None
        middle = size // 2
        if size % 2:
            return self.ordered[middle]
        return (self.ordered[middle - 1] + self.ordered[middle]) / 2

    def slide(self, value: float, width: int) -> None:
        """Takes a value into the window and drops the oldest beyond `width`."""
        self.window.append(value)
        insort(self.ordered, value)
        while len(self.window) > width:
            oldest = self.window.pop(0)
            del self.ordered[bisect_left(self.ordered, oldest)]


class Anomaly(LeavesOut):
    """Distance from what was expected that is large, rare, and larger than any noise has been."""

    name: ClassVar[str] = "anomaly"
    summary: ClassVar[str] = (
        "A value is rare for its recent past, or for its time of the day or of the week."
    )
    tuned_by: ClassVar[str] = "rarity"

    rarity: float = parameter(
        "Least rarity that counts: 3 means at most one in 10^3 past distances was as large.",
        3.0,
        minimum=1,
        maximum=6,
    )
    deviations: float = parameter(
        "Least distance that counts, in scaled median distances.", 4.0, minimum=1, maximum=1000
    )
    window: int = parameter(
        "Latest points whose median is expected.", 288, unit="points", minimum=36, maximum=5000
    )
    season: str = parameter(
        "Which repetitions are looked for, in UTC.",
        "day and week",
        choices=("day and week", "day", "none"),
    )
    direction: str = parameter("Which side is bad.", "both", choices=("both", "up", "down"))
    needed: int = parameter("Exceeding points that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest points among which they are counted.", 1, minimum=1, maximum=100)
    clear_after: int = parameter(
        "Points in a row within the limits that close a breach.",
        144,
        unit="points",
        minimum=1,
        maximum=100_000,
    )
    relearn_after: int = parameter(
        "Points after which a breach that persists is taken for the new normal.",
        864,
        unit="points",
        minimum=2,
        maximum=1_000_000,
    )
    refresh: int = parameter(
        "Points between recomputations of the limits.", 72, unit="points", minimum=1, maximum=5000
    )
    probation: int = parameter(
        "Points that are only learnt from, and at least a day of them.",
        150,
        unit="points",
        minimum=36,
        maximum=100_000,
    )
    floor_share: float = parameter(
        "Least scale, as a share of what is expected, so that a constant series is not all alarm.",
        0.01,
        minimum=0,
        maximum=1,
    )
    resolution: float = parameter("Least scale in the series' own unit.", 0.0, minimum=0)

    def check(self) -> None:
        """Refuses n > m and a breach that would be relearnt before it can clear."""
        super().check()
        if self.needed > self.of:
            raise BadParameter("needed", "must not be more than `of`")
        if self.relearn_after <= self.clear_after:
            raise BadParameter("relearn_after", "must be more than `clear_after`")

    def evaluate(
        self, state: State, points: Sequence[Point], now: datetime
    ) -> tuple[State, list[Verdict]]:
        """Judges each point by what was known before it, then learns from it."""
        persistence = Persistence(self.needed, self.of, self.clear_after)
        memory = _Memory.load(state, persistence, self.season)
        verdicts = []
        for point in points:
            if point.left_out:
                verdicts.append(passed_over(point, memory.seen))
            elif math.isfinite(point.value):
                # Differences and means of what is larger than this would leave the floats.
                value = max(-LARGEST, min(LARGEST, point.value))
                verdicts.append(self._observe(memory, Point(point.time, value)))
            else:
                verdicts.append(no_number(point, memory.seen))
        return memory.dump(), verdicts

    def _observe(self, memory: _Memory, point: Point) -> Verdict:
        at = point.time.timestamp()
        expected = {"recent": memory.median()}
        for name, season in memory.seasons.items():
            expected[name] = season.enter(at)
        known = {name: value for name, value in expected.items() if value is not None}
        ready = [name for name in known if self._is_ready(memory, name, at)]
        if "recent" in ready:
            verdict = self._judge(memory, known, ready, point)
        else:
            verdict = self._learning(memory, point)
            for name, value in known.items():
                memory.expectations[name].meet(point.value - value, at)
                memory.expectations[name].learn(point.value - value)
        memory.seen += 1
        memory.slide(point.value, self.window)
        for season in memory.seasons.values():
            season.learn(point.value)
        return verdict

    def _is_ready(self, memory: _Memory, name: str, at: float) -> bool:
        """Whether an expectation has been tried for long enough: a day, or one of its periods."""
        each = memory.expectations[name]
        period = memory.seasons[name].period if name in memory.seasons else DAY
        return each.first is not None and each.met >= self.probation and at - each.first >= period

    def _learning(self, memory: _Memory, point: Point) -> Verdict:
        sentence = (
            f"Learning what is normal: {memory.seen} of at least {self.probation} points,"
            " and at least a day."
        )
        return Verdict("pending", point.time, sentence, value=point.value, n=memory.seen)

    def _judge(
        self, memory: _Memory, known: dict[str, float], ready: list[str], point: Point
    ) -> Verdict:
        residuals = {name: point.value - value for name, value in known.items()}
        for name in known:
            self._refresh(memory.expectations[name], known[name], memory.persistence.breached)
        heard = self._heard(memory, ready)
        exceeding = [name for name in heard if self._exceeds(memory, name, residuals[name])]
        was_breached = memory.persistence.breached
        status = memory.persistence.observe(bool(exceeding), clear=not exceeding)
        told = exceeding[0] if exceeding else heard[0]
        verdict = self._verdict(memory, told, known[told], point, status)
        self._learn(memory, residuals, was_breached, point.time.timestamp())
        if status == "breached" and was_breached:
            memory.open_for += 1
            if memory.open_for >= self.relearn_after:
                return self._relearn(memory, verdict, point.value)
        elif was_breached:
            self._let_go(memory, learn=False)
        return verdict

    def _refresh(self, each: Expectation, expected: float, is_breached: bool) -> None:
        each.age += 1
        if each.is_new or (each.age >= self.refresh and not is_breached):
            least = max(self.floor_share * abs(expected), self.resolution, TINIEST)
            each.refresh(self.rarity, self.deviations, least, self._sides)

    @property
    def _sides(self) -> int:
        return 2 if self.direction == "both" else 1

    def _heard(self, memory: _Memory, ready: list[str]) -> list[str]:
        """Whose limits count: the recent median's, after those of a season that errs less."""
        best = min(ready, key=lambda name: memory.expectations[name].error)
        return ["recent"] if best == "recent" else [best, "recent"]

    def _exceeds(self, memory: _Memory, name: str, residual: float) -> bool:
        is_watched = self.direction in ("both", "up" if residual >= 0 else "down")
        return is_watched and memory.expectations[name].exceeds(residual)

    def _learn(
        self, memory: _Memory, residuals: dict[str, float], was_breached: bool, at: float
    ) -> None:
        for name, residual in residuals.items():
            each = memory.expectations[name]
            each.meet(residual, at)
            if was_breached and each.exceeds(residual):
                each.hold(residual)
            else:
                each.learn(residual)

    def _let_go(self, memory: _Memory, learn: bool) -> None:
        memory.open_for = 0
        for each in memory.expectations.values():
            each.let_go(learn)

    def _relearn(self, memory: _Memory, verdict: Verdict, value: float) -> Verdict:
        memory.persistence.reset()
        self._let_go(memory, learn=True)
        for each in memory.expectations.values():
            each.age = self.refresh
        sentence = (
            f"{figure(value)} is the new normal: it stayed away for {self.relearn_after} points."
        )
        return replace(verdict, status="ok", sentence=sentence)

    def _verdict(
        self, memory: _Memory, told: str, expected: float, point: Point, status: Status
    ) -> Verdict:
        each = memory.expectations[told]
        return Verdict(
            status,
            point.time,
            self._sentence(memory, told, expected, point.value),
            value=point.value,
            expected=expected,
            lo=None if self.direction == "up" else expected - each.down.limit,
            hi=None if self.direction == "down" else expected + each.up.limit,
            score=each.surprise(point.value - expected, self._sides),
            n=each.total,
        )

    def _sentence(self, memory: _Memory, told: str, expected: float, value: float) -> str:
        each, residual = memory.expectations[told], value - expected
        side = "above" if residual >= 0 else "below"
        usual = f"{figure(expected)}, {USUAL[told]}"
        if not self._exceeds(memory, told, residual):
            limit = figure(each.side(residual).limit)
            return (
                f"{figure(value)} is {figure(abs(residual))} {side} {usual}; {limit} would be rare."
            )
        count = each.side(residual).as_large(abs(residual) - MARGIN * each.scale)
        rare = (
            f"{count} of {each.total:,} distances were" if count else f"none of {each.total:,} was"
        )
        return f"{figure(value)} is {figure(abs(residual))} {side} {usual}; {rare} about as large."
