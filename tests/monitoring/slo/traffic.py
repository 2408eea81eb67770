"""Traffic for tests of objectives: counts by minute, the first bad minute being minute 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

from monitoring.slo.burn import Guard, Pair, evaluate, standard
from monitoring.slo.indicator import Counts, Indicator, Occurrences
from monitoring.slo.ledger import Ledger
from monitoring.slo.windows import Rolling

MONTH = Rolling(43_200)
THREE_NINES = Fraction(999, 1000)
WARM = 4_320
PAIRS = standard(THREE_NINES, MONTH, Occurrences())
UNGUARDED = [dataclasses.replace(pair, guard=Guard(0, 0)) for pair in PAIRS]


def traffic(
    minutes: int, total: Callable[[int], int], bad: Callable[[int], int], warm: int = WARM
) -> dict[int, Counts]:
    """Counts of minutes `1 - warm` to `minutes`."""
    return {m: Counts(total(m) - bad(m), total(m)) for m in range(1 - warm, minutes + 1)}


def ledger(
    minutes: dict[int, Counts],
    target: Fraction = THREE_NINES,
    indicator: Indicator | None = None,
) -> Ledger:
    """The ledger of a target that always held."""
    return Ledger(indicator or Occurrences(), [(0, target)], minutes)


def edges(
    book: Ledger, last: int, pairs: Sequence[Pair] = PAIRS, period: int = MONTH.nominal
) -> dict[str, list[int]]:
    """Minutes at which each pair begins and stops to fire, alternately."""
    found: dict[str, list[int]] = {pair.name: [] for pair in pairs}
    for minute in range(-60, last + 1):
        for reading in evaluate(book, pairs, period, minute).readings:
            changes = found[reading.pair.name]
            if (reading.state == "firing") != (len(changes) % 2 == 1):
                changes.append(minute)
    return found
