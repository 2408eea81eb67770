"""Parameters of an experiment as a script that is data: drawn, chosen and depending on each other.

    {"parameters": [
        {"name": "layout", "draw": "uniform", "choices": ["grid", "list"]},
        {"name": "rows", "when": {"layout": "grid"}, "draw": "weighted",
         "choices": [3, 4], "weights": [0.8, 0.2], "otherwise": 1},
        {"name": "banner", "draw": "bernoulli", "p": 0.1, "unit": ["id", "page"]}]}

Draws are PlanOut's (Bakshy, Eckles, Bernstein 2014), salted by the script's salt and the parameter's
name, so that parameters are independent of each other and a parameter of the same name and salt
draws the same everywhere. A `when` is a targeting condition over the attributes and the parameters
before it. There are no loops, no expressions and no code: a script ends after as many steps as it
has parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from experiments.assignment import hashing
from experiments.assignment.conditions import Test, TooDeep, compile_condition
from experiments.assignment.subjects import Subject, identity_text
from experiments.assignment.values import Json

MAX_PARAMETERS = 100
MAX_CHOICES = 1_000
MAX_UNITS = 5
WIDEST = 2**53  # whole numbers that every language reads exactly
COMMON = frozenset({"name", "draw", "unit", "when", "otherwise", "salt"})

Draw = Callable[[str, str], Json]


class BadScript(ValueError):
    """A script cannot be used; `field` says where, `message` why."""

    def __init__(self, field: str, message: str):
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


@dataclass(frozen=True, slots=True)
class Parameter:
    """A compiled parameter. `units` are the attributes that it is drawn for."""

    name: str
    salt: str
    units: tuple[str, ...]
    draw: Draw
    when: Test | None
    otherwise: Json


class Script:
    """A checked script. Raises `BadScript` for one that cannot be used."""

    def __init__(self, definition: Json):
        given = definition.get("parameters") if isinstance(definition, dict) else None
        if not isinstance(given, list) or not 0 < len(given) <= MAX_PARAMETERS:
            raise BadScript("parameters", f"must be a list of 1 to {MAX_PARAMETERS} parameters")
        self.parameters = [_parameter(f"parameters.{n}", one) for n, one in enumerate(given)]
        names = [parameter.name for parameter in self.parameters]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise BadScript(f"parameters.{number}.name", f"{name} is there twice")

    def run(
        self, salt: str, subject: Subject, groups: Mapping[str, Any] | None = None
    ) -> dict[str, Json]:
        """The parameters' values for a subject; those whose unit it lacks are left out."""
        values: dict[str, Json] = {}
        for parameter in self.parameters:
            known = {**subject.attributes, **values}
            if parameter.when is not None and parameter.when(known, groups or {}) is not True:
                values[parameter.name] = parameter.otherwise
                continue
            unit = _unit(subject, parameter.units, known)
            if unit is not None:
                values[parameter.name] = parameter.draw(f"{salt}.{parameter.salt}", unit)
        return values


def _unit(subject: Subject, names: tuple[str, ...], known: Mapping[str, Json]) -> str | None:
    _, first = subject.identity(names[0])
    if first == "":
        return None
    return ".".join([identity_text(first), *(identity_text(known.get(n)) for n in names[1:])])


def _parameter(where: str, given: Json) -> Parameter:
    if not isinstance(given, dict):
        raise BadScript(where, "must be an object")
    name, kind = given.get("name"), given.get("draw")
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 100:
        raise BadScript(f"{where}.name", "must be a name such as button_color")
    maker = DRAWS.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise BadScript(f"{where}.draw", f"must be one of {', '.join(DRAWS)}")
    make, fields = maker
    unknown = sorted(given.keys() - COMMON - fields)
    if unknown:
        raise BadScript(f"{where}.{unknown[0]}", f"is not known for {kind}")
    units = given.get("unit", "id")
    units = (units,) if isinstance(units, str) else units
    if not isinstance(units, list | tuple) or not 0 < len(units) <= MAX_UNITS:
        raise BadScript(f"{where}.unit", f"must be 1 to {MAX_UNITS} attributes")
    if not all(isinstance(unit, str) and unit for unit in units):
        raise BadScript(f"{where}.unit", "must name attributes")
    salt = str(given.get("salt", name))
    when = _when(where, given["when"]) if "when" in given else None
    draw = make(where, given)
    return Parameter(name, salt, tuple(units), draw, when, given.get("otherwise"))


def _when(where: str, condition: Json) -> Test:
    if not isinstance(condition, dict):
        raise BadScript(f"{where}.when", "must be a condition")
    try:
        return compile_condition(condition)
    except TooDeep as error:
        raise BadScript(f"{where}.when", str(error)) from error


def _fixed(where: str, given: Mapping[str, Json]) -> Draw:
    value = given.get("value")
    return lambda salt, unit: value


def _uniform(where: str, given: Mapping[str, Json]) -> Draw:
    choices = _choices(where, given)
    return lambda salt, unit: hashing.planout_choice(salt, unit, choices)


def _weighted(where: str, given: Mapping[str, Json]) -> Draw:
    choices, weights = _choices(where, given), given.get("weights")
    if not isinstance(weights, list) or len(weights) != len(choices):
        raise BadScript(f"{where}.weights", "must be as many as the choices")
    shares = [_number(f"{where}.weights", weight, 0, 1e9) for weight in weights]
    if sum(shares) <= 0:
        raise BadScript(f"{where}.weights", "must not all be zero")
    return lambda salt, unit: hashing.planout_weighted(salt, unit, choices, shares)


def _bernoulli(where: str, given: Mapping[str, Json]) -> Draw:
    p = _number(f"{where}.p", given.get("p"), 0, 1)
    return lambda salt, unit: int(hashing.planout_uniform(salt, unit) <= p)


def _float(where: str, given: Mapping[str, Json]) -> Draw:
    low = _number(f"{where}.min", given.get("min", 0.0), -1e300, 1e300)
    high = _number(f"{where}.max", given.get("max", 1.0), low, 1e300)
    return lambda salt, unit: hashing.planout_uniform(salt, unit, low, high)


def _integer(where: str, given: Mapping[str, Json]) -> Draw:
    low = _whole(f"{where}.min", given.get("min"), -WIDEST)
    high = _whole(f"{where}.max", given.get("max"), low)
    return lambda salt, unit: hashing.planout_integer(salt, unit, low, high)


def _sample(where: str, given: Mapping[str, Json]) -> Draw:
    choices = _choices(where, given)
    draws = _whole(f"{where}.draws", given.get("draws"), 1, len(choices))
    return lambda salt, unit: hashing.planout_sample(salt, unit, choices, draws)


def _choices(where: str, given: Mapping[str, Json]) -> list[Json]:
    choices = given.get("choices")
    if not isinstance(choices, list) or not 0 < len(choices) <= MAX_CHOICES:
        raise BadScript(f"{where}.choices", f"must be 1 to {MAX_CHOICES:,} choices")
    return choices


def _number(where: str, value: Json, low: float, high: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A comparison and no conversion: a whole number may be greater than any float.
    if not is_number or not low <= value <= high:
        raise BadScript(where, f"must be a number from {low:g} to {high:g}")
    return float(value)


def _whole(where: str, value: Json, low: int, high: int = WIDEST) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadScript(where, f"must be a whole number from {low} to {high}")
    return value


DRAWS: dict[str, tuple[Callable[[str, Mapping[str, Json]], Draw], frozenset[str]]] = {
    "fixed": (_fixed, frozenset({"value"})),
    "uniform": (_uniform, frozenset({"choices"})),
    "weighted": (_weighted, frozenset({"choices", "weights"})),
    "bernoulli": (_bernoulli, frozenset({"p"})),
    "float": (_float, frozenset({"min", "max"})),
    "integer": (_integer, frozenset({"min", "max"})),
    "sample": (_sample, frozenset({"choices", "draws"})),
}
