"""Parameters of a kind, described once: checks, JSON schema, form fields and docs table."""

from __future__ import annotations

import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.kinds.base import BadParameter, Kind
from monitoring.kinds.framed import Framed

JSON_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}
ARTICLES = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


@dataclass(frozen=True)
class Parameter:
    """One parameter as people and programs see it."""

    name: str
    type: type
    optional: bool
    required: bool
    default: Any
    description: str
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]


def parameters(kind: type[Kind]) -> list[Parameter]:
    """The parameters of a kind, in the order it declares them; how often it looks comes last."""
    hints = typing.get_type_hints(kind)
    shared = inspect.get_annotations(Framed) if issubclass(kind, Framed) else {}
    items = dataclasses.fields(kind)  # type: ignore[arg-type]
    found = []
    for item in sorted(items, key=lambda item: item.name in shared):
        plain, optional = _unwrap(hints[item.name])
        required = item.default is dataclasses.MISSING
        default = None if required else item.default
        about: Any = item.metadata
        found.append(Parameter(item.name, plain, optional, required, default, **about))
    return found


def _unwrap(hint: Any) -> tuple[type, bool]:
    if isinstance(hint, types.UnionType):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        return inner[0], True
    return hint, False


def checked(kind: type[Kind], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with their types and bounds checked. Raises `BadParameter` naming the first fault."""
    known = {p.name: p for p in parameters(kind)}
    for name in values:
        if name not in known:
            allowed = ", ".join(known)
            raise BadParameter(name, f"{kind.name} has no such parameter; it has {allowed}")
    for name, about in known.items():
        if about.required and values.get(name) is None:
            raise BadParameter(name, "is required")
    return {name: _value(known[name], value) for name, value in values.items()}


def _value(about: Parameter, value: Any) -> Any:
    if value is None and (about.optional or not about.required):
        return about.default
    value = _typed(about, value)
    if about.choices and value not in about.choices:
        raise BadParameter(about.name, f"must be one of {', '.join(about.choices)}")
    if about.minimum is not None and value < about.minimum:
        raise BadParameter(about.name, f"must be at least {about.minimum:g}")
    if about.maximum is not None and value > about.maximum:
        raise BadParameter(about.name, f"must be at most {about.maximum:g}")
    return value


def _typed(about: Parameter, value: Any) -> Any:
    if about.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    is_right = isinstance(value, about.type) and isinstance(value, bool) == (about.type is bool)
    if not is_right or (isinstance(value, float) and not math.isfinite(value)):
        raise BadParameter(about.name, f"must be {ARTICLES[about.type]}")
    return value


def schema(kind: type[Kind]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a kind's parameters."""
    listed = parameters(kind)
    return {
        "type": "object",
        "title": kind.name,
        "description": kind.summary,
        "properties": {p.name: _property(p) for p in listed},
        "required": [p.name for p in listed if p.required],
        "additionalProperties": False,
    }


def _property(about: Parameter) -> dict[str, Any]:
    json_type: Any = JSON_TYPES[about.type]
    described = {
        "type": [json_type, "null"] if about.optional else json_type,
        "description": about.description,
        "x-unit": about.unit,
        "enum": list(about.choices),
        "minimum": about.minimum,
        "maximum": about.maximum,
    }
    kept = {key: value for key, value in described.items() if value not in (None, "", [])}
    return kept if about.required else {**kept, "default": about.default}


def form_fields(kind: type[Kind]) -> list[dict[str, Any]]:
    """What an HTML form needs for each parameter: name, label, input, bounds, help, initial."""
    return [
        {
            "name": p.name,
            "label": p.name.replace("_", " ").capitalize(),
            "input": _input(p),
            "choices": list(p.choices),
            "required": p.required,
            "initial": p.default,
            "min": p.minimum,
            "max": p.maximum,
            "step": 1 if p.type is int else "any",
            "unit": p.unit,
            "help": p.description,
        }
        for p in parameters(kind)
    ]


def _input(about: Parameter) -> str:
    if about.choices:
        return "select"
    return {bool: "checkbox", str: "text"}.get(about.type, "number")


def table(kind: type[Kind]) -> str:
    """Markdown table of a kind's parameters, for the documentation."""
    rows = ["| parameter | type | default | bounds | meaning |", "|---|---|---|---|---|"]
    for p in parameters(kind):
        default = "required" if p.required else "none" if p.default is None else f"{p.default}"
        unit = f" ({p.unit})" if p.unit else ""
        rows.append(
            f"| `{p.name}` | {JSON_TYPES[p.type]}{unit} | {default} | {_bounds(p)} | {p.description} |"
        )
    return "\n".join(rows)


def _bounds(about: Parameter) -> str:
    if about.choices:
        return ", ".join(about.choices)
    low = f"≥ {about.minimum:g}" if about.minimum is not None else ""
    high = f"≤ {about.maximum:g}" if about.maximum is not None else ""
    return ", ".join(part for part in (low, high) if part)


def document(kinds: Mapping[str, type[Kind]]) -> str:
    """The section of the documentation that lists every kind with its parameters."""
    parts = [f"### `{name}`\n\n{kind.summary}\n\n{table(kind)}" for name, kind in kinds.items()]
    return "\n\n".join(parts)
