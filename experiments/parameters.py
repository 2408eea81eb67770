"""The editor's rows ↔ the parameters of a script.

A parameter is a row of fields: its name, how it is drawn, the values, when, and what it is
otherwise; salt and unit stand as JSON in `more`. Values are written as people do, ``grid 4, list 1``,
and as JSON where that would not be read back as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from eventlog.core import Refused
from experiments.assignment.script import DRAWS, MAX_PARAMETERS
from experiments.fields import percent, read_json, share_of

OWN = ("name", "draw", "values", "when", "otherwise")
FIELDS = (*OWN, "more")

Row = dict[str, str]


def row_of(parameter: Mapping[str, Any]) -> Row:
    """The fields of a parameter."""
    known = {*OWN, *DRAWS[parameter["draw"]][1]}
    more = {name: value for name, value in parameter.items() if name not in known}
    return {
        "name": parameter["name"],
        "draw": parameter["draw"],
        "values": values_text(parameter),
        "when": _json(parameter["when"]) if "when" in parameter else "",
        "otherwise": _level_text(parameter["otherwise"]) if "otherwise" in parameter else "",
        "more": _json(more) if more else "",
    }


def rows_in(given: Mapping[str, str], prefix: str) -> list[Row]:
    """The rows that a form carries, in its order."""
    places = [part for part in given.get(f"{prefix}parameters", "").split(",") if part.isdigit()]
    return [
        {name: given.get(f"{prefix}p{place}.{name}", "").strip() for name in FIELDS}
        for place in places[:MAX_PARAMETERS]
    ]


def changed(rows: list[Row], verb: str, place: int) -> list[Row]:
    """The rows after a button: ``more`` adds one, ``lift`` moves one up, ``drop`` takes one out."""
    if verb == "more" and len(rows) < MAX_PARAMETERS:
        return [*rows, blank({row["name"] for row in rows})]
    if not 0 <= place < len(rows):
        return rows
    rest = rows[:place] + rows[place + 1 :]
    if verb == "drop":
        return rest
    to = max(0, place - 1)
    return [*rest[:to], rows[place], *rest[to:]] if verb == "lift" else rows


def blank(taken: set[str]) -> Row:
    """A new row with a name that is free."""
    name = next(n for i in range(1, MAX_PARAMETERS + 2) if (n := f"parameter_{i}") not in taken)
    return dict.fromkeys(FIELDS, "") | {"name": name, "draw": "uniform", "values": "a, b"}


def script_of(rows: list[Row], where: str) -> dict[str, Any]:
    """The script that the rows say. Raises `Refused` naming the row's field."""
    made = [_parameter(row, f"{where}.parameters.{n}") for n, row in enumerate(rows)]
    return {"parameters": made}


def _parameter(row: Row, where: str) -> dict[str, Any]:
    if row["draw"] not in DRAWS:
        sentence = f"Must be one of {', '.join(DRAWS)}."
        raise Refused(sentence, "bad_value", f"{where}.draw")
    made: dict[str, Any] = {"name": row["name"], "draw": row["draw"]}
    made |= READERS[row["draw"]](row["values"], f"{where}.values")
    if row["when"]:
        made["when"] = read_json(row["when"], f"{where}.when")
    if row["otherwise"]:
        made["otherwise"] = _level(row["otherwise"])
    more = read_json(row["more"], f"{where}.more") if row["more"] else {}
    if not isinstance(more, dict):
        raise Refused("Salt and unit are a JSON object.", "bad_value", f"{where}.more")
    return made | more


def values_text(parameter: Mapping[str, Any]) -> str:
    """What a parameter draws, as a field shows it."""
    draw = parameter["draw"]
    if draw == "bernoulli":
        return f"{percent(parameter['p'])} %"
    if draw == "fixed":
        return _level_text(parameter.get("value"))
    said = {name: parameter[name] for name in ("choices", "weights") if name in parameter}
    texts = [_level_text(choice) for choice in said["choices"]]
    if draw == "weighted":
        pairs = zip(texts, said["weights"], strict=True)
        texts = [f"{text} {_json(weight)}" for text, weight in pairs]
    plain = ", ".join(texts)
    return plain if _is_same(draw, plain, said) else _json(said)


def _is_same(draw: str, text: str, said: dict[str, Any]) -> bool:
    try:
        # As text, since to Python true is 1 and 1 is 1.0.
        return repr(READERS[draw](text, "")) == repr(said)
    except Refused:
        return False


def _fixed(text: str, field: str) -> dict[str, Any]:
    return {"value": _level(text)}


def _bernoulli(text: str, field: str) -> dict[str, Any]:
    return {"p": share_of(text, field)}


def _uniform(text: str, field: str) -> dict[str, Any]:
    return _as_json(text, field) or {"choices": [_level(one) for one in _entries(text)]}


def _weighted(text: str, field: str) -> dict[str, Any]:
    if found := _as_json(text, field):
        return found
    pairs = [one.rpartition(" ") for one in _entries(text)]
    return {
        "choices": [_level(value.strip()) for value, _, _ in pairs],
        "weights": [_weight(weight, field) for _, _, weight in pairs],
    }


READERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "uniform": _uniform,
    "weighted": _weighted,
    "bernoulli": _bernoulli,
    "fixed": _fixed,
}


def _as_json(text: str, field: str) -> dict[str, Any] | None:
    """Choices and weights that are written as a JSON object."""
    if not text.startswith("{"):
        return None
    found: dict[str, Any] = read_json(text, field)
    return found


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _level(text: str) -> Any:
    """A value: JSON, or else the text itself."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _level_text(value: Any) -> str:
    is_plain = isinstance(value, str) and value and value == value.strip() and value.isprintable()
    return value if is_plain and _level(value) is value else _json(value)


def _weight(text: str, field: str) -> float:
    weight = _level(text)
    if type(weight) not in (int, float):
        sentence = "Weighted values are written such as: grid 4, list 1"
        raise Refused(sentence, "bad_value", field)
    found: float = weight
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
