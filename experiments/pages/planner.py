"""The planner: a question in a form, and what it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from eventlog.core import Refused
from experiments import planning, queries
from experiments.analysis import as_percent
from experiments.fields import share_of
from experiments.pages.experiments import places
from experiments.pictures import power_curve
from experiments.reports import report_of

SHARES = ("alpha", "power", "explained", "coverage")
NUMBERS = ("sd", "correlation")
WHOLE = ("arms", "metrics", "units_a_day")


def planner(given: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """The form as it was sent, and the plan or what is wrong with it.

    With ``like``, an ``experiment:metric`` that was measured, what is there now, its spread and the
    units a day are those of its control.
    """
    like, given = given.get("like", ""), {k: v for k, v in given.items() if k != "like"}
    given = {**given, **_measured(like, at)}
    page: dict[str, Any] = {
        "places": places("planner"),
        "measured": _choices(),
        "like": like,
        "form": {**_shown(), **given},
        "kinds": planning.KINDS,
        "units": planning.UNITS,
        "otherwise": planning.OTHERWISE,
        "plan": None,
        "problem": "",
        "field": "",
    }
    if not given:
        return page
    try:
        asked = question(given)
        plan = planning.plan(asked)
    except Refused as refusal:
        return page | {"problem": refusal.message, "field": refusal.field}
    relative = asked.get("relative", True)
    return page | {
        "plan": plan,
        "what": {"crossover": "units in all", "switchback": "periods in all"}.get(
            plan.kind, "units an arm"
        ),
        "extra": as_percent(plan.extra),
        "weeks": [(w, as_percent(e) if relative else f"{e:.3g}") for w, e in plan.weeks],
        "points": [(n, f"{p * 100:.0f} %") for n, p in plan.curve[3::4]],
        "curve": SafeString(power_curve(plan.curve, plan.an_arm, plan.looking)),
    }


def _choices() -> list[str]:
    """Experiments with their metrics that can say what is there now, the latest first."""
    rows = queries.experiments().exclude(started_at=None).order_by(*queries.LATEST)[:50]
    return [f"{row.key}:{one['metric']}" for row in rows for one in row.design["metrics"]]


def _measured(like: str, at: datetime) -> dict[str, str]:
    """What an experiment's control says of a metric, as the fields of the form."""
    key, _, metric = like.partition(":")
    row = queries.experiment(key) if metric else None
    if row is None or row.started_at is None:
        return {}
    one = next((c for c in report_of(row, at).comparisons if c.metric == metric), None)
    if one is None or not math.isfinite(one.control):
        return {}
    days = ((row.stopped_at or at) - row.started_at).total_seconds() / 86_400
    is_share = one.aggregation == "conversion"
    found = {
        "kind": "share" if is_share else "mean",
        "baseline": f"{one.control * (100 if is_share else 1):.6g}",
        "units_a_day": str(queries.units_a_day(row.key, row.phase, days)),
    }
    return found if is_share else {**found, "sd": f"{one.spread:.6g}"}


def _shown() -> dict[str, str]:
    """The fields of a form that nobody has filled in."""
    return {
        "kind": "share",
        "baseline": "10",
        "effect": "2",
        "scale": "relative",
        "alpha": "5",
        "power": "80",
        "arms": "2",
        "metrics": "1",
        "explained": "0",
        "coverage": "100",
    }


def question(given: Mapping[str, str]) -> dict[str, Any]:
    """What the fields ask. Raises `Refused` naming the field."""
    asked: dict[str, Any] = {"kind": given.get("kind", "share")}
    is_share = asked["kind"] == "share"
    asked["relative"] = given.get("scale", "relative") != "absolute"
    for name, in_percent in (("baseline", is_share), ("effect", is_share or asked["relative"])):
        if given.get(name, "").strip():
            asked[name] = _number(given[name], name) / (100 if in_percent else 1)
    for name in SHARES:
        if given.get(name, "").strip():
            asked[name] = share_of(given[name], name)
    for name in (*NUMBERS, *WHOLE):
        if given.get(name, "").strip():
            value = _number(given[name], name)
            if name in WHOLE and value != int(value):
                raise Refused("Must be a whole number.", "bad_value", name)
            asked[name] = int(value) if name in WHOLE else value
    return asked


def _number(text: str, field: str) -> float:
    try:
        value = float(text.strip().rstrip("% ").replace(",", "."))
    except ValueError as error:
        raise Refused("Must be a number such as 2.5.", "bad_value", field) from error
    if not abs(value) <= 1e15:
        raise Refused("Must be a number such as 2.5.", "bad_value", field)
    return value
