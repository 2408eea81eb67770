"""The monitors that watch an objective: one for each urgency that its alerts may have."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from monitoring.slo.burn import URGENCIES, Guard, Pair
from monitoring.slo.definition import Bound, Ratio, Selector, Slo
from monitoring.slo.exact import BadSlo, plain, ratio, span, spelled
from monitoring.slo.indicator import Occurrences, TimeSlices
from monitoring.slo.selectors import spell

KIND = "burn_rate"
MONITORS = uuid.UUID("6f0f7c5e-93b4-5b0e-8d52-0b8c9ad0f1a7")
PAIR = re.compile(r"\s*([^\s%]+)\s*%\s+in\s+(\w+)\s*/\s*(\w+)\s*")


@dataclass(frozen=True, slots=True)
class Watch:
    """One monitor of an objective: `series` is its own, `parameters` those of `burn_rate`."""

    monitor: str
    urgency: str
    series: Selector
    parameters: dict[str, Any]


def watches(stream: str, slo: Slo) -> list[Watch]:
    """The monitors of an objective, the most urgent first; none while no series is connected.

    Pairs that ask for the same urgency and the same certainty share one. Its id is made from
    these, so that a change of an objective revises the monitors that it had.
    """
    if slo.source is None:
        return []
    own = slo.source.value if isinstance(slo.source, Bound) else slo.source.total
    found = []
    for terms, group in groupby(sorted(slo.pairs, key=_terms), key=_terms):
        pairs = list(group)
        monitor = str(uuid.uuid5(MONITORS, f"{stream} {terms}"))
        found.append(Watch(monitor, pairs[0].urgency, own, _parameters(slo, slo.source, pairs)))
    return found


def _terms(pair: Pair) -> tuple[int, str, int, int]:
    rank = URGENCIES.index(pair.urgency)
    return rank, plain(pair.min_coverage), pair.guard.min_events, pair.guard.min_bad


def _parameters(slo: Slo, source: Ratio | Bound, pairs: Sequence[Pair]) -> dict[str, Any]:
    first = pairs[0]
    return {
        "target": plain(slo.target),
        "period": spelled(slo.window.nominal),
        "alerts": spelled_pairs(pairs),
        "min_coverage": float(first.min_coverage),
        "min_events": first.guard.min_events,
        "min_bad": first.guard.min_bad,
        **_method(slo),
        **_counted(source),
    }


def _method(slo: Slo) -> dict[str, Any]:
    indicator = slo.indicator
    if isinstance(indicator, Occurrences):
        return {"method": indicator.method, "every": spelled(indicator.every)}
    about = {"method": indicator.method, "slice": spelled(indicator.width)}
    if isinstance(indicator, TimeSlices):
        about["slice_target"] = plain(indicator.target)
    return {**about, "idle_is_good": indicator.idle_is_good}


def _counted(source: Ratio | Bound) -> dict[str, Any]:
    if isinstance(source, Bound):
        return {"op": source.op, "bound": float(source.bound)}
    return {"bad" if source.is_bad else "good": spell(source.part), "counter": source.counter}


def spelled_pairs(pairs: Sequence[Pair]) -> str:
    """Pairs as text: ``2% in 1h/5m, 5% in 6h/30m``."""
    return ", ".join(
        f"{plain(100 * pair.fraction)}% in {spelled(pair.long)}/{spelled(pair.short)}"
        for pair in pairs
    )


def read_pairs(text: str, terms: Mapping[str, Any], field: str) -> tuple[Pair, ...]:
    """Pairs from their text, on common terms: coverage, events and bad ones. Raises `BadSlo`."""
    return tuple(_pair(part, terms, field) for part in text.split(","))


def _pair(text: str, terms: Mapping[str, Any], field: str) -> Pair:
    found = PAIR.fullmatch(text)
    if found is None:
        raise BadSlo(field, "must be like 2% in 1h/5m, 5% in 6h/30m")
    coverage = ratio(terms["min_coverage"], "min_coverage")
    return Pair(
        name=text.strip()[:40],
        urgency="page",
        fraction=ratio(found[1], field, quotient=True) / 100,
        long=span(found[2], field),
        short=span(found[3], field),
        min_coverage=coverage,
        guard=Guard(terms["min_events"], terms["min_bad"]),
    )
