"""Whether a distribution moved away from a reference that was learnt once and is kept.

The series are counts by bucket. First the broken things are looked for that explain most real
drift: values missing, outside of the range or of a category never seen. The rest is judged by one
distance, which must exceed both what matters and what samples of these sizes exceed by chance
(`monitoring.kinds.distances`). For the index, Jensen-Shannon and chi-square, numeric buckets are
first joined to ten of about equal weight in the reference, with open ends; of categories all that
were never seen are one bin, and so are all beyond the fifty most frequent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

import numpy as np

from monitoring.kinds import distances
from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Numbers,
    Wanted,
    duration,
    names_in,
)
from monitoring.kinds.intervals import is_count, newcombe, only_numbers, wilson
from monitoring.kinds.reference import Counts, Reference, tally
from monitoring.slo.definition import Selector

GROUPS, MOST_CATEGORIES = 10, 50
CONFIDENCE = 0.998
HYSTERESIS = 0.8
METHODS = {
    "psi": ("The population stability index", 0.1),
    "jensen_shannon": ("The Jensen-Shannon distance", 0.1),
    "chi_square": ("The chi-square effect size", 0.3),
    "kolmogorov_smirnov": ("The Kolmogorov-Smirnov distance", 0.05),
    "wasserstein": ("The Wasserstein distance in standard deviations", 0.1),
}
ORDERED = ("kolmogorov_smirnov", "wasserstein")


class Parts(NamedTuple):
    """Counts of one distribution: of its proper buckets, without a value, out of range."""

    proper: Counts
    null: float
    outside: float

    @property
    def total(self) -> float:
        """All observations."""
        return math.fsum(self.proper.values()) + self.null + self.outside


class DistributionDrift(Framed):
    """A distance of bucket counts from a frozen reference, and shares of broken values."""

    name: ClassVar[str] = "distribution_drift"
    summary: ClassVar[str] = "A distribution moved away from what it was."
    urgency: ClassVar[str] = "concern"

    label: str = parameter("Label that names the bucket of a count.", "bucket")
    shape: str = parameter(
        "What the buckets are: numbers (bins) or names (categories).",
        "numeric",
        choices=("numeric", "categorical"),
    )
    method: str = parameter("Distance that is taken.", "psi", choices=tuple(METHODS))
    threshold: float | None = parameter(
        "Least distance that matters; by default one that suits the method.", None, minimum=0
    )
    window: str = parameter("Length of the window that is compared.", "1h")
    reference: str = parameter("Least length of the reference, which is learnt first.", "7d")
    min_count: int = parameter(
        "Least observations in the window and in the reference.", 500, minimum=1
    )
    null: str = parameter("Bucket of missing values.", "null")
    outside: str = parameter("Buckets of values out of range, separated by commas.", "below, above")
    rise: float = parameter(
        "Rise of a share of broken values that is tolerated.", 0.01, minimum=0, maximum=1
    )

    def check(self) -> None:
        """Refuses a distance of ordered bins for names, and a window that leaves gaps."""
        super().check()
        if self.shape == "categorical" and self.method in ORDERED:
            raise BadParameter("method", "needs numbers in an order; names have none")
        if self.lookback < self.tick:
            raise BadParameter("window", "must not be shorter than `every`")
        duration(self.reference, "reference")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    @property
    def limit(self) -> float:
        """Least distance that matters."""
        return METHODS[self.method][1] if self.threshold is None else self.threshold

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Counts by bucket."""
        return {OWN: Wanted(own.series, own.labels, (self.label,))}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Learns the reference first, then compares the window with it."""
        reference, counts = Reference.load(memory), tally(frame.get(OWN, ()))
        if not only_numbers(frame) or not is_count(*counts.values(), reference.total):
            return Finding(None, "Counts are negative or no numbers.", error=True)
        if wrong := self._no_numbers(counts):
            sentence = f"The bucket {wrong!r} is no number; is the shape categorical?"
            return Finding(None, sentence, error=True)
        if not reference.frozen:
            length = duration(self.reference, "reference")
            reference.learn(frame.get(OWN, ()), at, self.lookback, length, self.min_count)
            sentence = reference.learning(length, self.min_count)
            return Finding(None, sentence, n=_whole(reference.total), memory=reference.dump())
        return self._compare(reference, self._parts(counts))

    def _no_numbers(self, counts: Counts) -> str | None:
        if self.shape == "categorical":
            return None
        special = {self.null, *names_in(self.outside)}
        return next((key for key in counts if key not in special and _number(key) is None), None)

    def _parts(self, counts: Counts) -> Parts:
        outer = set(names_in(self.outside))
        if self.shape == "numeric":
            outer |= {key for key in counts if not math.isfinite(_number(key) or 0.0)}
        proper = {k: n for k, n in counts.items() if k != self.null and k not in outer}
        beyond = math.fsum(n for k, n in counts.items() if k in outer and k != self.null)
        return Parts(proper, counts.get(self.null, 0.0), beyond)

    def _compare(self, reference: Reference, now: Parts) -> Finding:
        was = self._parts(reference.counts)
        n = _whole(now.total)
        if now.total < self.min_count:
            sentence = f"{figure(now.total)} observations are fewer than {self.min_count}."
            return Finding(None, sentence, n=n)
        broken = self._broken(was, now)
        held = [math.fsum(part.proper.values()) for part in (was, now)]
        if min(held) < self.min_count:
            few = f"{figure(min(held))} proper values are fewer than {self.min_count}"
            sentence = ". ".join([*broken, few]) + "."
            return Finding(True if broken else None, sentence, n=n)
        distance, noise = self._distance(was.proper, now.proper)
        limit = max(self.limit, noise)
        far = distance > limit
        told = self._told(distance, noise, n) + f" of {reference.told()}"
        finite = math.isfinite(distance)
        return Finding(
            far or bool(broken),
            ". ".join([*broken, told]) + ".",
            value=distance if finite else None,
            expected=0.0,
            hi=limit,
            score=distance / limit if finite and limit else None,
            n=n,
            clear=not broken and distance <= HYSTERESIS * limit,
        )

    def _told(self, distance: float, noise: float, n: int) -> str:
        limit = max(self.limit, noise)
        side = "above" if distance > limit else "not above"
        why = f"which {n:,} observations exceed by chance" if noise > self.limit else "the limit"
        return (
            f"{METHODS[self.method][0]} is {figure(distance)}, {side} {figure(limit)}, {why}, "
            "from the reference"
        )

    def _broken(self, was: Parts, now: Parts) -> list[str]:
        """A clause for each share of broken values that rose by more than is tolerated."""
        clauses = []
        shares = (
            ("without a value", was.null, now.null),
            ("out of range", was.outside, now.outside),
        )
        for what, before, after in shares:
            rise = (
                newcombe((after, now.total), (before, was.total), CONFIDENCE) if was.total else None
            )
            if rise and rise.lo > self.rise:
                clauses.append(
                    f"{_percent(after / now.total)} are {what}, {_percent(before / was.total)} were"
                )
        if self.shape == "categorical":
            new = {key: count for key, count in now.proper.items() if key not in was.proper}
            count = math.fsum(new.values())
            if count and wilson(count, now.total, CONFIDENCE).lo > self.rise:
                most = max(new, key=lambda key: new[key])
                clauses.append(
                    f"{_percent(count / now.total)} are of categories never seen, such as {most}"
                )
        return clauses

    def _distance(self, was: Counts, now: Counts) -> tuple[float, float]:
        if self.method in ORDERED:
            places, before, after = _ordered(was, now)
            if self.method == "wasserstein":
                return distances.wasserstein(places, before, after)
            return distances.kolmogorov_smirnov(before, after)
        binned = _grouped(was, now) if self.shape == "numeric" else _categories(was, now)
        measure: Callable[[Numbers, Numbers], tuple[float, float]] = getattr(distances, self.method)
        return measure(*binned)


def _whole(count: float) -> int:
    return int(min(count, 2**53))


def _percent(share: float) -> str:
    return f"{figure(100 * share)} %"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _ordered(was: Counts, now: Counts) -> tuple[Numbers, Numbers, Numbers]:
    """Values in ascending order and how often either has them."""
    places = np.array(sorted({float(key) for key in (*was, *now)}))
    sums = []
    for counts in (was, now):
        found = np.zeros(len(places))
        np.add.at(
            found, np.searchsorted(places, [float(key) for key in counts]), list(counts.values())
        )
        sums.append(found)
    return places, sums[0], sums[1]


def _grouped(was: Counts, now: Counts) -> tuple[Numbers, Numbers]:
    """Both in at most ten groups of neighbours that have about the same weight in the reference."""
    _, before, after = _ordered(was, now)
    share = before / before.sum()
    middle = np.cumsum(share) - share / 2
    group = np.minimum(GROUPS - 1, (middle * GROUPS).astype(int))
    _, place = np.unique(group, return_inverse=True)
    return np.asarray(np.bincount(place, before)), np.asarray(np.bincount(place, after))


def _categories(was: Counts, now: Counts) -> tuple[Numbers, Numbers]:
    """The most frequent categories of the reference, the rest of them, and those never seen."""
    kept = sorted(was, key=lambda key: (-was[key], key))
    often, rest = kept[:MOST_CATEGORIES], kept[MOST_CATEGORIES:]
    new = [key for key in now if key not in was]
    rows = [
        [
            *(counts.get(key, 0.0) for key in often),
            *([math.fsum(counts.get(key, 0.0) for key in rest)] if rest else []),
            *([math.fsum(counts.get(key, 0.0) for key in new)] if new else []),
        ]
        for counts in (was, now)
    ]
    return np.array(rows[0]), np.array(rows[1])
