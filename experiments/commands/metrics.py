"""The library of metrics: what is counted, which way it gets better, and how far after exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from typing import Any

from eventlog.core import Command, Event, Refused
from experiments import events
from experiments.commands.checks import KEY, check_key, check_text
from experiments.state import Aggregation, Direction, Metric

LONGEST_WINDOW = 90 * 24  # hours
LONGEST_BEFORE = 60  # days
MAX_DIGITS = 40
TWO_SOURCES = (Aggregation.RATIO,)
WITH_COVARIATE = (Aggregation.CONVERSION, Aggregation.COUNT, Aggregation.SUM)
DEFAULTS: dict[str, Any] = {
    "denominator": "",
    "direction": str(Direction.UP),
    "unit": "",
    "cap": "",
    "quantile": "",
    "window_hours": 0,
    "before_days": 0,
    "description": "",
}
FIELDS = {"name", "aggregation", "source", *DEFAULTS}


class DefineMetric(Command[Metric]):
    """Adds a metric to the library, or changes it for the experiments to come.

    ``{"name", "aggregation", "source", "denominator", "direction", "unit", "cap", "quantile",
    "window_hours", "before_days", "description"}``: `source` and `denominator` name outcomes, `cap` is the decimal
    at which one unit's total is cut off, `window_hours` after exposure outcomes count (0: always),
    and what happened in the `before_days` before it is the covariate.
    """

    blank = Metric()
    metric: str
    definition: dict[str, Any] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        return f"metric:{self.metric}"

    def decide(self, state: Metric) -> list[Event]:
        check_key(self.metric, "metric")
        made = sound_metric(self.definition)
        if made == state.definition:
            return []
        return [events.MetricDefined(metric=self.stream, definition=made)]


def sound_metric(given: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with its defaults. Raises `Refused` naming the field."""
    if not isinstance(given, Mapping):
        raise Refused("Must be an object.", "bad_value", "definition")
    if unknown := sorted(given.keys() - FIELDS):
        raise Refused("Is not known.", "unknown_field", unknown[0])
    made = {**DEFAULTS, **given}
    for name in ("name", "source", "denominator", "unit", "description", "cap", "quantile"):
        if not isinstance(made.get(name), str):
            raise Refused("Must be a text.", "bad_value", name)
    check_text(made["name"], "name", limit=100, empty=False)
    check_text(made["unit"], "unit", limit=20)
    check_text(made["description"], "description")
    if made.get("aggregation") not in list(Aggregation):
        raise Refused(f"Must be one of {', '.join(Aggregation)}.", "bad_value", "aggregation")
    if made["direction"] not in list(Direction):
        raise Refused(f"Must be one of {', '.join(Direction)}.", "bad_value", "direction")
    _check_sources(made)
    _check_cap(made)
    _check_quantile(made)
    _check_whole(made, "window_hours", LONGEST_WINDOW)
    _check_whole(made, "before_days", LONGEST_BEFORE)
    if made["before_days"] and made["aggregation"] not in WITH_COVARIATE:
        sentence = "Only conversion, count and sum have a covariate."
        raise Refused(sentence, "bad_value", "before_days")
    return made


def _check_sources(made: Mapping[str, Any]) -> None:
    if not KEY.fullmatch(made["source"]):
        raise Refused("Must name outcomes, such as purchase.", "bad_value", "source")
    has_two = made["aggregation"] in TWO_SOURCES
    if has_two and not KEY.fullmatch(made["denominator"]):
        sentence = "A ratio divides by other outcomes, such as session."
        raise Refused(sentence, "bad_value", "denominator")
    if made["denominator"] and not has_two:
        raise Refused("Only a ratio has a denominator.", "bad_value", "denominator")


def _check_cap(made: Mapping[str, Any]) -> None:
    if not made["cap"]:
        return
    if made["aggregation"] == Aggregation.CONVERSION:
        raise Refused("A conversion is 0 or 1 and needs no cap.", "bad_value", "cap")
    check_text(made["cap"], "cap", limit=MAX_DIGITS)
    try:
        cap = Decimal(made["cap"])
    except InvalidOperation as error:
        raise Refused("Must be a number such as 250.", "bad_value", "cap") from error
    if not cap.is_finite() or not Decimal("1e-9") <= cap <= Decimal("1e15"):
        raise Refused("Must be 1e-9 at least and 1e15 at most.", "bad_value", "cap")


def _check_quantile(made: Mapping[str, Any]) -> None:
    if made["aggregation"] != Aggregation.QUANTILE:
        if made["quantile"]:
            raise Refused("Only the aggregation quantile has one.", "bad_value", "quantile")
        return
    check_text(made["quantile"], "quantile", limit=MAX_DIGITS)
    try:
        share = Decimal(made["quantile"])
    except InvalidOperation as error:
        raise Refused("Must be a share such as 0.99.", "bad_value", "quantile") from error
    if not share.is_finite() or not Decimal("0.01") <= share <= Decimal("0.999"):
        raise Refused("Must lie between 0.01 and 0.999.", "bad_value", "quantile")


def _check_whole(made: Mapping[str, Any], name: str, most: int) -> None:
    if type(made[name]) is not int or not 0 <= made[name] <= most:
        raise Refused(f"Must be a whole number from 0 to {most}.", "bad_value", name)
