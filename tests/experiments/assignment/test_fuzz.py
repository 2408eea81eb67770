"""Whatever a rule, a condition, a script or a subject holds: an answer, soon, and the same twice.

Rules are of three kinds here: any JSON at all, which the commands refuse or which is served; rules of
the known fields with values that were meant to hurt; and texts that make a backtracking matcher hang.
"""

from __future__ import annotations

import builtins
import math
import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventlog.core import Refused
from experiments.assignment import hashing, overrides, patterns, values, versions
from experiments.assignment.bulk import places
from experiments.assignment.compiled import MAX_CHAIN, Configuration
from experiments.assignment.conditions import LOGICAL, OPERATORS, TooDeep, compile_condition
from experiments.assignment.script import DRAWS, BadScript, Script
from experiments.assignment.subjects import MAX_DEPTH, Subject, nests_too_deep
from experiments.commands.rules import check_condition, check_rules

Json = Any
SOON = 1.0  # seconds of processor; what is linear takes milliseconds of them
LONG = 250_000  # about what a body can hold

NASTY: list[Json] = ["", "\x00", "\ud800", "🧶", "٣", "0x" + "f" * 400, "1e999", "+\n+", "v", "NaN"]
NASTY += ["__import__('os').system('exit 1')", "{{7*7}}", "${7*7}", "constructor", "__proto__"]
NASTY += [10**400, -(10**400), 2**53 + 1, -0.0, math.inf, math.nan, [], {}, [[]], {"$eq": {}}]
NAMES = ["id", "age", "a.b", "a.length", "a.0", "", ".", "value", "__class__", "__proto__"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS | st.sampled_from(NASTY),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)
WORDS = [*OPERATORS, *LOGICAL, "$groups", "$where", "$expr", *NAMES]
CONDITIONS = st.recursive(
    JSON,
    lambda inner: (
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["id", "age", "a", "value"]), JSON, max_size=4)
GROUPS = st.dictionaries(
    st.sampled_from(["id", "", "v"]),
    JSON | st.fixed_dictionaries({"type": st.just("condition"), "condition": CONDITIONS}),
    max_size=2,
)
FIELDS: dict[str, st.SearchStrategy[Json]] = {
    "condition": CONDITIONS,
    "coverage": st.floats(0, 1) | JSON,
    "hashVersion": st.sampled_from([1, 2, 1.0, True]) | JSON,
    "hashAttribute": st.sampled_from(["id", "age"]) | JSON,
    "fallbackAttribute": st.sampled_from(["age"]) | JSON,
    "seed": st.text(max_size=3),
    "phase": st.text(max_size=2) | JSON,
    "weights": st.sampled_from([[0.5, 0.5], [1, 0], [0.1, 0.2]]) | JSON,
    "namespace": st.sampled_from([["n", 0, 0.5], ["n", 0.5, 1]]) | JSON,
    "meta": st.lists(ATTRIBUTES, max_size=3),
    "bucketVersion": st.integers(0, 3) | JSON,
    "minBucketVersion": st.integers(0, 3) | JSON,
    "parentConditions": st.lists(
        st.fixed_dictionaries({"id": st.sampled_from(["f", "g", "h"]), "condition": CONDITIONS}),
        max_size=2,
    ),
}
FORCED = st.fixed_dictionaries(
    {"id": st.just("r"), "force": st.integers(0, 9)},
    optional={name: FIELDS[name] for name in ("condition", "coverage", "seed", "parentConditions")},
)
TRIAL = st.fixed_dictionaries(
    {"id": st.just("r"), "key": st.just("exp"), "variations": st.just([1, 2])}, optional=FIELDS
)


def is_soon(start: float) -> bool:
    return time.process_time() - start < SOON


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, ATTRIBUTES, GROUPS)
@example({"a": {"$gt": 5}}, {"a": "0x" + "f" * 400}, {})
@example({"a": {"$gt": 5}}, {"a": 10**400}, {})
@example({"a": {"$regex": "."}}, {"a": "\ud800"}, {})
@example({"a": {"$regex": "\ud800"}}, {"a": "\ud800"}, {})
def test_any_condition_has_an_answer_and_the_same_twice(
    condition: Json, attributes: dict[str, Json], groups: dict[str, Json]
) -> None:
    test = compile_condition(condition)
    said = test(attributes, groups)
    assert said in (True, False, None)
    assert compile_condition(condition)(attributes, groups) is said


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, ATTRIBUTES)
def test_a_condition_and_its_negation_never_both_let_somebody_in(
    condition: Json, attributes: dict[str, Json]
) -> None:
    said = compile_condition(condition)(attributes, {})
    opposite = compile_condition({"$not": condition})(attributes, {})
    assert (said, opposite) in [(True, False), (False, True), (None, None)]


def refused_field(attempt: Callable[[], object]) -> str | None:
    """The field that a refusal names, None when nothing is refused."""
    try:
        attempt()
    except (Refused, BadScript) as refused:
        return refused.field
    return None


@settings(max_examples=300, deadline=None)
@given(st.lists(FORCED | TRIAL | JSON, max_size=2), ATTRIBUTES)
def test_rules_that_are_taken_give_one_of_their_values(
    rules: list[Json], attributes: dict[str, Json]
) -> None:
    refused = refused_field(lambda: check_rules("integer", rules))
    if refused is not None:
        assert refused.startswith("rules")
        return
    payload = {"features": {"f": {"defaultValue": -1, "rules": rules}, "g": {"defaultValue": 3}}}
    configuration = Configuration(payload)
    for subject in (Subject(attributes), Subject(attributes, sticky={})):
        outcome = configuration.evaluate("f", subject)
        given = [rule.get("force") for rule in rules]
        given += [value for rule in rules for value in rule.get("variations", ())]
        assert outcome.value in [-1, None, *given]
        explained, steps = configuration.explain("f", subject)
        assert (explained.value, explained.source) == (outcome.value, outcome.source)
        assert len(steps) <= len(rules)


PARAMETER = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "y", "__class__"]), "draw": st.sampled_from(list(DRAWS))},
    optional={
        "choices": st.lists(JSON, max_size=3),
        "weights": st.lists(st.integers(0, 3) | JSON, max_size=3),
        "p": st.floats(0, 1) | st.sampled_from(NASTY),
        "value": JSON,
        "when": CONDITIONS,
        "otherwise": JSON,
        "unit": st.just("a") | JSON,
        "salt": st.just("y") | JSON,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARAMETER | JSON, min_size=1, max_size=3), ATTRIBUTES)
@example([{"name": "x", "draw": "bernoulli", "p": 10**400}], {"id": "u"})
@example([{"name": "x", "draw": "bernoulli", "p": 0.5}], {"id": "\ud800"})
@example([{"name": "x", "draw": "uniform", "choices": [True, 1, 1.0, "1"]}], {"id": "u"})
@example([{"name": "x", "draw": "weighted", "choices": [1, 2], "weights": [1e-320, 0]}], {})
def test_any_script_is_refused_or_gives_one_of_its_combinations(
    parameters: list[Json], attributes: dict[str, Json]
) -> None:
    start = time.process_time()
    refused = refused_field(lambda: Script({"parameters": parameters}))
    if refused is not None:
        assert refused.startswith("parameters")
        return
    script = Script({"parameters": parameters})
    rules = list(script.rules({"id": "s", "key": "s", "hashVersion": 2}))
    configuration = Configuration({"features": {"f": {"defaultValue": {}, "rules": rules}}})
    values = [repr(configuration.evaluate("f", Subject(attributes)).value) for _ in range(2)]
    assert values[0] == values[1]
    assert values[0] in {repr(one) for one in [{}, *script.combinations]}
    assert len(set(script.names)) == len(script.names)
    assert is_soon(start)


CODE = ["__import__('os').system('true')", "exec('1')", "{{7*7}}", "${7*7}", "1+1", "lambda: 1"]


@pytest.mark.parametrize("code", CODE)
def test_no_text_is_ever_run(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(*_: Any, **__: Any) -> None:
        raise AssertionError("a text was run")

    for owner, name in ((builtins, "eval"), (builtins, "exec"), (os, "system")):
        monkeypatch.setattr(owner, name, ran)
    monkeypatch.setattr(subprocess, "Popen", ran)
    condition = {code: {"$eq": code, "$regex": code, "$in": [code], "$veq": code}}
    rules = [{"force": code, "condition": condition}, {"key": code, "variations": [code, code]}]
    feature = {"defaultValue": code, "rules": rules}
    outcome = Configuration({"features": {code: feature}}).evaluate(
        code, Subject({"id": code, code: code}, url=f"http://shop/?{code}={code}")
    )
    assert outcome.value == code
    drawn = {"name": "x", "draw": "uniform", "choices": [code, [code]], "when": {code: code}}
    (rule, *_) = Script({"parameters": [drawn]}).rules({"key": code})
    outcome = Configuration({"features": {code: {"rules": [rule]}}}).evaluate(
        code, Subject({"id": "user-1", code: code})
    )
    assert outcome.value in ({"x": code}, None)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){20}", ".*" * 400 + "x"],
)
def test_a_hostile_pattern_is_matched_soon(pattern: str) -> None:
    start = time.process_time()
    assert patterns.matches(pattern, "a" * 20_000 + "!") in (True, False)
    assert is_soon(start)


@pytest.mark.parametrize("pattern", ["(?=a)a", "(?<!a)b", r"(a)\1", "(", "\ud800", "a" * 1_001])
def test_a_pattern_that_needs_backtracking_is_refused(pattern: str) -> None:
    with pytest.raises(Refused) as refused:
        check_condition({"name": {"$regex": pattern}}, "condition")
    assert refused.value.code == "bad_pattern"


@pytest.mark.parametrize("text", ["1" * LONG + "x", "1e" + "1" * LONG, "0x" + "f" * LONG + "g"])
def test_a_long_numeral_is_read_soon(text: str) -> None:
    start = time.process_time()
    assert math.isnan(values.number(text)) or math.isinf(values.number(text))
    assert is_soon(start)


def test_a_long_version_is_padded_soon_and_not_kept() -> None:
    start, kept = time.process_time(), versions._kept.cache_info().currsize
    for text in ("+" * LONG + "\nx", "v" + "." * LONG, "1." * LONG):
        assert versions.padded(text)
    assert is_soon(start)
    assert versions._kept.cache_info().currsize == kept


def test_numbers_are_those_of_javascript() -> None:
    assert values.number("0x" + "f" * 400) == values.number("Infinity") == values.number(10**400)
    assert values.number("\ufeff5\u3000") == 5
    for text in ("\x1c5", "٣", "infinity", "1_0", "0x٣", "0x1_0", "0x"):
        assert math.isnan(values.number(text)), text


@pytest.mark.parametrize(
    ("version", "same"),
    [("v1.2.3+build", "1.2.3"), ("1.2.3+a+b", "1.2.3"), ("v1.2.3", "1.2.3"), ("+x", "")],
)
def test_a_build_is_no_part_of_a_version(version: str, same: str) -> None:
    assert versions._padded(version) == versions._padded(same)


def test_many_parameters_of_an_address_force_nothing() -> None:
    assert overrides.from_query_string("exp", "https://shop/?exp=1" + "&a" * 2_000, 2) is None


def waiting(count: int, times: int) -> Configuration:
    """Features in a row, each of which asks the next one so many times."""
    features: dict[str, Json] = {f"f{count}": {"defaultValue": 2}}
    for number in range(count):
        parents = [{"id": f"f{number + 1}", "condition": {"value": 2}}] * times
        rule = {"id": "r", "force": 2, "parentConditions": parents}
        features[f"f{number}"] = {"defaultValue": 1, "rules": [rule]}
    return Configuration({"features": features})


def test_prerequisites_that_branch_are_asked_once_each() -> None:
    start = time.process_time()
    assert waiting(MAX_CHAIN - 1, 20).evaluate("f0", Subject({"id": "u"})).value == 2
    assert is_soon(start)


def test_a_chain_too_long_is_taken_for_a_circle() -> None:
    assert waiting(1_000, 1).evaluate("f0", Subject({})).source == "cyclicPrerequisite"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_is_found_without_recursion(opening: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    for depth, too_deep in ((MAX_DEPTH, False), (MAX_DEPTH + 2, True), (1_000, True)):
        nested = orjson.loads(opening * depth + "1" + closing * depth)
        assert nests_too_deep(nested) is too_deep


def test_a_condition_too_deep_is_refused() -> None:
    condition: dict[str, Json] = {"id": "u"}
    for _ in range(1_000):
        condition = {"$not": condition}
    with pytest.raises(TooDeep):
        compile_condition(condition)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=8), st.lists(st.text(max_size=12), max_size=8), st.sampled_from([1, 2]))
@example("s", ["🧶\ud800"], 2)
def test_columns_hash_as_single_units_do(seed: str, units: list[str], version: int) -> None:
    # numpy's texts end where the NULs at their end begin
    units = [unit.rstrip("\x00") for unit in units]
    found = places(seed, np.array(units, dtype=np.str_), version)
    assert found.tolist() == [hashing.bucket(seed, unit, version) for unit in units]
