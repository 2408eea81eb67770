"""What goes wrong: each injection changes some series of a world from an instant on.

An injection takes a world, the onset in seconds since 1970 and a generator, and returns another
world; points up to and with the onset stay as they are, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from monitoring.faults.world import DAY, HOUR, Line, World, bell, part_of
from monitoring.kinds.framed import Numbers

# Of the points after the onset: seconds since the onset and values; gives the values instead, NaN
# for a point that does not come.
Change = Callable[[Numbers, Numbers, Generator], Numbers]


@dataclass(frozen=True)
class Injection:
    """A fault. `name` is the sort of fault, `says` what it does here."""

    name: str
    says: str
    apply: Callable[[World, float, Generator], World]


def where(series: str, labels: Mapping[str, str] | None, change: Change) -> Injection:
    """Changes every series of this name that has these labels, maybe among others."""
    wanted = set((labels or {}).items())

    def apply(world: World, onset: float, rng: Generator) -> World:
        return {
            key: _changed(line, onset, change, rng)
            if key[0] == series and wanted <= set(key[1])
            else line
            for key, line in world.items()
        }

    return Injection("", "", apply)


def _changed(line: Line, onset: float, change: Change, rng: Generator) -> Line:
    after = line.times > onset
    values = line.values.copy()
    values[after] = change(line.times[after] - onset, line.values[after], rng)
    comes = ~after | ~np.isnan(values)
    return Line(line.times[comes], values[comes])


def named(name: str, says: str, *parts: Injection) -> Injection:
    """The parts together, under one name."""

    def apply(world: World, onset: float, rng: Generator) -> World:
        for part in parts:
            world = part.apply(world, onset, rng)
        return world

    return Injection(name, says, apply)


def silence(series: str) -> Injection:
    """Nothing comes any more."""
    return named("outage", "nothing comes any more", where(series, None, _nothing))


def _nothing(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
    return np.full(len(values), np.nan)


def times(factor: float, series: str, name: str, says: str, **labels: str) -> Injection:
    """Values are so many times what they would be."""
    return named(name, says, where(series, labels, lambda since, values, rng: values * factor))


def outage(series: str, left: float = 0.0, **labels: str) -> Injection:
    """Counts fall to what is left of them."""
    says = f"{left:.0%} is left" if left else "nothing happens any more"
    return named("outage", says, where(series, labels, _thinned(left)))


def _thinned(left: float) -> Change:
    return lambda since, values, rng: part_of(rng, values, left)


def failing(share: float, name: str = "outage") -> Injection:
    """So many of the requests fail, in counts and in running totals."""

    def apply(world: World, onset: float, rng: Generator) -> World:
        requests, failures = (world[(name, ())] for name in ("requests", "failures"))
        after = requests.times > onset
        failed = failures.values.copy()
        failed[after] += part_of(rng, requests.values[after] - failed[after], share)
        changed = world | {("failures", ()): Line(failures.times, failed)}
        changed["failures_total", ()] = Line(failures.times, np.cumsum(failed))
        rate = failed / np.maximum(requests.values, 1)
        changed["failure_share", ()] = Line(failures.times, rate)
        return changed

    return Injection(name, f"{share:.1%} of the requests fail", apply)


def slice_failing(share: float, label: str, value: str) -> Injection:
    """So many of the requests of one slice fail."""

    def apply(world: World, onset: float, rng: Generator) -> World:
        labels = ((label, value),)
        requests, failures = world[("requests", labels)], world[("failures", labels)]
        after = requests.times > onset
        failed = failures.values.copy()
        failed[after] += part_of(rng, requests.values[after] - failed[after], share)
        return world | {("failures", labels): Line(failures.times, failed)}

    return Injection("slice broken", f"{share:.0%} of {value} fail", apply)


def slow_decline(series: str, a_day: float) -> Injection:
    """Values lose this share of what is left each day."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return values * (1 - a_day) ** (since / DAY)

    return named("slow burn", f"{a_day:.0%} less each day", where(series, None, change))


def stuck(series: str, says: str = "the last value is repeated", **labels: str) -> Injection:
    """The first value after the onset is repeated for ever."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return np.full(len(values), values[0]) if len(values) else values

    return named("stuck-at", says, where(series, labels, change))


def unit_change(series: str, factor: float = 1_000, **labels: str) -> Injection:
    """Values come in another unit."""
    return times(factor, series, "unit change", f"values × {factor:g}", **labels)


def duplicate_feed(series: str, **labels: str) -> Injection:
    """Everything is counted twice."""
    return times(2, series, "duplicate feed", "everything counts twice", **labels)


def slice_gone(series: str, left: float = 0.0, **labels: str) -> Injection:
    """One slice loses nearly all it has."""
    (value,) = labels.values()
    return named("slice broken", f"{left:.0%} of {value} is left", outage(series, left, **labels))


def lag(series: str, hours: float) -> Injection:
    """Nothing comes for so long; what then comes again is on time."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return np.where(since <= hours * HOUR, np.nan, values)

    return named("lag", f"nothing comes for {hours:g} h", where(series, None, change))


def label_delay(series: str, hours: float) -> Injection:
    """What belongs to a time comes so many hours late: for so long none is seen."""
    found = lag(series, hours)
    return named("label delay", f"labels come {hours:g} h late", found)


def season_shift(series: str, hours: float) -> Injection:
    """The day begins so many hours later, as when a clock is set to another zone."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return np.roll(values, round(hours * HOUR / 300))

    return named("season shift", f"the day is {hours:g} h late", where(series, None, change))


def counter_reset(*series: str) -> Injection:
    """Running totals begin again from 0: the process was restarted."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return values - values[0] if len(values) else values

    parts = (where(name, None, change) for name in series)
    return named("counter reset", "running totals begin again from 0", *parts)


def skewed(series: str, by: float, says: str = "") -> Injection:
    """Single values are so much higher."""
    return named(
        "skewed feature",
        says or f"values are {by:g} higher",
        where(series, None, lambda since, values, rng: values + by),
    )


def skewed_counts(series: str, edges: tuple[str, ...], by: float) -> Injection:
    """Counts by bucket come from a distribution whose middle lies elsewhere."""

    def apply(world: World, onset: float, rng: Generator) -> World:
        keys = [(series, (("bucket", edge),)) for edge in edges]
        table = np.array([world[key].values for key in keys])
        at = world[keys[0]].times
        after = at > onset
        n = table[:, after].sum(axis=0).astype(np.int64)
        places = np.array([float(edge) for edge in edges])
        counts = rng.multinomial(n, bell(places, np.full(len(n), by))).T
        table[:, after] = counts
        return world | {key: Line(at, table[place]) for place, key in enumerate(keys)}

    return Injection("skewed feature", f"the middle moves by {by:g} deviations", apply)


def all_in(series: str, label: str, value: str) -> Injection:
    """Every count of a step falls into one bucket, class or item."""

    def apply(world: World, onset: float, rng: Generator) -> World:
        keys = [key for key in world if key[0] == series]
        at = world[keys[0]].times
        after = at > onset
        chosen = [key for key in keys if dict(key[1])[label] == value]
        total = np.sum([world[key].values for key in keys], axis=0)
        changed = dict(world)
        for key in keys:
            values = world[key].values.copy()
            values[after] = total[after] / len(chosen) if key in chosen else 0.0
            changed[key] = Line(at, np.floor(values))
        return changed

    return Injection("degenerate output", f"all are {value}", apply)


def constant(series: str, value: float) -> Injection:
    """All values are the same."""
    change: Change = lambda since, values, rng: np.full(len(values), value)  # noqa: E731
    return named("degenerate output", f"all are {value:g}", where(series, None, change))


def moved(series: str, by: float, share: float) -> Injection:
    """So many of the values move by so much."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return np.where(rng.random(len(values)) < share, values + by, values)

    return named(
        "degenerate output", f"{share:.0%} of the answers move", where(series, None, change)
    )


def skewed_model(series: str, factor: float) -> Injection:
    """A feature of the model is off, so that it predicts so many times too much."""
    return times(factor, series, "skewed feature", f"predictions × {factor:g}")


def flipping(share: float) -> Injection:
    """So many of the predictions that are compared flip."""

    def apply(world: World, onset: float, rng: Generator) -> World:
        changed = dict(world)
        for (name, labels), line in world.items():
            if name == "flips":
                compared, values = world["compared", labels].values, line.values.copy()
                after = line.times > onset
                values[after] = part_of(rng, compared[after], share)
                changed[name, labels] = Line(line.times, values)
        return changed

    return Injection("degenerate output", f"{share:.0%} of the predictions flip", apply)


def diverging(series: str) -> Injection:
    """A loss doubles every hour."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return values * 2 ** (since / HOUR)

    return named("slow burn", "the loss doubles every hour", where(series, None, change))


def standing(series: str) -> Injection:
    """What should rise stands still."""
    return named("stuck-at", "nothing is done any more", stuck(series))


def slower(series: str, pace: float) -> Injection:
    """What rises rises at this part of its pace."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return values[0] + pace * (values - values[0]) if len(values) else values

    return named("slow burn", f"the pace is {pace:.0%} of what it was", where(series, None, change))


def ageing(series: str, age: str) -> Injection:
    """All that waits is of this age."""
    return named("lag", f"all that waits is up to {age} s old", all_in(series, "le", age))


def breached(ids: tuple[str, ...]) -> Injection:
    """All of these monitors are out of bounds."""
    parts = (
        where("", {id: "monitor"}, lambda since, values, rng: np.ones(len(values))) for id in ids
    )
    return named("outage", "all of its monitors are breached", *parts)


def changed(ref: str) -> Injection:
    """Somebody changes a thing."""

    def change(since: Numbers, values: Numbers, rng: Generator) -> Numbers:
        return (np.arange(len(values)) == 0).astype(np.float64)

    return named("change", "somebody changes it", where("", {ref: "change"}, change))
