"""What a flag's rules may be: GrowthBook's rule objects, checked before anything is served.

Each rule either gives one value (`force`), to everybody or to a share (`coverage`), or runs an
experiment (`variations`, or a `script` whose values make an object). A rule that could not do what it says is refused here, with the path of
what is wrong, and not found out by the first visitor.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from eventlog.core import Refused
from experiments.assignment import patterns
from experiments.assignment.buckets import SUM_OF_WEIGHTS
from experiments.assignment.conditions import LOGICAL, OPERATORS
from experiments.assignment.script import BadScript, Script
from experiments.commands.checks import KEY, check_depth
from experiments.state import Kind, is_experiment

MAX_RULES, MAX_VARIATIONS, MAX_BUCKET_VERSION = 100, 50, 10_000
COMMON = {"id", "description", "condition", "parentConditions", "hashAttribute", "seed"}
COMMON |= {"hashVersion", "coverage", "fallbackAttribute", "disableStickyBucketing"}
FORCED = COMMON | {"force"}
TRIAL = COMMON | {"variations", "weights", "key", "phase", "name", "meta", "layer"}
TRIAL |= {"namespace", "minBucketVersion", "bucketVersion"}
SCRIPTED = COMMON - {"hashVersion"} | {"script", "key", "phase", "name", "layer"}
# What places a unit: changing any of it within a phase would move units between variations.
FIXED_IN_PHASE = ("weights", "hashAttribute", "hashVersion", "seed", "namespace", "layer", "script")


FITS: dict[Kind, Callable[[Any], bool]] = {
    Kind.BOOLEAN: lambda value: isinstance(value, bool),
    Kind.STRING: lambda value: isinstance(value, str),
    Kind.INTEGER: lambda value: type(value) is int and abs(value) < 2**53,
    Kind.FLOAT: lambda value: type(value) in (int, float) and abs(value) <= sys.float_info.max,
    Kind.OBJECT: lambda value: isinstance(value, dict | list),
}


def check_value(kind: str, value: Any, field: str) -> None:
    """A value of the flag's type."""
    if not FITS[Kind(kind)](value):
        raise Refused(f"Must be a value of type {kind}.", code="bad_value", field=field)
    check_depth(value, field)


def check_rules(kind: str, rules: Sequence[Any]) -> None:
    """Every rule of a flag, in itself and beside the others."""
    if len(rules) > MAX_RULES:
        raise Refused(f"At most {MAX_RULES} rules.", code="bad_value", field="rules")
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        where = f"rules.{index}"
        if not isinstance(rule, dict):
            raise Refused("Must be an object.", code="bad_value", field=where)
        _check_rule(kind, rule, where)
        if rule["id"] in seen:
            raise Refused("Two rules have this id.", code="bad_value", field=f"{where}.id")
        seen.add(rule["id"])


def check_phases(
    earlier: Iterable[Sequence[Mapping[str, Any]]], after: Sequence[Mapping[str, Any]]
) -> None:
    """Refuses what would move units between the variations of a phase that is or was served.

    `earlier` are the rules of the revisions up to the present one, oldest first: a phase that was
    taken out may come back as it was and not as another, and a new phase has a new seed.
    """
    known = {_phase_of(rule): rule for rules in earlier for rule in rules if is_experiment(rule)}
    for index, rule in enumerate(after):
        if not is_experiment(rule):
            continue
        old = known.get(_phase_of(rule))
        if old is not None:
            _check_same_phase(old, rule, f"rules.{index}")
        else:
            _check_new_phase(known.values(), rule, f"rules.{index}")


def _check_same_phase(old: Mapping[str, Any], rule: Mapping[str, Any], where: str) -> None:
    changed = [name for name in FIXED_IN_PHASE if old.get(name) != rule.get(name)]
    if len(old.get("variations", ())) != len(rule.get("variations", ())):
        changed.append("variations")
    if changed:
        raise Refused(
            f"Changing {changed[0]} within a phase would move people from one variation to"
            " another. Give the rule a new phase and a new seed; within a phase only the"
            " coverage changes.",
            code="phase_fixed",
            field=f"{where}.{changed[0]}",
            current=old.get(changed[0]),
        )


def _check_new_phase(
    known: Iterable[Mapping[str, Any]], rule: Mapping[str, Any], where: str
) -> None:
    """The seed is the experiment's key where a rule names none, as for the SDKs."""
    seeds = {old.get("seed", old["key"]) for old in known if old["key"] == rule["key"]}
    if rule.get("seed", rule["key"]) in seeds:
        raise Refused(
            "A new phase needs a seed that no earlier one had, or it would divide people as that"
            " one did and carry its effects over.",
            code="seed_used",
            field=f"{where}.seed",
        )


def _phase_of(rule: Mapping[str, Any]) -> tuple[Any, Any]:
    return rule.get("key"), rule.get("phase", "0")


def _check_rule(kind: str, rule: dict[str, Any], where: str) -> None:
    known = TRIAL if "variations" in rule else SCRIPTED if "script" in rule else FORCED
    unknown = sorted(rule.keys() - known)
    if unknown:
        raise Refused("Is not known.", code="unknown_field", field=f"{where}.{unknown[0]}")
    if not isinstance(rule.get("id"), str) or not KEY.fullmatch(rule["id"]):
        raise Refused("Every rule has an id such as beta-testers.", "bad_value", f"{where}.id")
    _check_audience(rule, where)
    if is_experiment(rule):
        _check_experiment(kind, rule, where)
    elif "force" in rule:
        check_value(kind, rule["force"], f"{where}.force")
    else:
        raise Refused("Needs `force`, `variations` or `script`.", code="required", field=where)


def _check_audience(rule: Mapping[str, Any], where: str) -> None:
    check_condition(rule.get("condition", {}), f"{where}.condition")
    parents = rule.get("parentConditions", [])
    if not isinstance(parents, list) or len(parents) > 20:
        raise Refused("Must be a list of at most 20.", "bad_value", f"{where}.parentConditions")
    for index, parent in enumerate(parents):
        place = f"{where}.parentConditions.{index}"
        if not isinstance(parent, dict) or parent.keys() - {"id", "condition", "gate"}:
            raise Refused("Has `id`, `condition` and `gate`.", "bad_value", place)
        if not isinstance(parent.get("id"), str):
            raise Refused("Names a flag.", "bad_value", f"{place}.id")
        check_condition(parent.get("condition", {}), f"{place}.condition")
    coverage = rule.get("coverage", 1)
    if type(coverage) not in (int, float) or not 0 <= coverage <= 1:
        raise Refused("Must be a share from 0 to 1.", "bad_value", f"{where}.coverage")
    if rule.get("hashVersion", 2) not in (1, 2):
        raise Refused("Must be 1 or 2.", "bad_value", f"{where}.hashVersion")
    for name in ("hashAttribute", "fallbackAttribute", "seed"):
        if name in rule and not (isinstance(rule[name], str) and 0 < len(rule[name]) <= 200):
            raise Refused("Must be a text.", "bad_value", f"{where}.{name}")


def _check_experiment(kind: str, rule: Mapping[str, Any], where: str) -> None:
    if not isinstance(rule.get("key"), str) or not KEY.fullmatch(rule["key"]):
        raise Refused("An experiment needs a key.", "bad_value", f"{where}.key")
    for name in ("phase", "name", "layer"):
        if name in rule and not isinstance(rule[name], str):
            raise Refused("Must be a text.", "bad_value", f"{where}.{name}")
    if "script" in rule:
        _check_script(kind, rule["script"], f"{where}.script")
    else:
        _check_trial(kind, rule, where)


def _check_script(kind: str, script: Any, where: str) -> None:
    if kind != Kind.OBJECT:
        sentence = "A script needs a flag whose values are objects."
        raise Refused(sentence, code="bad_value", field=where)
    check_depth(script, where)
    try:
        made = Script(script)
    except BadScript as error:
        sentence = f"{error.message[0].upper()}{error.message[1:]}."
        raise Refused(sentence, code="bad_value", field=f"{where}.{error.field}") from error
    for number, parameter in enumerate(made.parameters):
        if parameter.when is not None:
            check_condition(parameter.when, f"{where}.parameters.{number}.when")


def _check_trial(kind: str, rule: Mapping[str, Any], where: str) -> None:
    variations = rule["variations"]
    if not isinstance(variations, list) or not 2 <= len(variations) <= MAX_VARIATIONS:
        sentence = f"Must be 2 to {MAX_VARIATIONS} values."
        raise Refused(sentence, code="bad_value", field=f"{where}.variations")
    for index, value in enumerate(variations):
        check_value(kind, value, f"{where}.variations.{index}")
    if "weights" in rule:
        _check_weights(rule["weights"], len(variations), f"{where}.weights")
    meta = rule.get("meta", [])
    if not isinstance(meta, list) or not all(isinstance(one, dict) for one in meta):
        raise Refused("Must be a list of objects.", "bad_value", f"{where}.meta")
    if meta and len(meta) != len(variations):
        raise Refused("Must be as many as the variations.", "bad_value", f"{where}.meta")
    for name in ("bucketVersion", "minBucketVersion"):
        if type(rule.get(name, 0)) is not int or not 0 <= rule.get(name, 0) <= MAX_BUCKET_VERSION:
            sentence = f"Must be a whole number from 0 to {MAX_BUCKET_VERSION:,}."
            raise Refused(sentence, code="bad_value", field=f"{where}.{name}")
    namespace = rule.get("namespace", ["", 0, 1])
    if not isinstance(namespace, list) or len(namespace) != 3 or not _is_namespace(namespace):
        sentence = "Must be [name, start, end] with 0 ≤ start < end ≤ 1."
        raise Refused(sentence, code="bad_value", field=f"{where}.namespace")


def _is_namespace(namespace: list[Any]) -> bool:
    name, start, end = namespace
    numbers = all(type(bound) in (int, float) for bound in (start, end))
    return isinstance(name, str) and numbers and 0 <= start < end <= 1


def _check_weights(weights: Any, count: int, field: str) -> None:
    if not isinstance(weights, list) or len(weights) != count:
        raise Refused("Must be as many as the variations.", code="bad_value", field=field)
    if not all(type(weight) in (int, float) and 0 <= weight <= 1 for weight in weights):
        raise Refused("Must be shares from 0 to 1.", code="bad_value", field=field)
    low, high = SUM_OF_WEIGHTS
    if not low <= sum(weights) <= high:
        raise Refused(f"Must sum to 1, not {sum(weights):g}.", code="bad_value", field=field)


def check_condition(condition: Any, field: str) -> None:
    """A targeting condition in which every operator is known and every pattern can be matched."""
    if not isinstance(condition, dict):
        raise Refused("Must be an object.", code="bad_value", field=field)
    check_depth(condition, field)
    for name, inner in condition.items():
        place = f"{field}.{name}"
        if name in ("$and", "$or", "$nor"):
            _check_operand(name, inner, place)
            for index, part in enumerate(inner):
                check_condition(part, f"{place}.{index}")
        elif name == "$not":
            check_condition(inner, place)
        elif name.startswith("$") and name not in (*LOGICAL, "$groups"):
            raise Refused(f"{name} is no operator here.", code="bad_operator", field=place)
        elif name not in LOGICAL:
            _check_value_test(inner, place)


def _check_value_test(test: Any, field: str) -> None:
    """What one attribute is tested for: operators, or else a value that it has to equal."""
    if not isinstance(test, dict) or not any(name.startswith("$") for name in test):
        return
    for name, operand in test.items():
        place = f"{field}.{name}"
        if name not in OPERATORS:
            raise Refused(f"{name} is no operator here.", code="bad_operator", field=place)
        _check_operand(name, operand, place)
        if name == "$elemMatch" and not all(key in OPERATORS for key in operand):
            check_condition(operand, place)
        elif name in ("$not", "$size", "$elemMatch"):
            _check_value_test(operand, place)
        elif name in ("$all", "$alli"):
            for index, one in enumerate(operand):
                _check_value_test(one, f"{place}.{index}")


def _check_operand(name: str, operand: Any, field: str) -> None:
    if name in ("$regex", "$regexi", "$notRegex", "$notRegexi"):
        fault = patterns.fault(operand) if isinstance(operand, str) else "must be a text"
        if fault:
            raise Refused(f"The pattern {fault}.", code="bad_pattern", field=field)
    lists = ("$in", "$nin", "$ini", "$nini", "$all", "$alli", "$and", "$or", "$nor")
    if name in lists and not isinstance(operand, list):
        raise Refused("Must be a list.", code="bad_value", field=field)
    if name == "$elemMatch" and not isinstance(operand, dict):
        raise Refused("Must be an object.", code="bad_value", field=field)
    if name in ("$inGroup", "$notInGroup", "$type") and not isinstance(operand, str):
        raise Refused("Must be a text.", code="bad_value", field=field)
