"""What a benchmark gives: figures, each beside a peer, a floor or a budget."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from benchmarks import machine

RUNS = 3


@dataclass(frozen=True)
class Figure:
    """One measured value.

    `other` is what it is measured against, by `kind`: a *peer* is another product doing the same
    work in the same run, a *floor* the least that the work can cost, a *budget* a plain number.
    `goal` is for the ratio ours/other with a peer or floor, and for `ours` with a budget.
    """

    what: str
    unit: str
    better: Literal["higher", "lower"]
    ours: float
    other: float | None = None
    other_name: str = ""
    kind: Literal["peer", "floor", "budget"] = "budget"
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the other."""
        return round(self.ours / self.other, 3) if self.other else None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        value = self.ours if self.kind == "budget" else self.ratio
        if self.goal is None or value is None:
            return None
        return value >= self.goal if self.better == "higher" else value <= self.goal

    def as_json(self) -> dict[str, Any]:
        """The figure with what follows from it."""
        return asdict(self) | {"ratio": self.ratio, "holds": self.holds}


def interleaved(cases: Mapping[str, Callable[[], float]], runs: int = RUNS) -> dict[str, float]:
    """The median of each case over several rounds of all cases.

    A slow phase of a shared disk or of a neighbour then hits every case, and not every run of one.
    """
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(runs):
        for name, measure in cases.items():
            taken[name].append(measure())
            print(f"  {turn + 1}/{runs} {name:52} {_short(taken[name][-1])}", flush=True)
    return {name: statistics.median(values) for name, values in taken.items()}


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def table(figures: Iterable[Figure]) -> str:
    """The figures as lines of text."""
    head = ("figure", "ours", "other", "ratio", "goal", "holds")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.better == "higher" else "≤"
    goal = "" if figure.goal is None else f"{sign} {_short(figure.goal)}"
    goal += " ×" if goal and figure.kind != "budget" else ""
    other = "" if figure.other is None else f"{_short(figure.other)} ({figure.other_name})"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    holds = {True: "yes", False: "NO", None: ""}[figure.holds]
    return f"{figure.what}, {figure.unit}", _short(figure.ours), other, ratio, goal, holds


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def save(path: Path, bench: str, figures: Iterable[Figure]) -> None:
    """Writes the figures with the machine they were taken on."""
    found = {
        "bench": bench,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "figures": [figure.as_json() for figure in figures],
    }
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
