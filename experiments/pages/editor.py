"""The editor of rules with its simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventlog.core import Refused
from experiments import editing, fields, queries
from experiments.assignment.script import DRAWS
from experiments.differences import as_text
from experiments.pages.places import places
from experiments.queries import FlagView, Served
from experiments.simulator import Answer
from experiments.state import Kind

SOURCES = {
    "defaultValue": "no rule applied, so it is the default",
    "force": "a rule gives this value",
    "experiment": "an experiment chose a variation",
    "prerequisite": "a prerequisite shuts the flag",
    "cyclicPrerequisite": "its prerequisites go round in a circle",
    "unknownFeature": "the flag is not served",
    "override": "it was overridden",
}


def attributes_of(text: str) -> dict[str, Any]:
    """The attributes that somebody is tried with. Raises `Refused`."""
    found = fields.read_json(text or "{}", "attributes")
    if not isinstance(found, dict) or len(text) > 20_000:
        raise Refused('Attributes are an object: {"id": "user-1"}', "bad_value", "attributes")
    return found


def told(answer: Answer, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The simulator's answer in words, a step a rule; those after the decisive one were not asked."""
    steps = [
        {"rule": step.rule, "words": step.reason or "applies", "applies": not step.reason}
        for step in answer.steps
    ]
    asked = {step.rule for step in answer.steps}
    steps += [
        {"rule": rule["id"], "words": "not asked any more", "applies": False, "skipped": True}
        for rule in rules
        if rule["id"] not in asked
    ]
    return {
        "value": as_text(answer.value),
        "words": SOURCES.get(answer.source, answer.source),
        "variation": answer.variation,
        "place": f"{answer.place:.4f}" if answer.place is not None else "",
        "steps": steps,
    }


def editor(
    view: FlagView,
    served: Served,
    cards: list[editing.Card],
    given: Mapping[str, str],
    refusal: Refused | None,
    answer: Answer | None,
) -> dict[str, Any]:
    """Cards, what is wrong with them, and what somebody would get by them."""
    field = refusal.field if refusal else ""
    wrong = next((n for n in range(len(cards)) if f"{field}.".startswith(f"rules.{n}.")), None)
    return {
        "places": places("flags"),
        "view": view,
        "served": served,
        "cards": [
            card
            | {"place": place, "wrong": place == wrong, "last": place == len(cards) - 1}
            | {"order": ",".join(str(n) for n in range(len(card["parameters"])))}
            for place, card in enumerate(cards)
        ],
        "order": ",".join(str(place) for place in range(len(cards))),
        "default": given.get("default", fields.value_text(view.kind, served.default)),
        "expected": given.get("expected", str(served.revision)),
        "comment": given.get("comment", ""),
        "attributes": given.get("attributes", '{"id": "user-1"}'),
        "draws": list(DRAWS),
        "is_object": view.kind == Kind.OBJECT,
        "layers": list(queries.layer_keys()),
        "problem": refusal.message if refusal else "",
        "field": field,
        "answer": told(answer, _ids(cards)) if answer else None,
    }


def _ids(cards: list[editing.Card]) -> list[dict[str, Any]]:
    return [{"id": card["id"]} for card in cards]
