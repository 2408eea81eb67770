"""What the editor shows is what it saves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.made_up_flags import scripts
from eventlog.core import Refused
from experiments import editing, fields, parameters
from experiments.commands.rules import check_rules
from experiments.factorial import Factor, arms, factors_of
from tests.experiments.world import form_of

SHARES = st.floats(0, 1)
VALUES = {
    "boolean": st.booleans(),
    "string": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    "integer": st.integers(-(2**52), 2**52),
    "object": st.dictionaries(
        st.sampled_from("ab"),
        st.integers(-(2**53), 2**53) | st.text(max_size=5).filter(str.isalnum),
    ),
}
COMMON = {
    "description": st.sampled_from(["for testers", "später"]),
    "condition": st.sampled_from([{"country": "CH"}, {"age": {"$gt": 17}}]),
    "coverage": SHARES,
    "hashAttribute": st.sampled_from(["id", "sessionId"]),
    "seed": st.just("seed-2"),
    "parentConditions": st.just([{"id": "other", "condition": {"value": True}, "gate": True}]),
}


def optional(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    kind = draw(st.sampled_from(sorted(VALUES)))
    made = []
    for index in range(draw(st.integers(0, 3))):
        rule = {"id": f"rule-{index}"} | draw(optional(**COMMON))
        if draw(st.booleans()):
            rule["force"] = draw(VALUES[kind])
        elif kind == "object" and draw(st.booleans()):
            rule |= {"script": draw(scripts()), "key": "experiment"}
            rule |= draw(optional(phase=st.just("2"), layer=st.just("search")))
        else:
            count = draw(st.integers(2, 4))
            rule["variations"] = draw(st.lists(VALUES[kind], min_size=count, max_size=count))
            rule["key"] = "experiment"
            weights = draw(st.none() | st.just([1 / count] * count))
            rule |= {"weights": weights} if weights else {}
            keys = draw(st.none() | st.just([{"key": f"arm {n}"} for n in range(count)]))
            names = draw(st.none() | st.just([{"key": f"{n}", "name": "A"} for n in range(count)]))
            rule |= {"meta": keys or names} if keys or names else {}
            rule |= draw(optional(phase=st.just("2"), layer=st.just("search")))
        made.append(rule)
    return kind, made


@given(rules())
def test_opening_and_saving_changes_nothing(given_: tuple[str, list[dict[str, Any]]]) -> None:
    kind, saved = given_
    cards = [editing.card_of(kind, rule) for rule in saved]
    assert editing.rules_of(kind, editing.cards_in(form_of(cards))) == saved


def test_cards_are_added_moved_and_removed_without_saving() -> None:
    cards = editing.changed([], "add-force", "boolean", "ranker")
    cards = editing.changed(cards, "add-trial", "boolean", "ranker")
    assert [card["id"] for card in cards] == ["rule-1", "test-1"]
    cards = editing.changed(cards, "up-1", "boolean", "ranker")
    assert [card["id"] for card in cards] == ["test-1", "rule-1"]
    for nonsense in ("up-9", "remove-", "remove-x", "", "down-1"):
        assert editing.changed(cards, nonsense, "boolean", "ranker") == cards
    check_rules("boolean", editing.rules_of("boolean", cards))
    assert [c["id"] for c in editing.changed(cards, "remove-0", "boolean", "ranker")] == ["rule-1"]


def test_parameters_are_added_moved_and_removed_without_saving() -> None:
    cards = editing.changed([], "add-script", "object", "page")
    cards[0]["parameters"][0] |= {"name": "layout", "values": "grid, list"}
    cards = editing.changed(cards, "more-0", "object", "page")
    assert [row["name"] for row in cards[0]["parameters"]] == ["layout", "parameter_1"]
    lifted = editing.changed(cards, "lift-0-1", "object", "page")
    assert [row["name"] for row in lifted[0]["parameters"]] == ["parameter_1", "layout"]
    for nonsense in ("lift-0-9", "drop-0-", "drop-0-x", "more-9", "lift-0-0"):
        assert editing.changed(cards, nonsense, "object", "page") == cards
    cards = editing.changed(cards, "drop-0-1", "object", "page")
    (rule,) = editing.rules_of("object", cards)
    check_rules("object", [rule])
    assert rule["script"] == {
        "parameters": [{"name": "layout", "draw": "uniform", "choices": ["grid", "list"]}]
    }


@pytest.mark.parametrize(
    ("draw", "text", "said"),
    [
        ("uniform", "grid, 3, true", {"choices": ["grid", 3, True]}),
        ("uniform", '{"choices": ["a, b", "c"]}', {"choices": ["a, b", "c"]}),
        ("weighted", "grid 4, page 2 0.5", {"choices": ["grid", "page 2"], "weights": [4, 0.5]}),
        ("bernoulli", "12.5 %", {"p": 0.125}),
        ("fixed", '"3"', {"value": "3"}),
    ],
)
def test_values_are_written_as_people_do(draw: str, text: str, said: dict[str, Any]) -> None:
    row = parameters.blank(set()) | {"draw": draw, "values": text}
    (made,) = parameters.script_of([row], "script")["parameters"]
    assert made == {"name": "parameter_1", "draw": draw, **said}
    assert repr(parameters.script_of([parameters.row_of(made)], "script")["parameters"]) == repr(
        [made]
    )


@pytest.mark.parametrize(
    ("field", "text", "where"),
    [
        ("draw", "eval", "draw"),
        ("values", "grid", "values"),
        ("values", '{"choices"', "values"),
        ("when", "layout", "when"),
        ("more", "[]", "more"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(field: str, text: str, where: str) -> None:
    card = editing.blank("object", "script", set(), "page")
    card["parameters"] = [
        parameters.blank(set()) | {"draw": "weighted", "values": "a 1", field: text}
    ]
    with pytest.raises(Refused) as refusal:
        editing.rules_of("object", [card])
    assert refusal.value.field == f"rules.0.script.parameters.0.{where}"


@pytest.mark.parametrize(
    ("field", "text", "where"),
    [
        ("condition", "{", "rules.0.condition"),
        ("coverage", "half", "rules.0.coverage"),
        ("coverage", "101", "rules.0.coverage"),
        ("coverage", "NaN", "rules.0.coverage"),
        ("arms", "50 control false", "rules.0.arms"),
        ("arms", "50 | control | nonsense", "rules.0.arms"),
        ("more", "[]", "rules.0.more"),
        ("factors", "layout: grid, list", "rules.0.factors"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(field: str, text: str, where: str) -> None:
    card = editing.blank("boolean", "trial", set(), "ranker") | {field: text}
    with pytest.raises(Refused) as refusal:
        editing.rules_of("boolean", [card])
    assert refusal.value.field == where


def test_a_factorial_design_has_every_combination_weighted_by_the_product() -> None:
    made = arms(factors_of("layout: grid 50, list 50\nrows: 3 80, 4 20"))
    assert [(arm.value, round(arm.weight, 10)) for arm in made] == [
        ({"layout": "grid", "rows": 3}, 0.4),
        ({"layout": "grid", "rows": 4}, 0.1),
        ({"layout": "list", "rows": 3}, 0.4),
        ({"layout": "list", "rows": 4}, 0.1),
    ]
    card = editing.blank("object", "trial", set(), "page") | {"factors": "a: 1, 2\nb: x, y, z"}
    (rule,) = editing.rules_of("object", [card])
    check_rules("object", [rule])
    assert len(rule["variations"]) == 6


@pytest.mark.parametrize(
    "factors",
    [
        [Factor("only", [(1, 0.5), (2, 0.5)])],
        [Factor("a", [(1, 1.0)]), Factor("b", [(1, 0.5), (2, 0.5)])],
        [Factor("a", [(1, 0.5), (2, 0.4)]), Factor("b", [(1, 0.5), (2, 0.5)])],
        [Factor("a", [(n, 1 / 8) for n in range(8)]), Factor("b", [(n, 1 / 8) for n in range(8)])],
        [Factor("a", [(1, 0.5), (2, 0.5)])] * 2,
    ],
)
def test_a_design_that_is_none_is_refused(factors: list[Factor]) -> None:
    with pytest.raises(Refused):
        arms(factors)


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.integers(-9, 9))
)
def test_members_keep_their_types(values: list[Any]) -> None:
    kept = [value for value in values if value != ""]
    assert fields.members_of(fields.members_text(kept).strip(), "values") == kept
