"""Outcomes as lines on a screen, as a table in Markdown, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from experiments.stats.simulation.claims import Kind, Outcome

PROMISES: dict[Kind, str] = {
    "type I error": "rejects",
    "always valid": "ever rejects",
    "coverage": "misses",
    "power": "finds",
}


def line(found: Outcome) -> str:
    """One outcome."""
    claim = found.claim
    mark = "ok    " if found.holds else "FAILED"
    parts = [f"{mark}  {claim.test}: {claim.kind}", claim.setting, _measured(found)]
    return "\n        ".join(parts)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A row for each claim with its share under each seed, in the order in which they were run."""
    head = "| test | promise | simulated | bounds | share of runs, by seed | width |"
    rows = [head, "|---|---|---|---|---|---|"]
    for claim, group in groupby(outcomes, key=lambda found: found.claim):
        same = list(group)
        promise = f"{PROMISES[claim.kind]} {_percent(claim.nominal)}"
        if claim.is_exact:
            promise += ", exact"
        shares = " / ".join(_share(found) for found in same)
        rows.append(
            f"| {claim.test} | {promise} | {claim.setting} | {_bounds(same[0])} | {shares} "
            f"| {_width(same)} |"
        )
    return "\n".join(rows) + "\n"


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Every outcome with what it was judged by."""
    return [
        {
            "of": found.claim.of,
            "test": found.claim.test,
            "kind": found.claim.kind,
            "setting": found.claim.setting,
            "nominal": found.claim.nominal,
            "is_exact": found.claim.is_exact,
            "seed": found.seed,
            "runs": found.runs,
            "refused": found.refused,
            "share": _number(found.share),
            "lower": found.bounds[0],
            "upper": found.bounds[1],
            "width": _number(found.width),
            "first_share": found.first_share,
            "holds": found.holds,
        }
        for found in outcomes
    ]


def _measured(found: Outcome) -> str:
    words = [
        f"{PROMISES[found.claim.kind]} {_percent(found.share)} of {found.runs:,} runs",
        f"bounds {_bounds(found)}",
    ]
    if not math.isnan(found.width):
        words.append(f"width {found.width:.2f}")
    if found.refused:
        words.append(f"{found.refused:,} refused")
    if found.first_share is not None:
        words.append(f"run again after {_percent(found.first_share)}")
    return f"{', '.join(words)}, seed {found.seed}"


def _share(found: Outcome) -> str:
    again = "" if found.first_share is None else f" (run again after {_percent(found.first_share)})"
    return _percent(found.share) + again + ("" if found.holds else " **fails**")


def _bounds(found: Outcome) -> str:
    lower, upper = found.bounds
    return f"{_percent(lower)} to {_percent(upper)}" if lower > 0 else f"≤ {_percent(upper)}"


def _width(outcomes: Sequence[Outcome]) -> str:
    widths = [found.width for found in outcomes if not math.isnan(found.width)]
    return f"{sum(widths) / len(widths):.2f}" if widths else ""


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
