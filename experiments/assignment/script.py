"""Parameters of an experiment as a script that is data: drawn, chosen and depending on each other.

    {"parameters": [
        {"name": "layout", "draw": "uniform", "choices": ["grid", "list"]},
        {"name": "rows", "when": {"layout": "grid"}, "draw": "weighted",
         "choices": [3, 4], "weights": [0.8, 0.2], "otherwise": 1},
        {"name": "banner", "draw": "bernoulli", "p": 0.1}]}

The idea is PlanOut's (Bakshy, Eckles, Bernstein 2014, "Designing and deploying online field
experiments"); the draws are GrowthBook's hash, each under a seed of its own, so that parameters are
independent of each other. A `when` is a targeting condition over the attributes and the parameters
before it. There are no loops, no expressions and no code.

A script is served as what it comes to: every path through it is a rule of an experiment whose arms
are the combinations of values, and whose filters are the draws. So every SDK that knows filters
gives what we give, without knowing of scripts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import prod

from experiments.assignment.conditions import TooDeep, compile_condition
from experiments.assignment.hashing import seed_from
from experiments.assignment.values import Json

MAX_PARAMETERS = 20
MAX_CHOICES = 50
MAX_COMBINATIONS = 50  # arms of an experiment
MAX_PATHS = 200  # rules that a script is served as
MAX_BYTES = 500_000  # of all of them
LONGEST_NAME = 100
COMMON = frozenset({"name", "draw", "unit", "when", "otherwise", "salt"})
LOGICAL = ("$and", "$or", "$nor", "$not")
GROUPS = ("$inGroup", "$notInGroup")

Choices = list[tuple[Json, float]]
Range = tuple[float, float]


class BadScript(ValueError):
    """A script cannot be used; `field` says where, `message` why."""

    def __init__(self, field: str, message: str):
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its values with their ranges of [0, 1), and when it is drawn.

    It is drawn for `unit`, or for the unit of the rule where that is empty.
    """

    name: str
    salt: str
    unit: str
    ranges: tuple[tuple[Json, Range], ...]
    when: Json
    otherwise: Json


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a script: the values, and what a unit must be to come this way.

    `draws` are ranges by (salt, unit); `conditions` are over attributes.
    """

    values: dict[str, Json] = field(default_factory=dict)
    draws: Mapping[tuple[str, str], Range] = field(default_factory=dict)
    conditions: tuple[Json, ...] = ()

    @property
    def share(self) -> float:
        """How many of the units that meet the conditions come this way, from 0 to 1."""
        return prod(end - start for start, end in self.draws.values())


class Script:
    """A checked script. Raises `BadScript` for one that cannot be used.

    `combinations` are the different outcomes, in the order in which paths come to them.
    """

    def __init__(self, definition: Json):
        given = definition.get("parameters") if isinstance(definition, dict) else None
        if not isinstance(given, list) or not 0 < len(given) <= MAX_PARAMETERS:
            raise BadScript("parameters", f"must be a list of 1 to {MAX_PARAMETERS} parameters")
        if unknown := sorted(definition.keys() - {"parameters"}):
            raise BadScript(unknown[0], "is not known; a script has `parameters`")
        self.parameters = [_parameter(f"parameters.{n}", one) for n, one in enumerate(given)]
        _check_names(self.parameters)
        self.paths = self._walk()
        found = {_identity(path): path.values for path in self.paths}
        self.combinations: list[dict[str, Json]] = list(found.values())
        self._arms = {identity: arm for arm, identity in enumerate(found)}
        if not 2 <= len(self.combinations) <= MAX_COMBINATIONS:
            raise BadScript(
                "parameters",
                f"come to {len(self.combinations)} combinations of values; an experiment has 2 to"
                f" {MAX_COMBINATIONS}",
            )
        if len(repr(self.combinations)) * len(self.paths) > MAX_BYTES:
            raise BadScript("parameters", "have values too long to be served so often")

    @property
    def names(self) -> list[str]:
        """What the combinations are called: ``layout grid, rows 3``, or by their number."""
        names = [_name(values) for values in self.combinations]
        return [
            name if name and names.count(name) == 1 else f"combination {number}"
            for number, name in enumerate(names)
        ]

    def shares(self) -> list[float] | None:
        """The share of units of each combination; None where it depends on who they are."""
        if any(path.conditions for path in self.paths):
            return None
        shares = [0.0] * len(self.combinations)
        for path in self.paths:
            shares[self.arm(path)] += path.share
        return shares

    def arm(self, path: Path) -> int:
        """Index of the combination that a path leads to."""
        return self._arms[_identity(path)]

    def rules(self, rule: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
        """The rules of an experiment that a rule with this script is served as.

        Each of them has all arms, and gives the one that its path leads to.
        """
        seed = rule.get("seed") or rule["key"]
        attribute = rule.get("hashAttribute") or "id"
        covered = [0.0, rule.get("coverage", 1.0)]
        meta = [{"key": name} for name in self.names]
        for path in self.paths:
            arm = self.arm(path)
            made = {k: v for k, v in rule.items() if k not in ("script", "coverage")}
            filters = [*rule.get("filters", ()), *_filters(path, str(seed), str(attribute))]
            conditions = [*([rule["condition"]] if rule.get("condition") else []), *path.conditions]
            if conditions:
                made["condition"] = _all_of(conditions)
            yield made | {
                "variations": self.combinations,
                "meta": meta,
                "ranges": [covered if n == arm else [0.0, 0.0] for n in range(len(meta))],
                **({"filters": filters} if filters else {}),
            }

    def _walk(self) -> list[Path]:
        paths = [Path()]
        for number, parameter in enumerate(self.parameters):
            paths = [after for path in paths for after in _continued(path, parameter)]
            if len(paths) > MAX_PATHS:
                raise BadScript(
                    f"parameters.{number}",
                    f"makes {len(paths):,} paths through the script; at most {MAX_PATHS} are possible",
                )
        return paths


def _identity(path: Path) -> str:
    # As text, since to Python true is 1 and 1 is 1.0.
    return repr(path.values)


def _name(values: Mapping[str, Json]) -> str:
    name = ", ".join(
        f"{key} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
    )
    return name if len(name) <= LONGEST_NAME and name.isprintable() else ""


def _continued(path: Path, parameter: Parameter) -> Iterator[Path]:
    holds = True if parameter.when is None else remaining(parameter.when, path.values)
    if holds is False:
        yield _with(path, parameter.name, parameter.otherwise)
        return
    met = path if holds is True else _meant(path, holds)
    place = parameter.salt, parameter.unit
    low, high = path.draws.get(place, (0.0, 1.0))
    for value, (start, end) in parameter.ranges:
        within = max(start, low), min(end, high)
        if within[0] < within[1]:
            drawn = met if len(parameter.ranges) == 1 else _drawn(met, place, within)
            yield _with(drawn, parameter.name, value)
    if holds is not True:
        yield _with(_meant(path, {"$not": holds}), parameter.name, parameter.otherwise)


def _with(path: Path, name: str, value: Json) -> Path:
    return replace(path, values={**path.values, name: value})


def _meant(path: Path, condition: Json) -> Path:
    return replace(path, conditions=(*path.conditions, condition))


def _drawn(path: Path, place: tuple[str, str], within: Range) -> Path:
    return replace(path, draws={**path.draws, place: within})


def _filters(path: Path, seed: str, attribute: str) -> list[dict[str, Json]]:
    return [
        {
            "seed": seed_from(f"{seed}\n{salt}"),
            "attribute": unit or attribute,
            "hashVersion": 2,
            "ranges": [[start, end]],
        }
        for (salt, unit), (start, end) in path.draws.items()
    ]


def remaining(condition: Json, known: Mapping[str, Json]) -> Json:
    """What is left of a condition once some names are known: true, false, or a condition."""
    parts = [_remaining_entry(name, test, known) for name, test in condition.items()]
    if any(part is False for part in parts):
        return False
    return _all_of([part for part in parts if part is not True]) or True


def _remaining_entry(name: str, test: Json, known: Mapping[str, Json]) -> Json:
    if name == "$not":
        inner = remaining(test, known)
        return not inner if isinstance(inner, bool) else {"$not": inner}
    if name in LOGICAL:
        parts = [remaining(one, known) for one in test]
        return _combined(name, parts)
    if name.partition(".")[0] in known:
        return compile_condition({name: test})(known, {}) is True
    return {name: test}


def _combined(name: str, parts: list[Json]) -> Json:
    if name == "$and":
        return False if False in _settled(parts) else _all_of(_open(parts)) or True
    # SDKs let an empty $or hold for everybody, and $nor is its opposite.
    holds = True if not parts or True in _settled(parts) else _open(parts) or False
    if isinstance(holds, bool):
        return holds if name == "$or" else not holds
    return {name: holds}


def _settled(parts: list[Json]) -> list[bool]:
    return [part for part in parts if isinstance(part, bool)]


def _open(parts: list[Json]) -> list[Json]:
    return [part for part in parts if not isinstance(part, bool)]


def _all_of(conditions: Sequence[Json]) -> Json:
    """One condition for all; empty for none."""
    return conditions[0] if len(conditions) == 1 else {"$and": [*conditions]} if conditions else {}


def _check_names(parameters: Sequence[Parameter]) -> None:
    names = [parameter.name for parameter in parameters]
    for number, parameter in enumerate(parameters):
        if parameter.name in names[:number]:
            raise BadScript(f"parameters.{number}.name", f"{parameter.name} is there twice")
        later = sorted(asked_of(parameter.when) & {*names[number:]})
        if later:
            raise BadScript(
                f"parameters.{number}.when", f"asks for {later[0]}, which is not drawn before it"
            )
        # Groups change while a phase runs; what a script comes to does not.
        if asked_of(parameter.when) & {*names[:number]} and _names_group(parameter.when):
            raise BadScript(
                f"parameters.{number}.when",
                "may ask for parameters or name a saved group, not both",
            )


def asked_of(condition: Json) -> set[str]:
    """The attributes and parameters that a condition asks for."""
    if isinstance(condition, list):
        return {name for one in condition for name in asked_of(one)}
    if not isinstance(condition, dict):
        return set()
    found = {name.partition(".")[0] for name in condition if not name.startswith("$")}
    return found | {
        name for word in LOGICAL if word in condition for name in asked_of(condition[word])
    }


def _names_group(condition: Json) -> bool:
    inner = condition.values() if isinstance(condition, dict) else condition
    if not isinstance(condition, dict | list):
        return False
    named = isinstance(condition, dict) and any(word in condition for word in GROUPS)
    return named or any(_names_group(one) for one in inner)


def _parameter(where: str, given: Json) -> Parameter:
    if not isinstance(given, dict):
        raise BadScript(where, "must be an object")
    name, kind = given.get("name"), given.get("draw")
    if not isinstance(name, str) or not name.isidentifier() or len(name) > LONGEST_NAME:
        raise BadScript(f"{where}.name", "must be a name such as button_color")
    maker = DRAWS.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise BadScript(f"{where}.draw", f"must be one of {', '.join(DRAWS)}")
    make, fields = maker
    unknown = sorted(given.keys() - COMMON - fields)
    if unknown:
        raise BadScript(f"{where}.{unknown[0]}", f"is not known for {kind}")
    salt, unit = (_text(where, word, given.get(word, "")) for word in ("salt", "unit"))
    return Parameter(
        name=name,
        salt=salt or name,
        unit=unit,
        ranges=_ranges(make(where, given)),
        when=_when(where, given["when"]) if "when" in given else None,
        otherwise=given.get("otherwise"),
    )


def _text(where: str, word: str, value: Json) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise BadScript(f"{where}.{word}", f"must be a text of at most {LONGEST_NAME} characters")
    return value


def _when(where: str, condition: Json) -> Json:
    """A condition whose parts can be told apart."""
    try:
        if not isinstance(condition, dict) or not _is_sound(condition):
            raise BadScript(f"{where}.when", "must be a condition")
        compile_condition(condition)
    except TooDeep as error:
        raise BadScript(f"{where}.when", str(error)) from error
    return condition


def _is_sound(condition: Json) -> bool:
    if not isinstance(condition, dict):
        return False
    for name in condition.keys() & set(LOGICAL):
        parts = [condition[name]] if name == "$not" else condition[name]
        if not isinstance(parts, list) or not all(_is_sound(part) for part in parts):
            return False
    return True


def _ranges(choices: Choices) -> tuple[tuple[Json, Range], ...]:
    """Each value with its part of [0, 1); values without a share are never drawn."""
    total = sum(weight for _, weight in choices)
    ends = [reached / total for reached in accumulate(weight for _, weight in choices)]
    ends[-1] = 1.0
    starts = [0.0, *ends[:-1]]
    return tuple(
        (value, (start, end))
        for (value, _), start, end in zip(choices, starts, ends, strict=True)
        if start < end
    )


def _fixed(where: str, given: Mapping[str, Json]) -> Choices:
    return [(given.get("value"), 1.0)]


def _uniform(where: str, given: Mapping[str, Json]) -> Choices:
    return [(choice, 1.0) for choice in _choices(where, given)]


def _weighted(where: str, given: Mapping[str, Json]) -> Choices:
    choices, weights = _choices(where, given), given.get("weights")
    if not isinstance(weights, list) or len(weights) != len(choices):
        raise BadScript(f"{where}.weights", "must be as many as the choices")
    shares = [_number(f"{where}.weights", weight, 1e9) for weight in weights]
    # Below the sum of which shares would be lost to rounding, or be no number.
    if sum(shares) < 1e-9:
        raise BadScript(f"{where}.weights", "must not all be zero")
    return list(zip(choices, shares, strict=True))


def _bernoulli(where: str, given: Mapping[str, Json]) -> Choices:
    p = _number(f"{where}.p", given.get("p"), 1)
    return [(True, p), (False, 1 - p)]


def _choices(where: str, given: Mapping[str, Json]) -> list[Json]:
    choices = given.get("choices")
    if not isinstance(choices, list) or not 0 < len(choices) <= MAX_CHOICES:
        raise BadScript(f"{where}.choices", f"must be 1 to {MAX_CHOICES} choices")
    return choices


def _number(where: str, value: Json, high: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A comparison and no conversion: a whole number may be greater than any float.
    if not is_number or not 0 <= value <= high:
        raise BadScript(where, f"must be a number from 0 to {high:g}")
    return float(value)


DRAWS: dict[str, tuple[Callable[[str, Mapping[str, Json]], Choices], frozenset[str]]] = {
    "uniform": (_uniform, frozenset({"choices"})),
    "weighted": (_weighted, frozenset({"choices", "weights"})),
    "bernoulli": (_bernoulli, frozenset({"p"})),
    "fixed": (_fixed, frozenset({"value"})),
}
