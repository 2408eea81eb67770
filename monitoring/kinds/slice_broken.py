"""Slices that fail while the whole looks fine, told by the highest part that explains them.

Counts of failures and of all are compared slice by slice. A slice is broken when most of it fails
for certain (Clopper and Pearson, 1934), or when it fails more often than the rest by more than is
tolerated and than chance explains: given how many failed in all, how many of them lie in a slice
of this size is binomial if it fails like the rest (Przyborowski and Wilenski, 1940). The share of
false ones among those found is bounded by Benjamini and Hochberg (1995).

With several labels their combinations are the slices. A part that has fewer labels (one country,
whatever the device) stands for its slices when nearly all of its traffic lies in broken ones, so
that one cause is told once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy import special, stats

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Numbers,
    Track,
    Wanted,
    duration,
    names_in,
    selected,
)
from monitoring.kinds.intervals import counted, is_count, only_numbers
from monitoring.slo.definition import Selector

TOTAL = "total"
MOST_LABELS, NAMED = 4, 3
Key = tuple[str, ...]


class Part(NamedTuple):
    """All slices with these values, None standing for any value of a label."""

    values: tuple[str | None, ...]
    failed: float
    of: float

    def holds(self, key: Key) -> bool:
        """Whether a slice belongs to it."""
        return all(mine in (None, its) for mine, its in zip(self.values, key, strict=True))


class Slice(NamedTuple):
    """One slice beside the rest. `chance` is of so many failures if it failed like the rest,
    adjusted for all slices tested; None where it was not tested, as too small ones are not.

    `told_as` is the part that stands for it when it is broken.
    """

    name: str
    failed: float
    of: float
    rest: float
    chance: float | None
    broken: bool
    told_as: str


class Tested(NamedTuple):
    """What was found of each slice, arrays of one length; `chance` is NaN where none was tested."""

    rest: Numbers
    chance: Numbers
    broken: Any


class SliceBroken(Framed):
    """Failures of each slice beside those of the rest, with false alarms bounded over all."""

    name: ClassVar[str] = "slice_broken"
    summary: ClassVar[str] = "A slice fails though the whole looks fine."

    total: str = parameter(
        "Series of the counts of all, such as requests; the own one counts failures."
    )
    by: str = parameter("Labels that tell slices apart, separated by commas.")
    counter: bool = parameter("Whether both are running totals rather than counts.", False)
    window: str = parameter("Length of the window.", "1h")
    min_count: float = parameter("Least size of a slice that is judged.", 20.0, minimum=1)
    broken: float = parameter(
        "Share of failures above which a slice is broken in any case.", 0.5, minimum=0, maximum=1
    )
    excess: float = parameter(
        "Share of failures beyond that of the rest that is tolerated.", 0.05, minimum=0, maximum=1
    )
    false_share: float = parameter(
        "Largest expected share of false ones among the slices found.",
        0.0001,
        minimum=1e-9,
        maximum=0.5,
    )
    covers: float = parameter(
        "Share of a part's traffic in broken slices from which on the part is named instead.",
        0.8,
        minimum=0.5,
        maximum=1,
    )

    def check(self) -> None:
        """Refuses series, labels and a span that cannot be read."""
        super().check()
        selected(self.total, "total")
        duration(self.window, "window")
        if not 0 < len(names_in(self.by)) <= MOST_LABELS:
            raise BadParameter("by", f"needs 1 to {MOST_LABELS} labels")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Both counts by slice."""
        by = names_in(self.by)
        return {
            OWN: Wanted(own.series, own.labels, by),
            TOTAL: selected(self.total, "total", by),
        }

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The worst of the parts that are broken."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        counts = self._counts(frame)
        if counts is None:
            sentence = (
                "More failures are counted in a slice than there is of it, or less than none."
            )
            return Finding(None, sentence, error=True)
        keys, failed, of = counts
        if not keys:
            return Finding(None, "Nothing was counted in any slice.")
        found = self._rolled_up(keys, failed, of, self._test(failed, of).broken)
        return self._finding(found, failed, of, int((of >= self.min_count).sum()))

    def slices(self, frame: Frame) -> list[Slice]:
        """Every slice of a frame: the broken ones first, then by how unlikely they are, then the
        largest. Empty where the counts contradict each other.
        """
        counts = self._counts(frame) if only_numbers(frame) else None
        if counts is None or not counts[0]:
            return []
        keys, failed, of = counts
        tested = self._test(failed, of)
        parts = self._rolled_up(keys, failed, of, tested.broken)
        found = [
            Slice(
                self._called(Part(key, 0, 0)),
                float(failed[n]),
                float(of[n]),
                float(tested.rest[n]),
                None if np.isnan(tested.chance[n]) else float(tested.chance[n]),
                bool(tested.broken[n]),
                next((self._called(p) for p in parts if tested.broken[n] and p.holds(key)), ""),
            )
            for n, key in enumerate(keys)
        ]
        return sorted(
            found, key=lambda s: (not s.broken, 2 if s.chance is None else s.chance, -s.of, s.name)
        )

    def _counts(self, frame: Frame) -> tuple[list[Key], Numbers, Numbers] | None:
        """Slices of which there is anything, with failures and all; None for what cannot be."""
        totals, failures = (self._sums(frame.get(role, ())) for role in (TOTAL, OWN))
        if not is_count(*totals.values(), *failures.values()) or any(
            count > totals.get(key, 0.0) for key, count in failures.items()
        ):
            return None
        keys = [key for key, count in totals.items() if count > 0]
        failed = np.array([failures.get(key, 0.0) for key in keys])
        return keys, failed, np.array([totals[key] for key in keys])

    def _sums(self, tracks: Sequence[Track]) -> dict[Key, float]:
        parts = [track.increments() if self.counter else track for track in tracks]
        return {part.key: counted(part) for part in parts if part.values.size}

    def _test(self, failed: Numbers, of: Numbers) -> Tested:
        """Each slice beside the rest, and which are broken."""
        all_failed, all_of = failed.sum(), of.sum()
        rest = (all_failed - failed) / np.maximum(all_of - of, 1)
        judged = of >= self.min_count
        # The probability of so many failures in a slice of this size, by its regularised beta.
        chance = special.betainc(
            np.maximum(failed, 1), all_failed - np.maximum(failed, 1) + 1, of / all_of
        )
        chance = np.where(failed > 0, chance, 1.0)
        tested = judged & (of < all_of)
        adjusted = np.full(len(of), np.nan)
        if tested.any():
            adjusted[tested] = stats.false_discovery_control(chance[tested], method="bh")
        unlikely = adjusted <= self.false_share
        tail = self.false_share / max(1, int(judged.sum()))
        least = np.where(
            failed > 0, special.betaincinv(np.maximum(failed, 1), of - failed + 1, tail), 0
        )
        most = judged & (least > self.broken)
        broken = most | (unlikely & (failed / of - rest > self.excess))
        return Tested(rest, adjusted, broken)

    def _rolled_up(
        self, keys: Sequence[Key], failed: Numbers, of: Numbers, is_broken: Any
    ) -> list[Part]:
        """Parts that stand for all broken slices and have none in common, the fewest labels first
        and the largest of those; returned by how much failed in them.
        """
        left = {key for key, broken in zip(keys, is_broken, strict=True) if broken}
        sizes = dict(zip(keys, zip(failed.tolist(), of.tolist(), strict=True), strict=True))
        found, told = list[Part](), set[Key]()
        for fixed in range(len(names_in(self.by)) + 1):
            held = _groups(keys, fixed) if left else {}
            parts = [
                Part(values, *(sum(sizes[key][n] for key in mine) for n in (0, 1)))
                for values, mine in held.items()
                if not left.isdisjoint(mine)
            ]
            for part in sorted(parts, key=lambda part: (-part.of, str(part.values))):
                mine = held[part.values]
                hit = sum(sizes[key][1] for key in mine if key in left)
                if hit and told.isdisjoint(mine) and hit >= self.covers * part.of:
                    found.append(part)
                    left.difference_update(mine)
                    told.update(mine)
        return sorted(found, key=lambda part: -part.failed)

    def _finding(self, found: Sequence[Part], failed: Numbers, of: Numbers, judged: int) -> Finding:
        whole = failed.sum() / of.sum()
        if not found:
            said = f"{figure(failed.sum())} of {figure(of.sum())} failed, in no slice more than in the rest."
            return Finding(False, said, float(whole), n=judged)
        worst = found[0]
        others = of.sum() - worst.of
        rest = float((failed.sum() - worst.failed) / others) if others else None
        sentence = self._sentence(found, rest, float(whole))
        limit = min(self.broken, (rest or 0) + self.excess)
        value = worst.failed / worst.of
        return Finding(True, sentence, value, expected=rest, hi=limit, n=judged)

    def _sentence(self, found: Sequence[Part], rest: float | None, whole: float) -> str:
        told = [
            f"{self._called(part)}: {figure(part.failed)} of {figure(part.of)} failed"
            f" ({figure(100 * part.failed / part.of)} %)"
            for part in found[:NAMED]
        ]
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        beside = "" if rest is None else f", {figure(100 * rest)} % of the rest"
        return f"{'; '.join(told)}{more}{beside}; of all {figure(100 * whole)} %."

    def _called(self, part: Part) -> str:
        pairs = zip(names_in(self.by), part.values, strict=True)
        return " ".join(f"{name}={value}" for name, value in pairs if value is not None) or "all"


def _groups(keys: Sequence[Key], fixed: int) -> dict[tuple[str | None, ...], list[Key]]:
    """The slices that have the same values of `fixed` labels, whichever these are."""
    groups = defaultdict[tuple[str | None, ...], list[Key]](list)
    labels = range(len(keys[0]))
    for places in combinations(labels, fixed):
        for key in keys:
            groups[tuple(key[n] if n in places else None for n in labels)].append(key)
    return groups
