"""One objective slice by slice: where the bad events are, while the whole looks fine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from monitoring.slo.burn import Pair, Reading, evaluate
from monitoring.slo.ledger import Ledger, Sum

MAX_SLICES = 100
MINIMUM = 100


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice at the end of a minute.

    `seen` is what the window holds by which slices are ordered, `readings` what each pair of
    windows says of the slice alone. `of_traffic` and `of_bad` are its shares of what all slices
    hold; `of_bad` is None while nothing is bad.
    """

    key: str
    seen: Sum
    readings: tuple[Reading, ...]
    of_traffic: Fraction
    of_bad: Fraction | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Slices of enough events, the worst first, and how many others there are, by why."""

    slices: list[Slice]
    small: int
    silent: int


def ranked(
    books: Mapping[str, Ledger],
    pairs: Sequence[Pair],
    period: int,
    minute: int,
    over: int,
    minimum: int = MINIMUM,
) -> Ranked:
    """Slices by how fast each burns the budget of its own traffic in the last `over` minutes.

    A slice of fewer than `minimum` events in that time is only counted: of two events one bad one
    is half, and would stand above every slice that people use.
    """
    seen = {key: book.between(minute - over, minute) for key, book in books.items()}
    total = sum(each.events.total for each in seen.values())
    bad = sum(each.events.bad for each in seen.values())
    enough = [key for key, each in seen.items() if each.total and each.events.total >= minimum]
    silent = sum(not each.total for each in seen.values())
    found = [
        Slice(
            key=key,
            seen=seen[key],
            readings=evaluate(books[key], pairs, period, minute).readings,
            of_traffic=Fraction(seen[key].events.total, total or 1),
            of_bad=Fraction(seen[key].events.bad, bad) if bad else None,
        )
        for key in enough
    ]
    found.sort(key=_worst_first)
    return Ranked(found, len(seen) - len(found) - silent, silent)


def _worst_first(one: Slice) -> tuple[Fraction, int, str]:
    return -(one.seen.burn or Fraction(0)), -one.seen.events.bad, one.key
