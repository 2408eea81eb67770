"""How soon each kind notices its faults, and how often it speaks when nothing is wrong."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.random import Generator

from monitoring import kinds
from monitoring.faults.cases import PAGING, Case
from monitoring.faults.detecting import Watch, earliest
from monitoring.faults.world import DAY, STEP, YEAR, Span

BEGIN = 1_735_689_600.0  # 2025-01-01 UTC
MONTH = 30 * DAY
AFTERWARDS = DAY / 2  # so long a change that is no fault is looked at
NEEDED, MOST_FALSE = 0.9, 0.1


@dataclass(frozen=True)
class Noticed:
    """One fault of one case: how many of the seeds were noticed in time, and after how long.

    `within` and `usual`, the median of those noticed, are in seconds.
    """

    fault: str
    says: str
    within: float
    seeds: int
    noticed: int
    usual: float | None

    @property
    def holds(self) -> bool:
        """Whether nine in ten were noticed."""
        return self.noticed >= NEEDED * self.seeds


@dataclass(frozen=True)
class Scored:
    """One case. `false` counts breaches in `months` healthy months, `endured` those after changes
    that are no fault. `pages` says whether somebody is woken by it."""

    case: str
    kind: str
    pages: bool
    noticed: list[Noticed]
    endured: dict[str, int]
    false: int
    months: float
    seconds: float

    @property
    def a_month(self) -> float:
        """False breaches per month and monitor."""
        return self.false / self.months if self.months else 0.0

    @property
    def holds(self) -> bool:
        """Whether every fault is noticed, what is no fault endured, and nobody woken for nothing."""
        quiet = not self.pages or self.a_month <= MOST_FALSE
        return all(each.holds for each in self.noticed) and not any(self.endured.values()) and quiet

    def as_json(self) -> dict[str, Any]:
        """The case's part of the result."""
        return {**asdict(self), "a_month": self.a_month, "holds": self.holds}


def generator(case: Case, seed: int, part: str) -> Generator:
    """Chance that depends on the case, the seed and the part of it, and on nothing else."""
    return np.random.default_rng([zlib.crc32(f"{case.name} {part}".encode()), seed])


def score(case: Case, seeds: Sequence[int], months: float) -> Scored:
    """Runs a case over these seeds, and over so many healthy months."""
    began = time.perf_counter()
    took: list[list[float | None]] = [[] for _ in case.targets]
    endured = {change.name: 0 for change in case.endures}
    for seed in seeds:
        _one_seed(case, seed, took, endured)
    kind = kinds.named(case.kind)
    false, lived = healthy(case, months)
    return Scored(
        case=case.name,
        kind=case.kind,
        pages=kind.urgency == "page" or case.kind in PAGING,
        noticed=[
            Noticed(
                target.fault.name,
                target.fault.says,
                target.within,
                len(seeds),
                sum(each is not None for each in each_took),
                _median(each for each in each_took if each is not None),
            )
            for target, each_took in zip(case.targets, took, strict=True)
        ],
        endured=endured,
        false=false,
        months=lived,
        seconds=round(time.perf_counter() - began, 1),
    )


def _one_seed(
    case: Case, seed: int, took: list[list[float | None]], endured: dict[str, int]
) -> None:
    chance = generator(case, seed, "onset")
    # A fault begins at any time of a day, but in a run that lasts no day at the time that is said.
    later = int(chance.integers(DAY // STEP)) if case.life > DAY else 0
    onset = BEGIN + case.learn + later * STEP
    longest = max(*(target.within for target in case.targets), AFTERWARDS if endured else 0.0)
    world = case.build(generator(case, seed, "world"), span(onset - BEGIN + longest + DAY / 12))
    watch = watching(case)
    watch.go_on(world, onset)
    for place, target in enumerate(case.targets):
        # One that is breached when the fault begins tells nothing of it.
        changed = target.fault.apply(world, onset, generator(case, seed, target.fault.says))
        opened = watch.copy().go_on(changed, onset + target.within)
        took[place].append(earliest(opened, onset, target.within))
    for change in case.endures:
        changed = change.apply(world, onset, generator(case, seed, change.says))
        endured[change.name] += len(watch.copy().go_on(changed, onset + AFTERWARDS))


def healthy(case: Case, months: float) -> tuple[int, float]:
    """Breaches in a world without faults, and for how many months monitors judged it.

    What a monitor says while it learns counts as well.
    """
    wanted, lived, opened = months * MONTH, 0.0, 0
    for seed in range(1_000_000, 2_000_000):
        if lived >= wanted:
            break
        life = min(case.life, wanted) if case.life >= YEAR else case.life
        world = case.build(generator(case, seed, "healthy"), span(life))
        opened += len(watching(case).go_on(world, BEGIN + life))
        lived += life
    return opened, lived / MONTH


def watching(case: Case) -> Watch:
    """A new monitor of the case."""
    return Watch.of(kinds.make(case.kind, dict(case.parameters)), case.own, BEGIN)


def span(seconds: float) -> Span:
    """Whole steps from the beginning on."""
    return Span(BEGIN, int(seconds // STEP))


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
