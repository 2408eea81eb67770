"""Plays random lives of layers and says whether anybody was moved who should not have been."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from eventlog.core import Refused, fold
from experiments.assignment import bulk
from experiments.assignment.buckets import bucket_ranges
from experiments.commands import Allocate, CreateLayer, Release
from experiments.commands.layers import salt_of
from experiments.editing import seed_of
from experiments.state import Layer

AT = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = tuple("abcdefgh")
STEPS = 20
SIZE = 100
WATCHED = 500
WEIGHTS = [0.5, 0.3, 0.2]
LAYERS = 6
PARTS = 10
NOBODY = -1

Owners = NDArray[np.int64]
Tally = dict[str, int]


def units(count: int) -> NDArray[np.str_]:
    """Names of users, all of one length."""
    return np.array([f"user-{number:07d}" for number in range(count)])


@dataclass(slots=True)
class Life:
    """One layer with its experiments; `coverage` is each one's share of its units."""

    chance: random.Random
    segments: Owners
    places: dict[str, bulk.Places]
    state: Layer
    at: datetime = AT
    coverage: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NAMES, 0.5))

    def assignments(self) -> tuple[Owners, Owners]:
        """Whose experiment each watched user is in, and the arm; NOBODY for none."""
        owners = np.full(self.state.size, NOBODY)
        for number, name in enumerate(NAMES):
            owners[list(self.state.owners.get(name, ()))] = number
        inside = owners[self.segments]
        arms = np.full(len(inside), NOBODY)
        for number, name in enumerate(NAMES):
            ranges = bucket_ranges(len(WEIGHTS), self.coverage[name], WEIGHTS)
            chosen = bulk.arms(self.places[name], ranges)
            arms[inside == number] = chosen[inside == number]
        return inside, arms


def play(seed: int, tally: Tally) -> list[str]:
    """One life of `STEPS` random acts; returns what was wrong, in words."""
    chance = random.Random(seed)
    created = CreateLayer(layer=f"layer-{seed % LAYERS}", size=SIZE, cool_down=3, at=AT)
    state = fold(Layer(), created.decide(Layer()))
    segments, places = _watched(state.salt)
    life, wrong = Life(chance, segments, places, state), list[str]()
    for _ in range(STEPS):
        wrong += [f"life {seed}: {words}" for words in _act(life, tally)]
    return wrong


_places: dict[str, tuple[Owners, dict[str, bulk.Places]]] = {}


def _watched(salt: str) -> tuple[Owners, dict[str, bulk.Places]]:
    """Segments of the watched users, and their places in each experiment."""
    if salt not in _places:
        watched = units(WATCHED)
        placed = np.floor(bulk.places(salt, watched) * SIZE).astype(np.int64)
        _places[salt] = placed, {name: bulk.places(f"seed {name}", watched) for name in NAMES}
    return _places[salt]


def _act(life: Life, tally: Tally) -> Iterator[str]:
    chance, before = life.chance, life.state
    life.at += timedelta(hours=chance.randint(0, 60))
    name, number = chance.choice(NAMES), 0
    number = NAMES.index(name)
    asked: dict[str, Any] = {"layer": "l", "at": life.at, "experiment": name}
    kind = chance.choices(("start", "stop", "resize", "ramp"), (3, 2, 3, 2))[0]
    inside, arms = life.assignments()
    if kind == "ramp":
        old = life.coverage[name]
        life.coverage[name] = chance.random()
        tally["ramps"] += 1
        yield from _ramped(number, old, life.coverage[name], (inside, arms), life.assignments())
        return
    wanted = chance.randint(1, SIZE // 2)
    command = Release(**asked) if kind == "stop" else Allocate(**asked, segments=wanted)
    with suppress(Refused):
        life.state = fold(life.state, command.decide(life.state))
    tally["acts" if life.state is not before else "refused or nothing to do"] += 1
    yield from _sound(before, life.state, name, life.at)
    yield from _moved(number, (inside, arms), life.assignments())


def _sound(before: Layer, after: Layer, name: str, at: datetime) -> Iterator[str]:
    """Nobody shares a segment, others keep theirs, and what rests is given to nobody."""
    owned = [segment for segments in after.owners.values() for segment in segments]
    if len(owned) != len(set(owned)):
        yield "two experiments own one segment"
    if any(before.owners.get(n) != after.owners.get(n) for n in NAMES if n != name):
        yield f"another experiment than {name} was changed"
    old, new = set(before.owners.get(name, ())), set(after.owners.get(name, ()))
    if not (old <= new or new <= old):
        yield f"{name} was given other segments for its own"
    now = at.isoformat()
    if any(before.cooling.get(segment, "") > now for segment in new - old):
        yield f"{name} was given a segment that rests"


def _moved(
    number: int, before: tuple[Owners, Owners], after: tuple[Owners, Owners]
) -> Iterator[str]:
    """Users go from nobody into the experiment or out of it, never from one into another."""
    changed = before[0] != after[0]
    pairs = zip(before[0][changed], after[0][changed], strict=True)
    if any({old, new} != {NOBODY, number} for old, new in pairs):
        yield "a user went from one experiment into another"
    if (before[1] != after[1])[~changed].any():
        yield "a user who stayed has another arm"


def _ramped(
    number: int,
    old: float,
    new: float,
    before: tuple[Owners, Owners],
    after: tuple[Owners, Owners],
) -> Iterator[str]:
    """More coverage only adds users, less only removes them; whoever stays keeps the arm."""
    changed = before[1] != after[1]
    if changed[before[0] != number].any() or (before[0] != after[0]).any():
        yield "a ramp touched another experiment"
    gone, kept = (before, after) if new > old else (after, before)
    if (gone[1][changed] != NOBODY).any() or (kept[1][changed] == NOBODY).any():
        yield "a ramp sent a user to another arm"


def independence(count: int) -> dict[str, float]:
    """p of a chi-square test of independence, over `count` users, for every two of the layers.

    Each layer is cut into `PARTS` equal parts; so are two phases of an experiment.
    """
    people = units(count)
    parts = {
        f"layer {name}": np.floor(bulk.places(salt_of(f"layer-{name}"), people) * PARTS)
        for name in range(LAYERS)
    }
    for phase in (1, 2):
        seed = seed_of("flag", "rule", phase)
        parts[f"arms of phase {phase}"] = np.floor(bulk.places(seed, people) * PARTS)
    return {
        f"{one} and {other}": _p(parts[one], parts[other]) for one, other in combinations(parts, 2)
    }


def _p(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    cells = np.bincount((one * PARTS + other).astype(np.int64), minlength=PARTS * PARTS)
    return float(chi2_contingency(cells.reshape(PARTS, PARTS)).pvalue)


class Command(BaseCommand):
    """Fails if any rule was broken, or two layers are not independent at 1 in 1,000 over all pairs."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """How much is played."""
        parser.add_argument("--sequences", type=int, default=10_000)
        parser.add_argument("--users", type=int, default=1_000_000)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Plays, tests, reports as JSON."""
        tally = {"acts": 0, "refused or nothing to do": 0, "ramps": 0}
        first = options["seed"]
        wrong = [w for n in range(options["sequences"]) for w in play(first + n, tally)]
        found = independence(options["users"])
        limit = 0.001 / len(found)
        dependent = sorted(pair for pair, p in found.items() if p < limit)
        report = {
            "sequences": options["sequences"],
            **tally,
            "wrong": wrong[:20],
            "users": options["users"],
            "pairs": len(found),
            "smallest_p": min(found.values()),
            "needed_p": limit,
            "dependent": dependent,
        }
        self.stdout.write(json.dumps(report, indent=2))
        if wrong or dependent:
            raise CommandError("a rule of layers is broken")
