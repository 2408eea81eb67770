"""A healthy shop: its series over time, made from a seed.

Traffic has a day, a week, holidays, growth and noise that remembers; now and then one slice is
three times as popular as usual for a day and a half. All of that is healthy. Counts are drawn around
what is expected, so that small slices are as noisy as small slices are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.signal import lfilter

from monitoring.kinds.framed import Numbers

STEP, HOUR, DAY, WEEK, YEAR = 300, 3_600, 86_400, 604_800, 31_557_600
# Days of the year on which fewer people come, as the calendar of many countries has them.
HOLIDAYS = (1, 6, 90, 93, 121, 132, 143, 227, 305, 359, 360, 365)
COUNTRIES = {"AT": 0.34, "CH": 0.26, "FI": 0.18, "NO": 0.12, "PT": 0.07, "SE": 0.03}
PARTNERS = {"north": 0.4, "south": 0.3, "east": 0.18, "west": 0.08, "isles": 0.04}
SHOCK, SHOCK_DAYS, BETWEEN_SHOCKS = 3.0, 1.5, 60

Labels = Mapping[str, str]
Key = tuple[str, tuple[tuple[str, str], ...]]


class Line(NamedTuple):
    """One series: `times` in seconds since 1970, ascending, and `values`, both of shape (n,)."""

    times: Numbers
    values: Numbers


World = dict[Key, Line]


def key(name: str, labels: Labels | None = None) -> Key:
    """How a world names a series."""
    return name, tuple(sorted((labels or {}).items()))


@dataclass(frozen=True)
class Span:
    """Times of a simulation: `steps` steps of five minutes after `begin`, in seconds since 1970."""

    begin: float
    steps: int

    @property
    def times(self) -> Numbers:
        """The ends of the steps."""
        return self.begin + STEP * np.arange(1.0, self.steps + 1)


def remembering(rng: Generator, n: int, scale: float, memory: float = 0.8) -> Numbers:
    """Normal noise of this standard deviation whose neighbours are correlated by `memory`."""
    own = rng.normal(0, scale * np.sqrt(1 - memory * memory), n)
    noise: Numbers = lfilter([1.0], [1.0, -memory], own)
    return noise


def seasons(times: Numbers) -> Numbers:
    """What of a normal level is usual at a time: the day, the week, holidays and growth."""
    day = 2 * np.pi * (times % DAY) / DAY
    weekday = (times // DAY + 3) % 7  # 1970 began on a Thursday
    shape = 1 - 0.42 * np.cos(day - 0.5) + 0.08 * np.sin(2 * day)
    shape = shape * np.where(weekday >= 5, 0.8, 1.0)
    shape = np.where(np.isin(times % YEAR // DAY + 1, HOLIDAYS), 0.7 * shape, shape)
    grown: Numbers = shape * np.exp(0.2 * (times - times[0]) / YEAR)
    return grown


def level(rng: Generator, span: Span, noise: float = 0.04) -> Numbers:
    """The relative level of traffic at each step, around 1."""
    return seasons(span.times) * np.exp(remembering(rng, span.steps, noise))


def popular(rng: Generator, span: Span) -> Numbers:
    """Factor by which one slice is more popular than usual: 3 for a day and a half, rarely."""
    factor, at = np.ones(span.steps), float(rng.uniform(20, BETWEEN_SHOCKS)) * DAY
    while at < span.steps * STEP:
        first = int(at // STEP)
        factor[first : first + int(SHOCK_DAYS * DAY / STEP)] = SHOCK
        at += float(rng.uniform(0.5, 1.5)) * BETWEEN_SHOCKS * DAY
    return factor


def drawn(rng: Generator, expected: Numbers) -> Numbers:
    """Counts around what is expected."""
    return rng.poisson(expected).astype(np.float64)


def part_of(rng: Generator, counts: Numbers, share: float | Numbers) -> Numbers:
    """How many of each count have a property that each one has with probability `share`."""
    return rng.binomial(counts.astype(np.int64), share).astype(np.float64)


def by_slice(
    rng: Generator, span: Span, shares: Mapping[str, float], total: float
) -> dict[str, Numbers]:
    """Counts by slice of a traffic of `total` a step; one slice has its popular days."""
    shared = level(rng, span)
    names = list(shares)
    favourite = names[int(rng.integers(len(names)))]
    shock = popular(rng, span)
    counts = {}
    for name, share in shares.items():
        own = total * share * shared * np.exp(remembering(rng, span.steps, 0.05))
        counts[name] = drawn(rng, own * shock if name == favourite else own)
    return counts


def requests(rng: Generator, span: Span) -> World:
    """Requests and failures of them by country; one in two thousand fails."""
    world: World = {}
    for country, counts in by_slice(rng, span, COUNTRIES, 2_000).items():
        labels = {"country": country}
        world[key("requests", labels)] = Line(span.times, counts)
        world[key("failures", labels)] = Line(span.times, part_of(rng, counts, 0.0005))
    return world


def service(rng: Generator, span: Span) -> World:
    """Requests of one service and failures of them, as counts and as running totals."""
    counts = drawn(rng, 6_000 * level(rng, span))
    failed = part_of(rng, counts, 0.0003)
    times = span.times
    return {
        key("requests"): Line(times, counts),
        key("failures"): Line(times, failed),
        key("failure_share"): Line(times, failed / np.maximum(counts, 1)),
        key("requests_total"): Line(times, np.cumsum(counts)),
        key("failures_total"): Line(times, np.cumsum(failed)),
    }


def lines(rng: Generator, span: Span) -> World:
    """Log lines by partner: sent, and merged, of which one in five hundred is lost."""
    world: World = {}
    for partner, counts in by_slice(rng, span, PARTNERS, 1_500).items():
        labels = {"partner": partner}
        world[key("lines_sent", labels)] = Line(span.times, counts)
        world[key("lines_merged", labels)] = Line(span.times, part_of(rng, counts, 0.998))
    return world


def revenue(rng: Generator, span: Span) -> World:
    """Takings of each step, and what a forecast that knows the seasons expected of them."""
    usual = 900 * seasons(span.times)
    seen = usual * np.exp(remembering(rng, span.steps, 0.04)) * rng.lognormal(0, 0.03, span.steps)
    forecast = usual * np.exp(remembering(rng, span.steps, 0.01, 0.95))
    return {key("revenue"): Line(span.times, seen), key("forecast"): Line(span.times, forecast)}


def hourly_revenue(rng: Generator, span: Span) -> World:
    """The same, an hour at a time."""
    whole = Span(span.begin, span.steps - span.steps % 12)
    found = revenue(rng, whole)
    return {
        name: Line(line.times[11::12], line.values.reshape(-1, 12).sum(axis=1))
        for name, line in found.items()
    }


def latency(rng: Generator, span: Span) -> World:
    """A median latency in seconds, a little higher when there is much to do."""
    busy = 0.12 * (1 + 0.1 * (seasons(span.times) - 1))
    return {key("latency"): Line(span.times, busy * np.exp(remembering(rng, span.steps, 0.06)))}


def sample(rng: Generator, span: Span) -> World:
    """Events, and a sample of three in ten of them."""
    counts = drawn(rng, 800 * level(rng, span))
    return {
        key("events"): Line(span.times, counts),
        key("sampled"): Line(span.times, part_of(rng, counts, 0.3)),
    }


def accounts(rng: Generator, span: Span) -> World:
    """Orders by how they were paid, and all of them as another system counted them."""
    parts = {
        name: drawn(rng, 100 * share * level(rng, span))
        for name, share in {"card": 0.6, "invoice": 0.3, "voucher": 0.1}.items()
    }
    world: World = {
        key("orders_by_payment", {"payment": name}): Line(span.times, counts)
        for name, counts in parts.items()
    }
    return world | {key("orders"): Line(span.times, np.sum(list(parts.values()), axis=0))}


def clicks(rng: Generator, span: Span) -> World:
    """Clicks by bucket of the model's score, and the sums of what it predicted of them."""
    shown = drawn(rng, 1_500 * level(rng, span))
    world: World = {}
    for bucket, (share, rate) in {"low": (0.7, 0.01), "high": (0.3, 0.08)}.items():
        impressions = part_of(rng, shown, share)
        true = rate * np.exp(remembering(rng, span.steps, 0.02, 0.99))
        labels = {"bucket": bucket}
        world[key("predicted_clicks", labels)] = Line(span.times, impressions * rate)
        world[key("clicks", labels)] = Line(span.times, part_of(rng, impressions, true))
    return world


OUTPUTS = 30
SPREAD = STEP / OUTPUTS


def outputs(rng: Generator, span: Span) -> World:
    """Single scores of a model, some thirty a step, whose mean moves a little over the day."""
    times = span.begin + SPREAD * np.arange(1.0, OUTPUTS * span.steps + 1)
    middle = np.repeat(0.4 + 0.01 * (seasons(span.times) - 1), OUTPUTS)
    kept = rng.random(len(times)) < 0.9
    scores = np.clip(rng.normal(middle, 0.12), 0.001, 0.999)
    return {key("score"): Line(times[kept], scores[kept])}


EDGES = tuple(str(edge) for edge in range(-4, 5))


def feature(rng: Generator, span: Span) -> World:
    """Counts of a feature's values by bucket: about normal, its middle moves a little by day."""
    n = drawn(rng, 300 * level(rng, span)).astype(np.int64)
    middle = remembering(rng, span.steps, 0.03, 0.99)
    shares = bell(np.array([float(edge) for edge in EDGES]), middle)
    counts = rng.multinomial(n, shares).astype(np.float64)
    world: World = {
        key("feature_values", {"bucket": edge}): Line(span.times, counts[:, place])
        for place, edge in enumerate(EDGES)
    }
    nulls = part_of(rng, n.astype(np.float64), 0.002)
    return world | {key("feature_values", {"bucket": "null"}): Line(span.times, nulls)}


def bell(edges: Numbers, middle: Numbers) -> Numbers:
    """Shares of normal values in buckets of width 1 that begin at `edges`, one row a middle."""
    weight = np.exp(-0.5 * (edges[None, :] + 0.5 - middle[:, None]) ** 2)
    shares: Numbers = weight / weight.sum(axis=1, keepdims=True)
    return shares


GROUPS = {"a": (400.0, 0.30), "b": (160.0, 0.28), "c": (60.0, 0.31)}


def decisions(rng: Generator, span: Span) -> World:
    """Applicants by group and step, and those of them that the model selected."""
    world: World = {}
    for group, (size, rate) in GROUPS.items():
        counts = drawn(rng, size / 12 * level(rng, span))
        labels = {"group": group}
        world[key("applicants", labels)] = Line(span.times, counts)
        world[key("selected", labels)] = Line(span.times, part_of(rng, counts, rate))
    return world


CLASSES = {"good": 0.7, "bad": 0.2, "unclear": 0.1}
ACTORS = {"ada": 0.24, "ben": 0.22, "cleo": 0.2, "dan": 0.18, "eva": 0.16}


def labelling(rng: Generator, span: Span) -> World:
    """Labels by class and annotator each step, and how many were asked for."""
    asked = drawn(rng, 25 * level(rng, span))
    world: World = {key("labels_wanted"): Line(span.times, asked)}
    names = [(kind, actor) for kind in CLASSES for actor in ACTORS]
    shares = np.array([CLASSES[kind] * ACTORS[actor] for kind, actor in names])
    given = rng.multinomial(part_of(rng, asked, 0.97).astype(np.int64), shares / shares.sum())
    for place, (kind, actor) in enumerate(names):
        labels = {"class": kind, "actor": actor}
        world[key("labels", labels)] = Line(span.times, given[:, place].astype(np.float64))
    return world


FEATURES = ("age_s", "price", "distance_km")


def pairs(rng: Generator, span: Span) -> World:
    """Values of features for the same examples in serving and in training, two a minute."""
    times = span.begin + STEP / 10 * np.arange(1.0, 10 * span.steps + 1)
    world: World = {}
    for place, name in enumerate(FEATURES):
        values = rng.lognormal(2 + place, 0.7, len(times))
        odd = rng.random(len(times)) < 0.001
        labels = {"feature": name}
        world[key("served", labels)] = Line(times, np.where(odd, values * 1.1, values))
        world[key("trained", labels)] = Line(times, values)
    return world


ITEMS, RUN = 200, 6 * HOUR


def golden(rng: Generator, span: Span) -> World:
    """Distances of answers from the golden ones, every six hours; two in a hundred moved."""
    times = np.arange(span.begin + RUN, span.begin + STEP * span.steps + 1, RUN)
    world: World = {}
    for item in range(ITEMS):
        moved = rng.random(len(times)) < 0.02
        distance = np.where(moved, rng.exponential(0.2, len(times)), 0.0)
        world[key("answer_distance", {"item": str(item)})] = Line(times, distance)
    return world


def versions(rng: Generator, span: Span) -> World:
    """Predictions compared between consecutive versions, a new one each week, and those flipped."""
    times, world = span.times, World()
    number = ((times - 1) // WEEK).astype(np.int64)
    compared = drawn(rng, 40 * level(rng, span))
    for version in np.unique(number):
        own = number == version
        labels = {"version": f"{version:05d}"}
        world[key("compared", labels)] = Line(times[own], compared[own])
        flipped = part_of(rng, compared[own], 0.002)
        world[key("flips", labels)] = Line(times[own], flipped)
    return world


def trained(rng: Generator, span: Span) -> World:
    """When the model in service was trained, told each step; a new one about once a day."""
    times, moments, at = span.times, [], span.begin - 12 * HOUR
    while at < times[-1]:
        moments.append(at)
        at += float(rng.uniform(0.85, 1.3)) * DAY
    latest = np.array(moments)[np.searchsorted(moments, times, side="right") - 1]
    return {key("trained_at"): Line(times, latest)}


RUN_LASTS = 20 * HOUR


def training(rng: Generator, span: Span) -> World:
    """A run begun at the start: progress, losses, non-finite values and workers of each step."""
    times = span.times
    gone = (times - span.begin) / RUN_LASTS
    pace = np.cumsum(1 + remembering(rng, span.steps, 0.15)) * STEP / RUN_LASTS
    loss = (0.4 + 1.6 * np.exp(-6 * gone)) * rng.lognormal(0, 0.02, span.steps)
    return {
        key("progress"): Line(times, np.minimum(1.0, pace)),
        key("loss"): Line(times, loss),
        key("validation_loss"): Line(times, loss * rng.lognormal(0.03, 0.01, span.steps)),
        key("non_finite"): Line(times, np.zeros(span.steps)),
        key("workers"): Line(times, np.where(rng.random(span.steps) < 0.01, 15.0, 16.0)),
    }


AGES = ("60", "300", "1800", "7200")


def waiting(rng: Generator, span: Span) -> World:
    """Records that wait in a pipeline by age, one of them for ever, and the total of those done."""
    load = 400 * level(rng, span, 0.15)
    counts = [drawn(rng, load * share) for share in (0.75, 0.23, 0.015)]
    counts.append(np.ones(span.steps))
    world: World = {
        key("waiting", {"le": age}): Line(span.times, count)
        for age, count in zip(AGES, counts, strict=True)
    }
    done = np.cumsum(drawn(rng, 2_000 * level(rng, span)))
    return world | {key("done_total"): Line(span.times, done)}


MONITORS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")


def monitors(rng: Generator, span: Span) -> World:
    """What two monitors say: each is out of bounds alone now and then."""
    world: World = {key("events"): Line(span.times, np.ones(span.steps))}
    for place, id in enumerate(MONITORS):
        bad = (span.times // DAY % 14 == 3 + 5 * place) & (span.times % DAY < 2 * HOUR)
        world[key("", {id: "monitor"})] = Line(span.times, bad.astype(np.float64))
    return world


CHANGED = "schema:clicks@7"


def unchanged(rng: Generator, span: Span) -> World:
    """A thing that nobody changes."""
    world: World = {key("events"): Line(span.times, np.ones(span.steps))}
    world[key("", {CHANGED: "change"})] = Line(span.times, np.zeros(span.steps))
    return world


Builder = Callable[[Generator, Span], World]


def matching(world: World, name: str, labels: Labels, by: Sequence[str]) -> dict[Any, Key]:
    """The series that a kind wants, by the values of the labels that tell them apart."""
    fixed, found = set(labels.items()), {}
    for each in world:
        has = dict(each[1])
        own = tuple(has.pop(label, "") for label in by)
        if each[0] == name and all(own) and set(has.items()) == fixed:
            found[own] = each
    return found
