"""Parameter scripts: drawn independently, depending on each other, refused when they are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.assignment.script import MAX_PARAMETERS, BadScript, Script
from experiments.assignment.subjects import Subject

GRID = {"name": "layout", "draw": "uniform", "choices": ["grid", "list"]}
ROWS = {
    "name": "rows",
    "when": {"layout": "grid"},
    "draw": "integer",
    "min": 2,
    "max": 4,
    "otherwise": 1,
}


def script(*parameters: dict[str, Any]) -> Script:
    return Script({"parameters": list(parameters)})


def test_a_parameter_depends_on_those_before_it() -> None:
    made = script(GRID, ROWS)
    drawn = [made.run("exp", Subject({"id": f"u{n}"})) for n in range(500)]
    assert {one["rows"] for one in drawn if one["layout"] == "list"} == {1}
    assert {one["rows"] for one in drawn if one["layout"] == "grid"} == {2, 3, 4}


def test_shares_are_as_asked_and_parameters_independent() -> None:
    made = script(
        {"name": "a", "draw": "bernoulli", "p": 0.25}, {"name": "b", "draw": "bernoulli", "p": 0.5}
    )
    drawn = [made.run("exp", Subject({"id": n})) for n in range(1, 4_001)]
    both = sum(one["a"] and one["b"] for one in drawn)
    # mean 500, sd 21: six of them
    assert abs(both - 500) < 126


def test_a_unit_of_two_attributes_draws_for_the_pair() -> None:
    made = script({"name": "c", "draw": "float", "unit": ["id", "page"]})
    home, cart = (made.run("s", Subject({"id": "u", "page": page})) for page in ("home", "cart"))
    assert home != cart
    assert made.run("s", Subject({"page": "home"})) == {}


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
        ({"name": "x", "draw": "integer", "min": 2, "max": 1}, "max"),
        ({"name": "x", "draw": "sample", "choices": [1], "draws": 2}, "draws"),
        ({"name": "x", "draw": "fixed", "unit": []}, "unit"),
        ({"name": "x", "draw": "fixed", "when": "1 + 1"}, "when"),
    ],
)
def test_a_wrong_parameter_is_named(parameter: dict[str, Any], field: str) -> None:
    with pytest.raises(BadScript) as refused:
        script(parameter)
    assert refused.value.field == f"parameters.0.{field}"


@pytest.mark.parametrize("definition", [None, {}, {"parameters": []}, {"parameters": [1]}])
def test_what_is_no_script_is_refused(definition: Any) -> None:
    with pytest.raises(BadScript, match="parameters"):
        Script(definition)


def test_a_script_has_an_end_and_no_name_twice() -> None:
    with pytest.raises(BadScript, match="1 to 100"):
        script(*[{"name": f"p{n}", "draw": "fixed"} for n in range(MAX_PARAMETERS + 1)])
    with pytest.raises(BadScript, match="twice"):
        script(GRID, GRID)
