"""What has to be written down before an experiment may start, and what may change once it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlog.core import Refused
from experiments.commands.checks import KEY, check_depth, check_environment, check_key, check_text
from experiments.commands.rules import MAX_VARIATIONS, check_condition
from experiments.state import Part

MAX_METRICS, MAX_SLICES, MAX_STEPS, LONGEST = 50, 5, 20, 365
DEFAULTS: dict[str, Any] = {
    "environment": "production",
    "unit": "id",
    "condition": {},
    "layer": "",
    "segments": 0,
    "ramp": [{"coverage": 1.0, "hours": 0}],
    "alpha": 0.05,
    "power": 0.8,
    "smallest_effect": 0.0,
    "units": 5_000,
    "min_days": 7,
    "days": 14,
    "slices": [],
    "stop_when_confident": False,
    "stop_on_harm": True,
    "owner": "",
    "offline_metric": "",
    "offline_gain": None,
}
FIELDS = {"title", "hypothesis", "flag", "variations", "metrics", *DEFAULTS}
# What decides who gets which arm, or what the arms are: another design is another experiment.
FIXED = ("flag", "environment", "unit", "condition", "layer", "variations", "slices", "alpha")


def sound_design(given: Mapping[str, Any]) -> dict[str, Any]:
    """The design with its defaults. Raises `Refused` naming the field.

    `variations` are ``{"key", "value", "weight"}``, the first is the control; `metrics` are
    ``{"metric", "part", "margin"}``, a guardrail's margin being the relative harm that is borne;
    `ramp` are ``{"coverage", "hours"}``; `smallest_effect` is relative; `units` are all arms';
    `offline_gain` is what the treatment gained on `offline_metric` before it met anybody.
    """
    if not isinstance(given, Mapping):
        raise Refused("Must be an object.", "bad_value", "design")
    if unknown := sorted(given.keys() - FIELDS):
        raise Refused("Is not known.", "unknown_field", unknown[0])
    for name in ("title", "hypothesis", "flag", "variations", "metrics"):
        if name not in given:
            raise Refused("Is required.", "required", name)
    made = {**DEFAULTS, **given}
    for name in (
        "title",
        "hypothesis",
        "flag",
        "environment",
        "unit",
        "layer",
        "owner",
        "offline_metric",
    ):
        if not isinstance(made[name], str):
            raise Refused("Must be a text.", "bad_value", name)
    check_text(made["title"], "title", limit=200, empty=False)
    check_text(made["hypothesis"], "hypothesis", empty=False)
    check_text(made["unit"], "unit", limit=200, empty=False)
    check_text(made["owner"], "owner", limit=200)
    check_key(made["flag"], "flag")
    check_environment(made["environment"])
    check_depth(made, "design")
    check_condition(made["condition"], "condition")
    _check_layer(made)
    made["variations"] = _variations(made["variations"])
    made["metrics"] = _metrics(made["metrics"])
    made["ramp"] = _ramp(made["ramp"])
    _check_slices(made["slices"])
    _check_numbers(made)
    return made


def check_change(before: Mapping[str, Any], after: Mapping[str, Any], reason: str) -> None:
    """What may change while an experiment runs: never its arms, and never without a reason."""
    for name in FIXED:
        if before[name] != after[name]:
            raise Refused(
                f"{name} cannot change while it runs; stop it and start another phase.",
                "fixed",
                name,
                before[name],
            )
    kept = {one["metric"]: one["part"] for one in after["metrics"]}
    for one in before["metrics"]:
        if one["part"] == Part.PRIMARY and kept.get(one["metric"]) != Part.PRIMARY:
            sentence = "The metric that decides was chosen before there were data; it stays."
            raise Refused(sentence, "fixed", "metrics", one["metric"])
    check_text(reason, "reason", empty=False)


def _check_layer(made: Mapping[str, Any]) -> None:
    if made["layer"]:
        check_key(made["layer"], "layer")
        if type(made["segments"]) is not int or made["segments"] < 1:
            raise Refused("Needs at least one segment of its layer.", "bad_value", "segments")
    elif made["segments"]:
        raise Refused("Segments are of a layer; name it.", "bad_value", "layer")


def _variations(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not 2 <= len(given) <= MAX_VARIATIONS:
        sentence = f"Must be 2 to {MAX_VARIATIONS} variations, the control first."
        raise Refused(sentence, "bad_value", "variations")
    made: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        where = f"variations.{index}"
        if not isinstance(one, dict) or one.keys() - {"key", "value", "weight"}:
            raise Refused("Has `key`, `value` and `weight`.", "bad_value", where)
        if not isinstance(one.get("key"), str) or not KEY.fullmatch(one["key"]):
            raise Refused("Needs a key such as control.", "bad_value", f"{where}.key")
        if one["key"] in [other["key"] for other in made]:
            raise Refused("Two variations have this key.", "bad_value", f"{where}.key")
        if "value" not in one:
            raise Refused("Is required.", "required", f"{where}.value")
        weight = one.get("weight", 1 / len(given))
        if type(weight) not in (int, float) or not 0 < weight < 1:
            raise Refused("Must be a share between 0 and 1.", "bad_value", f"{where}.weight")
        made.append({"key": one["key"], "value": one["value"], "weight": float(weight)})
    if abs(sum(one["weight"] for one in made) - 1) > 1e-6:
        raise Refused("The weights must sum to 1.", "bad_value", "variations")
    return made


def _metrics(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not 0 < len(given) <= MAX_METRICS:
        raise Refused(f"Must be 1 to {MAX_METRICS} metrics.", "bad_value", "metrics")
    made: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        where = f"metrics.{index}"
        if not isinstance(one, dict) or one.keys() - {"metric", "part", "margin"}:
            raise Refused("Has `metric`, `part` and `margin`.", "bad_value", where)
        if not isinstance(one.get("metric"), str) or not KEY.fullmatch(one["metric"]):
            raise Refused("Names a metric of the library.", "bad_value", f"{where}.metric")
        if one["metric"] in [other["metric"] for other in made]:
            raise Refused("Is there twice.", "bad_value", f"{where}.metric")
        if one.get("part") not in list(Part):
            raise Refused(f"Must be one of {', '.join(Part)}.", "bad_value", f"{where}.part")
        margin = one.get("margin", 0.0)
        if type(margin) not in (int, float) or not 0 <= margin <= 10:
            raise Refused("Must be a relative harm from 0 to 10.", "bad_value", f"{where}.margin")
        if margin and one["part"] != Part.GUARDRAIL:
            raise Refused("Only a guardrail has a margin.", "bad_value", f"{where}.margin")
        made.append({"metric": one["metric"], "part": one["part"], "margin": float(margin)})
    if not any(one["part"] == Part.PRIMARY for one in made):
        sentence = "One metric has to decide; give it the part primary."
        raise Refused(sentence, "bad_value", "metrics")
    return made


def _ramp(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not 0 < len(given) <= MAX_STEPS:
        raise Refused(f"Must be 1 to {MAX_STEPS} steps.", "bad_value", "ramp")
    made: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        where = f"ramp.{index}"
        if not isinstance(one, dict) or one.keys() - {"coverage", "hours"}:
            raise Refused("Has `coverage` and `hours`.", "bad_value", where)
        coverage, hours = one.get("coverage", 0), one.get("hours", 0)
        if type(coverage) not in (int, float) or not 0 < coverage <= 1:
            raise Refused("Must be a share above 0.", "bad_value", f"{where}.coverage")
        if made and coverage <= made[-1]["coverage"]:
            raise Refused("Each step is greater.", "bad_value", f"{where}.coverage")
        if type(hours) not in (int, float) or not 0 <= hours <= 24 * LONGEST:
            raise Refused("Must be hours, 0 or more.", "bad_value", f"{where}.hours")
        made.append({"coverage": float(coverage), "hours": float(hours)})
    return made


def _check_slices(given: Any) -> None:
    if not isinstance(given, list) or len(given) > MAX_SLICES:
        raise Refused(f"At most {MAX_SLICES} slices.", "bad_value", "slices")
    if not all(isinstance(one, str) and KEY.fullmatch(one) for one in given):
        raise Refused("Names attributes of exposures.", "bad_value", "slices")


def _check_numbers(made: Mapping[str, Any]) -> None:
    for name, low, high in (
        ("alpha", 1e-6, 0.5),
        ("power", 0.5, 0.999),
        ("smallest_effect", 0, 10),
    ):
        value = made[name]
        if type(value) not in (int, float) or not low <= value <= high:
            raise Refused(f"Must be a number from {low:g} to {high:g}.", "bad_value", name)
    for name, most in (("units", 10**10), ("min_days", LONGEST), ("days", LONGEST)):
        if type(made[name]) is not int or not 1 <= made[name] <= most:
            raise Refused(f"Must be a whole number from 1 to {most:,}.", "bad_value", name)
    if made["min_days"] > made["days"]:
        raise Refused("Is longer than the whole.", "bad_value", "min_days", made["days"])
    gain = made["offline_gain"]
    if gain is not None and (type(gain) not in (int, float) or not abs(gain) <= 100):
        raise Refused("Must be a relative gain, such as 0.03.", "bad_value", "offline_gain")
    check_text(made["offline_metric"], "offline_metric", limit=200)
    for name in ("stop_when_confident", "stop_on_harm"):
        if type(made[name]) is not bool:
            raise Refused("Must be true or false.", "bad_value", name)
