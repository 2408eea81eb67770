"""The form of a design ↔ the design: lists are lines, shares are per cent, values as the flag's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from eventlog.core import Refused
from experiments.commands.design import DEFAULTS
from experiments.fields import (
    BLANKS,
    lines_of,
    percent,
    pretty,
    read_json,
    share_of,
    value_of,
    value_text,
)

TEXTS = ("title", "hypothesis", "owner", "flag", "environment", "unit", "layer", "offline_metric")
WHOLE = ("segments", "units", "min_days", "days")
SHARES = ("alpha", "power", "smallest_effect")
SWITCHES = ("stop_when_confident", "stop_on_harm")

Form = dict[str, Any]


def form_of(design: Mapping[str, Any], kind: str) -> Form:
    """What the fields show of a design; one that is older than a field shows what it means by it."""
    design = {**DEFAULTS, **design}
    gain = design["offline_gain"]
    return {
        **{name: design[name] for name in TEXTS},
        **{name: str(design[name] or "") for name in WHOLE},
        **{name: percent(design[name]) for name in SHARES},
        **{name: "yes" if design[name] else "" for name in SWITCHES},
        "condition": pretty(design["condition"]),
        "variations": "\n".join(
            f"{percent(one['weight'])} | {one['key']} | {value_text(kind, one['value'])}"
            for one in design["variations"]
        ),
        "metrics": "\n".join(_metric_line(one) for one in design["metrics"]),
        "ramp": "\n".join(
            f"{percent(one['coverage'])} | {one['hours']:g}" for one in design["ramp"]
        ),
        "slices": ", ".join(design["slices"]),
        "offline_gain": "" if gain is None else f"{gain * 100:.12g}",
    }


def _metric_line(one: Mapping[str, Any]) -> str:
    limit = f" | {percent(one['margin'])}" if one["margin"] else ""
    return f"{one['part']} | {one['metric']}{limit}"


def design_of(given: Mapping[str, str], kind: str) -> dict[str, Any]:
    """The design that the fields say. Raises `Refused` naming the field."""

    def text(name: str) -> str:
        return given.get(name, "").strip()

    made: dict[str, Any] = {name: text(name) for name in TEXTS}
    made |= {name: _whole(text(name), name) for name in WHOLE if text(name)}
    made |= {name: share_of(text(name), name) for name in SHARES if text(name)}
    made |= {name: text(name) == "yes" for name in SWITCHES}
    made["condition"] = read_json(text("condition") or "{}", "condition")
    made["variations"] = [_variation(line, kind) for line in lines_of(given.get("variations", ""))]
    made["metrics"] = [_metric(line) for line in lines_of(given.get("metrics", ""))]
    made["ramp"] = [_step(line) for line in lines_of(given.get("ramp", ""))]
    if text("offline_gain"):
        made["offline_gain"] = _gain(text("offline_gain"))
    made["slices"] = [part.strip() for part in text("slices").split(",") if part.strip()]
    return made


def _gain(text: str) -> float:
    try:
        return float(Decimal(text.rstrip("% ").replace(",", ".")) / 100)
    except ArithmeticError as error:
        raise Refused(
            "Must be per cent, such as 3 or −1.5.", "bad_value", "offline_gain"
        ) from error


def _whole(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > 12:
        raise Refused("Must be a whole number, such as 14.", "bad_value", field)
    return int(text)


def _variation(line: str, kind: str) -> dict[str, Any]:
    parts = [part.strip(BLANKS) for part in line.split("|", 2)]
    if len(parts) != 3:
        sentence = "A variation is a line such as: 50 | control | false"
        raise Refused(sentence, "bad_value", "variations")
    value = value_of(kind, parts[2], "variations")
    return {"key": parts[1], "value": value, "weight": share_of(parts[0], "variations")}


def _metric(line: str) -> dict[str, Any]:
    parts = [part.strip(BLANKS) for part in line.split("|")]
    if not 2 <= len(parts) <= 3:
        sentence = "A metric is a line such as: guardrail | latency | 5"
        raise Refused(sentence, "bad_value", "metrics")
    margin = share_of(parts[2], "metrics") if len(parts) == 3 and parts[2] else 0.0
    return {"part": parts[0], "metric": parts[1], "margin": margin}


def _step(line: str) -> dict[str, Any]:
    parts = [part.strip(BLANKS) for part in line.split("|")]
    try:
        hours = float(parts[1]) if len(parts) > 1 and parts[1] else 0.0
    except ValueError as error:
        sentence = "A step is a line such as: 10 | 24, per cent and hours"
        raise Refused(sentence, "bad_value", "ramp") from error
    return {"coverage": share_of(parts[0], "ramp"), "hours": hours}
