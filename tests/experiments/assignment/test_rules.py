"""Rules: the first that applies gives the value, and the others say why not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.assignment import reasons
from experiments.assignment.buckets import bucket_ranges, choose
from experiments.assignment.compiled import Configuration
from experiments.assignment.conditions import LOGICAL, OPERATORS, TooDeep, compile_condition
from experiments.assignment.hashing import bucket
from experiments.assignment.patterns import fault, matches
from experiments.assignment.subjects import Subject


def configuration(*rules: dict[str, Any], **others: Any) -> Configuration:
    features = {"f": {"defaultValue": "default", "rules": list(rules)}}
    return Configuration({"features": features | others})


def test_the_first_rule_that_applies_gives_the_value_and_says_so() -> None:
    made = configuration(
        {"id": "nordic", "condition": {"country": {"$in": ["FI", "SE"]}}, "force": "kelo"},
        {"id": "some", "force": "few", "coverage": 0.0},
        {"id": "test", "key": "exp", "variations": ["a", "b"], "hashVersion": 2},
        {"id": "never", "force": "unreached"},
    )
    outcome, steps = made.explain("f", Subject({"id": "u1", "country": "US"}))
    assert outcome.value in ("a", "b")
    assert outcome.rule == "test"
    assert [(step.rule, step.reason) for step in steps] == [
        ("nordic", reasons.NOT_MEANT),
        ("some", reasons.NOT_ROLLED_OUT),
        ("test", ""),
    ]
    assert made.evaluate("f", Subject({"country": "SE"})).value == "kelo"


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (Subject(), reasons.NO_IDENTITY),
        (Subject({"id": 0}), reasons.NO_IDENTITY),
        (Subject({"id": True}), reasons.NO_IDENTITY),
        (Subject({"id": ""}), reasons.NO_IDENTITY),
        (Subject({"id": "u"}, enabled=False), reasons.DISABLED),
        (Subject({"id": "u"}, qa_mode=True), reasons.QA),
        (Subject({"id": "u"}, forced_variations={"exp": 7}), reasons.NO_SUCH_ARM),
    ],
)
def test_why_somebody_is_not_in_an_experiment(subject: Subject, reason: str) -> None:
    made = configuration({"key": "exp", "variations": ["a", "b"]})
    outcome, steps = made.explain("f", subject)
    assert outcome.value == "default"
    assert steps[0].reason == reason


def test_a_feature_that_waits_for_itself_is_a_circle() -> None:
    waits = {"parentConditions": [{"id": "g", "condition": {"value": True}, "gate": True}]}
    other = {"defaultValue": True, "rules": [{"parentConditions": [{"id": "f"}]}]}
    assert configuration(waits, g=other).evaluate("f", Subject()).source == "cyclicPrerequisite"


@given(
    coverage=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    weights=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    unit=st.text(min_size=1),
)
def test_raising_the_coverage_moves_nobody(
    coverage: list[float], weights: list[int], unit: str
) -> None:
    shares = [weight / sum(weights) for weight in weights]
    place = bucket("seed", unit, 2)
    assert place is not None
    before, after = (choose(place, bucket_ranges(len(shares), c, shares)) for c in coverage)
    assert before in (-1, after)


def test_what_is_not_understood_lets_nobody_in() -> None:
    unknown: dict[str, Any] = {"country": {"$sounds_like": "fi"}}
    for condition in (unknown, {"$not": unknown}, {"$nor": [unknown]}):
        assert compile_condition(condition)({"country": "FI"}, {}) is not True
    either: dict[str, Any] = {"$or": [unknown, {"country": "FI"}]}
    assert compile_condition(either)({"country": "FI"}, {}) is True


def test_groups_that_refer_to_each_other_end() -> None:
    groups = {
        "a": {"type": "condition", "condition": {"$savedGroup": {"id": "b"}}},
        "b": {"type": "condition", "condition": {"$savedGroup": {"id": "a"}}},
        "staff": {"type": "list", "attributeKey": "id", "values": ["u1"]},
    }
    assert compile_condition({"$savedGroup": {"id": "a"}})({"id": "u1"}, groups) is False
    assert compile_condition({"$savedGroup": {"id": "staff"}})({"id": "u1"}, groups) is True


def test_a_condition_without_end_is_refused() -> None:
    condition: dict[str, Any] = {}
    for _ in range(100):
        condition = {"$not": condition}
    with pytest.raises(TooDeep):
        compile_condition(condition)


def test_a_hostile_pattern_ends_in_time() -> None:
    assert not matches("(a+)+$", "a" * 50_000 + "!")
    assert fault("(a+)+$") == ""
    assert "look-around" in fault("(?=a)b")
    assert not matches("(?=a)b", "ab")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from([*OPERATORS, *LOGICAL, "$sounds_like", "id", "a.b", "0"])
CONDITIONS = st.recursive(
    JSON,
    lambda inner: st.dictionaries(WORDS, inner | st.lists(inner, max_size=3), max_size=3),
    max_leaves=10,
)


@given(condition=CONDITIONS, attributes=st.dictionaries(st.sampled_from(["id", "a", "0"]), JSON))
def test_any_condition_over_any_attributes_has_an_answer(
    condition: Any, attributes: dict[str, Any]
) -> None:
    said = compile_condition(condition)(attributes, {"g": ["1"]})
    assert said in (True, False, None)
