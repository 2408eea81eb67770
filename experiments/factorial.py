"""Factorial designs: arms that are every combination of the levels of several factors.

    arms([Factor("layout", [("grid", 0.5), ("list", 0.5)]), Factor("rows", [(3, 0.8), (4, 0.2)])])

An arm's value is an object with one entry a factor and its weight the product of its levels', so
that within the experiment the factors are independent of each other: the effect of one factor is
read over all levels of the others (Montgomery, "Design and Analysis of Experiments", chapter 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import orjson

from eventlog.core import Refused
from experiments.assignment.buckets import SUM_OF_WEIGHTS
from experiments.commands.rules import MAX_VARIATIONS

MAX_FACTORS = 6


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor's name and its levels, each a value and a share."""

    name: str
    levels: Sequence[tuple[Any, float]]


@dataclass(frozen=True, slots=True)
class Arm:
    """One combination: its value, its weight, and how it is called."""

    value: dict[str, Any]
    weight: float
    name: str


def arms(factors: Sequence[Factor]) -> list[Arm]:
    """Every combination, the last factor changing fastest. Raises `Refused`."""
    _check(factors)
    return [
        Arm(
            value={f.name: level for f, (level, _) in zip(factors, levels, strict=True)},
            weight=prod(share for _, share in levels),
            name=", ".join(
                f"{f.name} {_short(level)}" for f, (level, _) in zip(factors, levels, strict=True)
            ),
        )
        for levels in product(*(factor.levels for factor in factors))
    ]


def _check(factors: Sequence[Factor]) -> None:
    if not 2 <= len(factors) <= MAX_FACTORS:
        raise Refused(f"A design has 2 to {MAX_FACTORS} factors.", "bad_value", "factors")
    if len({factor.name for factor in factors}) != len(factors):
        raise Refused("Each factor has a name of its own.", "bad_value", "factors")
    for factor in factors:
        low, high = SUM_OF_WEIGHTS
        if len(factor.levels) < 2:
            raise Refused(f"{factor.name} needs two levels at least.", "bad_value", "factors")
        if not low <= sum(share for _, share in factor.levels) <= high:
            raise Refused(f"The shares of {factor.name} do not sum to 1.", "bad_value", "factors")
    count = prod(len(factor.levels) for factor in factors)
    if count > MAX_VARIATIONS:
        sentence = f"These factors make {count:,} arms; at most {MAX_VARIATIONS} are possible."
        raise Refused(sentence, "bad_value", "factors")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def factors_of(text: str) -> list[Factor]:
    """Factors as people write them, one a line: ``layout: grid 50, list 50``. Raises `Refused`.

    Shares are in per cent and equal where none is given; a level is JSON or else a text.
    """
    return [_factor(line) for line in text.splitlines() if line.strip()]


def _factor(line: str) -> Factor:
    name, colon, rest = line.partition(":")
    entries = [entry.strip() for entry in rest.split(",") if entry.strip()]
    if not colon or not name.strip() or not entries:
        sentence = f"{line.strip()[:60]!r} is no factor such as: layout: grid 50, list 50"
        raise Refused(sentence, "bad_value", "factors")
    return Factor(name.strip(), [_level(entry, len(entries)) for entry in entries])


def _level(entry: str, count: int) -> tuple[Any, float]:
    words = entry.rsplit(None, 1)
    try:
        share = float(words[1].rstrip("%")) / 100 if len(words) == 2 else 1 / count
    except ValueError:
        words, share = [entry], 1 / count
    if not 0 <= share <= 1:
        raise Refused(f"{entry[:60]!r} has no share from 0 to 100.", "bad_value", "factors")
    try:
        return orjson.loads(words[0]), share
    except orjson.JSONDecodeError:
        return words[0], share
