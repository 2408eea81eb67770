"""Parameter scripts: what is served is what they say, drawn independently, refused when wrong."""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate
from typing import Any

import pytest
from growthbook import GrowthBook
from hypothesis import given, settings

from benchmarks.made_up_flags import person, scripts
from experiments.assignment import hashing
from experiments.assignment.compiled import Configuration
from experiments.assignment.conditions import compile_condition
from experiments.assignment.script import MAX_PARAMETERS, BadScript, Script
from experiments.assignment.subjects import Subject

GRID = {"name": "layout", "draw": "uniform", "choices": ["grid", "list"]}
ROWS = {
    "name": "rows",
    "when": {"layout": "grid"},
    "draw": "weighted",
    "choices": [2, 3, 4],
    "weights": [2, 1, 1],
    "otherwise": 1,
}
RULE: dict[str, Any] = {"id": "r", "key": "exp", "seed": "s", "hashVersion": 2, "coverage": 1}


def script(*parameters: dict[str, Any]) -> Script:
    return Script({"parameters": list(parameters)})


def features(made: Script, **more: Any) -> dict[str, Any]:
    return {"f": {"defaultValue": None, "rules": list(made.rules({**RULE, **more}))}}


def answers(made: Script, subjects: list[dict[str, Any]], **more: Any) -> list[Any]:
    served = Configuration({"features": features(made, **more)})
    return [served.evaluate("f", Subject(attributes)).value for attributes in subjects]


def read_line_by_line(definition: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """What a script says to somebody, parameter by parameter: no paths, no filters, no rules."""
    values: dict[str, Any] = {}
    for one in definition["parameters"]:
        known = {**attributes, **values}
        if "when" in one and compile_condition(one["when"])(known, {}) is not True:
            values[one["name"]] = one.get("otherwise")
            continue
        choices = {"bernoulli": [True, False], "fixed": [one.get("value")]}.get(
            one["draw"], one.get("choices")
        )
        weights = one.get("weights", [1] * len(choices))
        weights = [one["p"], 1 - one["p"]] if "p" in one else weights
        seed = hashing.seed_from(f"s\n{one.get('salt', one['name'])}")
        place = hashing.bucket(seed, str(attributes["id"]), 2)
        reached = [sum_ / sum(weights) for sum_ in accumulate(weights)]
        values[one["name"]] = next(
            value for value, end in zip(choices, reached, strict=True) if place < end
        )
    return values


@settings(max_examples=150, deadline=None)
@given(scripts())
def test_what_is_served_is_what_the_script_says(definition: dict[str, Any]) -> None:
    chance = random.Random(1)
    people = [person(chance) for _ in range(40)]
    said = [read_line_by_line(definition, one) for one in people]
    served = features(Script(definition))
    for attributes, expected in zip(people, said, strict=True):
        outcome = Configuration({"features": served}).evaluate("f", Subject(attributes))
        assert repr(outcome.value) == repr(expected)
        client = GrowthBook(attributes=attributes, features=served)
        result = client.eval_feature("f")
        assert (repr(result.value), result.source) == (repr(expected), "experiment")
        assert outcome.assignment is not None
        assert result.experimentResult.key == outcome.assignment.arm.key
        assert result.experimentResult.variationId == outcome.assignment.arm.number


def test_a_parameter_depends_on_those_before_it() -> None:
    drawn = answers(script(GRID, ROWS), [{"id": f"u{n}"} for n in range(500)])
    assert {one["rows"] for one in drawn if one["layout"] == "list"} == {1}
    assert {one["rows"] for one in drawn if one["layout"] == "grid"} == {2, 3, 4}


def test_shares_are_as_asked_and_parameters_independent() -> None:
    made = script(
        {"name": "a", "draw": "bernoulli", "p": 0.25}, {"name": "b", "draw": "bernoulli", "p": 0.5}
    )
    assert made.shares() == [0.125, 0.125, 0.375, 0.375]
    drawn = Counter(map(repr, answers(made, [{"id": n} for n in range(1, 8_001)])))
    for values, share in zip(made.combinations, made.shares() or [], strict=True):
        # six standard deviations of a count of 8,000
        assert abs(drawn[repr(values)] - 8_000 * share) < 6 * (8_000 * share * (1 - share)) ** 0.5


def test_a_share_of_everybody_takes_part_and_stays_as_it_was() -> None:
    made, people = script(GRID, ROWS), [{"id": f"u{n}"} for n in range(2_000)]
    tenth, half = (answers(made, people, coverage=share) for share in (0.1, 0.5))
    assert 130 < sum(one is not None for one in tenth) < 270
    assert all(late == early for early, late in zip(tenth, half, strict=True) if early is not None)


def test_two_parameters_of_one_salt_draw_the_same() -> None:
    made = script(GRID, {**GRID, "name": "menu", "salt": "layout"})
    assert [one["layout"] for one in made.combinations] == ["grid", "list"]
    assert all(one["layout"] == one["menu"] for one in made.combinations)


def test_a_parameter_may_be_drawn_for_another_unit() -> None:
    made = script(GRID, {"name": "ad", "draw": "bernoulli", "p": 0.5, "unit": "page"})
    pages = [{"id": "u", "page": f"p{n}"} for n in range(50)]
    drawn = answers(made, pages)
    assert len({one["layout"] for one in drawn}) == 1
    assert {one["ad"] for one in drawn} == {True, False}
    assert answers(made, [{"id": "u"}]) == [None]


def test_who_somebody_is_may_decide_and_then_no_share_is_known() -> None:
    made = script(GRID | {"when": {"country": {"$in": ["CH"]}}, "otherwise": "list"})
    assert answers(made, [{"id": "u1", "country": "FI"}]) == [{"layout": "list"}]
    swiss = answers(made, [{"id": f"u{n}", "country": "CH"} for n in range(50)])
    assert {one["layout"] for one in swiss} == {"grid", "list"}
    assert made.shares() is None
    assert made.names == ["layout grid", "layout list"]


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        ({"draw": "uniform", "choices": [1]}, "name"),
        ({"name": "x", "draw": "eval"}, "draw"),
        ({"name": "x", "draw": ["uniform"]}, "draw"),
        ({"name": "x", "draw": "uniform", "choices": []}, "choices"),
        ({"name": "x", "draw": "uniform", "choices": [1], "code": "1"}, "code"),
        ({"name": "x", "draw": "weighted", "choices": [1, 2], "weights": [1]}, "weights"),
        ({"name": "x", "draw": "weighted", "choices": [1], "weights": [0]}, "weights"),
        ({"name": "x", "draw": "bernoulli", "p": 2}, "p"),
        ({"name": "x", "draw": "bernoulli", "p": float("nan")}, "p"),
        ({"name": "x", "draw": "fixed", "unit": []}, "unit"),
        ({"name": "x", "draw": "fixed", "when": "1 + 1"}, "when"),
        ({"name": "x", "draw": "fixed", "when": {"$or": {}}}, "when"),
        ({"name": "x", "draw": "fixed", "when": {"$not": {"x": 1}}}, "when"),
    ],
)
def test_a_wrong_parameter_is_named(parameter: dict[str, Any], field: str) -> None:
    with pytest.raises(BadScript) as refused:
        script(parameter)
    assert refused.value.field == f"parameters.0.{field}"


@pytest.mark.parametrize(
    "definition",
    [None, {}, {"parameters": []}, {"parameters": [1]}, {"parameters": [GRID], "x": 1}],
)
def test_what_is_no_script_is_refused(definition: Any) -> None:
    with pytest.raises(BadScript):
        Script(definition)


def test_a_script_has_an_end_and_no_name_twice() -> None:
    with pytest.raises(BadScript, match="1 to 20"):
        script(*[{"name": f"p{n}", "draw": "fixed"} for n in range(MAX_PARAMETERS + 1)])
    with pytest.raises(BadScript, match="twice"):
        script(GRID, GRID)


def test_a_script_comes_to_arms_that_can_be_compared() -> None:
    with pytest.raises(BadScript, match="1 combinations"):
        script({"name": "a", "draw": "fixed", "value": 1})
    with pytest.raises(BadScript, match="64 combinations"):
        script(*[{"name": f"p{n}", "draw": "bernoulli", "p": 0.5} for n in range(6)])
    many = {"draw": "uniform", "choices": list(range(50))}
    with pytest.raises(BadScript, match="2,500 paths"):
        script({"name": "a", **many}, {"name": "b", **many})
    with pytest.raises(BadScript, match="too long"):
        script({"name": "a", "draw": "uniform", "choices": ["x" * 300_000, "y"]})


def test_parameters_and_groups_are_not_asked_at_once() -> None:
    asked = {"layout": "grid", "id": {"$inGroup": "beta"}}
    with pytest.raises(BadScript, match="not both"):
        script(GRID, {"name": "x", "draw": "bernoulli", "p": 0.5, "when": asked})
    script(GRID, {"name": "x", "draw": "bernoulli", "p": 0.5, "when": {"id": {"$inGroup": "beta"}}})
