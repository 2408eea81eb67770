"""Targeting conditions: who a rule is for, written as GrowthBook's Mongo-like objects.

A condition is compiled once into closures. Each answers True, False, or None where the answer hangs
on an operator or a kind of group that is not known here: None is no match, and its negation is
none either, so that what is not understood never lets anybody in.

Values are compared as JavaScript does (`values`): equality without coercion, order with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from experiments.assignment import patterns, versions
from experiments.assignment.values import Json, is_equal, is_same, is_true, kind, order, text

Groups = Mapping[str, Any]
Answer = bool | None
Test = Callable[[Json, "Groups"], Answer]

LOGICAL = ("$or", "$nor", "$and", "$not", "$savedGroup", "$savedGroups")
MAX_DEPTH = 50


class TooDeep(ValueError):
    """The condition nests deeper than `MAX_DEPTH`."""


def compile_condition(condition: Json, depth: int = 0) -> Test:
    """A test of attributes. Anything but an object matches nobody. Raises `TooDeep`."""
    if depth > MAX_DEPTH:
        raise TooDeep(f"a condition nests {MAX_DEPTH} levels at most")
    if not isinstance(condition, dict):
        return _never
    return every([_entry(key, value, depth + 1) for key, value in condition.items()])


def _entry(key: str, value: Json, depth: int) -> Test:
    if key in ("$or", "$nor", "$and"):
        if not isinstance(value, list):
            return _never
        parts = [compile_condition(part, depth) for part in value]
        if key == "$and":
            return every(parts)
        some = any_of(parts) if parts else _always
        return negated(some) if key == "$nor" else some
    if key == "$not":
        return negated(compile_condition(value, depth))
    if key == "$savedGroup":
        return _saved_group(value)
    if key == "$savedGroups":
        return _never
    return _at(key, compile_value(value, depth))


def every(tests: Sequence[Test]) -> Test:
    """All of them: the first False decides, then a None."""
    if len(tests) == 1:
        return tests[0]

    def all_hold(value: Json, groups: Groups) -> Answer:
        answer: Answer = True
        for test in tests:
            said = test(value, groups)
            if not said:
                if said is False:
                    return False
                answer = None
        return answer

    return all_hold


def any_of(tests: Sequence[Test]) -> Test:
    """Any of them: the first True decides, then a None."""

    def one_holds(value: Json, groups: Groups) -> Answer:
        answer: Answer = False
        for test in tests:
            said = test(value, groups)
            if said:
                return True
            if said is None:
                answer = None
        return answer

    return one_holds


def negated(test: Test) -> Test:
    """The opposite; what is not known stays so."""

    def opposite(value: Json, groups: Groups) -> Answer:
        said = test(value, groups)
        return None if said is None else not said

    return opposite


def _never(value: Json, groups: Groups) -> Answer:
    return False


def _always(value: Json, groups: Groups) -> Answer:
    return True


def _unknown(value: Json, groups: Groups) -> Answer:
    return None


def _at(path: str, test: Test) -> Test:
    """The test of what an attribute holds; a dot goes into an object or a list."""
    if "." not in path:

        def of_attribute(value: Json, groups: Groups) -> Answer:
            return test(value.get(path) if type(value) is dict else found(value, [path]), groups)

        return of_attribute
    steps = path.split(".")
    return lambda value, groups: test(found(value, steps), groups)


def found(value: Json, steps: Sequence[str]) -> Json:
    """What lies at a path, None where nothing does; lists have indexes and a length."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            value = len(value) if step == "length" else _item(value, step)
        else:
            return None
    return value


def _item(items: list[Json], step: str) -> Json:
    is_index = step.isascii() and step.isdigit() and len(step) <= 10 and str(int(step)) == step
    return items[int(step)] if is_index and int(step) < len(items) else None


def compile_value(expected: Json, depth: int = 0, *, insensitive: bool = False) -> Test:
    """A test of one value: operators, or equality with what is written."""
    if depth > MAX_DEPTH:
        raise TooDeep(f"a condition nests {MAX_DEPTH} levels at most")
    if _holds_operators(expected):
        return every([_operator(name, asked, depth + 1) for name, asked in expected.items()])
    if insensitive and isinstance(expected, str):
        lowered = expected.lower()
        return lambda value, groups: isinstance(value, str) and value.lower() == lowered
    if isinstance(expected, str):
        return lambda value, groups: value == expected
    return lambda value, groups: is_equal(value, expected)


def _holds_operators(expected: Json) -> bool:
    return isinstance(expected, dict) and all(key.startswith("$") for key in expected)


def _operator(name: str, expected: Json, depth: int) -> Test:
    maker = OPERATORS.get(name)
    if maker is not None:
        return maker(expected, depth)
    # A logical word on a value, where it has no meaning, never matches.
    return _never if name in LOGICAL else _unknown


def _equals(expected: Json, depth: int) -> Test:
    return lambda value, groups: is_same(value, expected)


def _differs(expected: Json, depth: int) -> Test:
    return lambda value, groups: not is_same(value, expected)


def _ordered(holds: Callable[[float], bool]) -> Callable[[Json, int], Test]:
    def maker(expected: Json, depth: int) -> Test:
        return lambda value, groups: holds(order(value, expected))

    return maker


def _versioned(holds: Callable[[str, str], bool], otherwise: bool) -> Callable[[Json, int], Test]:
    """Compares versions; `otherwise` where the two are not both texts or both numbers."""

    def maker(expected: Json, depth: int) -> Test:
        padded, sort = versions.padded(expected), kind(expected)
        if sort not in ("string", "number"):
            return _always if otherwise else _never
        return lambda value, groups: (
            holds(versions.padded(value), padded) if kind(value) == sort else otherwise
        )

    return maker


def _pattern(insensitive: bool, wanted: bool) -> Callable[[Json, int], Test]:
    def maker(expected: Json, depth: int) -> Test:
        if not isinstance(expected, str):
            return _never if wanted else _always
        return lambda value, groups: (
            (isinstance(value, str) and patterns.matches(expected, value, insensitive)) == wanted
        )

    return maker


def contains(members: Sequence[Json], value: Json) -> bool:
    """Whether one of the values, or of a list of them, is among the members."""
    if isinstance(value, list):
        return any(contains(members, item) for item in value if not isinstance(item, list))
    return any(is_same(value, member) for member in members)


def _lowered(value: Json) -> Json:
    if isinstance(value, list):
        return [_lowered(item) for item in value]
    return value.lower() if isinstance(value, str) else value


def _membership(insensitive: bool, wanted: bool) -> Callable[[Json, int], Test]:
    def maker(expected: Json, depth: int) -> Test:
        if not isinstance(expected, list):
            return _never
        if insensitive:
            members = _lowered(expected)
            return lambda value, groups: contains(members, _lowered(value)) == wanted
        if all(isinstance(member, str) for member in expected):
            return _among_texts(frozenset(expected), wanted)
        return lambda value, groups: contains(expected, value) == wanted

    return maker


def _among_texts(members: frozenset[str], wanted: bool) -> Test:
    """Membership in a list of texts only, which is the usual one, by hash."""

    def is_among(value: Json, groups: Groups) -> Answer:
        if isinstance(value, str):
            return (value in members) == wanted
        items = value if isinstance(value, list) else ()
        return any(isinstance(item, str) and item in members for item in items) == wanted

    return is_among


def _in_group(wanted: bool) -> Callable[[Json, int], Test]:
    def maker(expected: Json, depth: int) -> Test:
        if not isinstance(expected, str):
            return _never

        def is_member(value: Json, groups: Groups) -> Answer:
            group = groups.get(expected)
            if isinstance(group, dict):
                if group.get("type") != "list":
                    return None
                group = group.get("values")
            return contains(group if isinstance(group, list) else (), value) == wanted

        return is_member

    return maker


def _saved_group(reference: Json) -> Test:
    """A group that carries its own attribute or condition."""
    if not isinstance(reference, dict) or not isinstance(reference.get("id"), str):
        return _never
    return lambda attributes, groups: _in_saved_group(attributes, groups, reference, frozenset())


def _in_saved_group(
    attributes: Json, groups: Groups, reference: Mapping[str, Json], visited: frozenset[str]
) -> Answer:
    name = reference["id"]
    group = groups.get(name)
    if name in visited or not isinstance(group, dict):
        return False
    if group.get("type") == "list":
        key, members = reference.get("attributeKey", group.get("attributeKey")), group.get("values")
        if not isinstance(key, str) or not isinstance(members, list):
            return False
        return contains(members, found(attributes, key.split(".")))
    if group.get("type") == "condition" and isinstance(group.get("condition"), dict):
        inner = compile_condition(group["condition"])
        # The group is hidden from its own condition, so that a circle ends as no match.
        hidden = {key: value for key, value in groups.items() if key != name}
        return inner(attributes, hidden)
    return False if group.get("type") == "condition" else None


def _element(expected: Json, depth: int) -> Test:
    """Any element of a list: tested itself by operators, by its fields otherwise."""
    on_value = _holds_operators(expected) and not any(key in LOGICAL[:3] for key in expected)
    inner = compile_value(expected, depth) if on_value else compile_condition(expected, depth)

    def one_matches(value: Json, groups: Groups) -> Answer:
        items = value if isinstance(value, list) else ()
        return _some(inner, (item for item in items if item is not None), groups)

    return one_matches


def _some(test: Test, items: Iterable[Json], groups: Groups) -> Answer:
    answer: Answer = False
    for item in items:
        said = test(item, groups)
        if said:
            return True
        if said is None:
            answer = None
    return answer


def _size(expected: Json, depth: int) -> Test:
    inner = compile_value(expected, depth)
    return lambda value, groups: isinstance(value, list) and inner(len(value), groups)


def _all(insensitive: bool) -> Callable[[Json, int], Test]:
    def maker(expected: Json, depth: int) -> Test:
        if not isinstance(expected, list):
            return _never
        inner = [compile_value(one, depth, insensitive=insensitive) for one in expected]
        held = every([partial(_some, test) for test in inner]) if inner else _always
        return lambda value, groups: isinstance(value, list) and held(value, groups)

    return maker


def _exists(expected: Json, depth: int) -> Test:
    wanted = is_true(expected)
    return lambda value, groups: (value is not None) == wanted


def _is_of_kind(expected: Json, depth: int) -> Test:
    return lambda value, groups: kind(value) == expected


def _not(expected: Json, depth: int) -> Test:
    return negated(compile_value(expected, depth))


OPERATORS: dict[str, Callable[[Json, int], Test]] = {
    "$eq": _equals,
    "$ne": _differs,
    "$lt": _ordered(lambda sign: sign < 0),
    "$lte": _ordered(lambda sign: sign <= 0),
    "$gt": _ordered(lambda sign: sign > 0),
    "$gte": _ordered(lambda sign: sign >= 0),
    "$veq": _versioned(lambda left, right: left == right, otherwise=False),
    "$vne": _versioned(lambda left, right: left != right, otherwise=True),
    "$vlt": _versioned(lambda left, right: left < right, otherwise=False),
    "$vlte": _versioned(lambda left, right: left <= right, otherwise=False),
    "$vgt": _versioned(lambda left, right: left > right, otherwise=False),
    "$vgte": _versioned(lambda left, right: left >= right, otherwise=False),
    "$regex": _pattern(insensitive=False, wanted=True),
    "$regexi": _pattern(insensitive=True, wanted=True),
    "$notRegex": _pattern(insensitive=False, wanted=False),
    "$notRegexi": _pattern(insensitive=True, wanted=False),
    "$in": _membership(insensitive=False, wanted=True),
    "$nin": _membership(insensitive=False, wanted=False),
    "$ini": _membership(insensitive=True, wanted=True),
    "$nini": _membership(insensitive=True, wanted=False),
    "$inGroup": _in_group(wanted=True),
    "$notInGroup": _in_group(wanted=False),
    "$elemMatch": _element,
    "$size": _size,
    "$all": _all(insensitive=False),
    "$alli": _all(insensitive=True),
    "$exists": _exists,
    "$type": _is_of_kind,
    "$not": _not,
}


def as_text(condition: Json) -> str:
    """A condition in short, for the words of a rule."""
    if not isinstance(condition, dict) or not condition:
        return "everybody"
    return ", ".join(f"{key} {_short(value)}" for key, value in condition.items())


def _short(value: Json) -> str:
    if _holds_operators(value) and value:
        return " ".join(f"{name[1:]} {_short(asked)}" for name, asked in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return text(value) if not isinstance(value, dict) else as_text(value)
