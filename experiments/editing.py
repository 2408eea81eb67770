"""The editor's form ↔ a flag's rules.

A rule is a card of fields; what has no field of its own stands as JSON in `more`, so that nothing
that the API can say is lost by opening the editor. Values are JSON, except those of a text flag.
Names are ``r<position>.<field>``, and ``r<position>.p<position>.<field>`` for a script's parameters.
No JavaScript is needed: adding, moving and removing are buttons that send the form and change nothing
that is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlog.core import Refused
from experiments import parameters
from experiments.assignment.hashing import seed_from
from experiments.commands.rules import MAX_RULES
from experiments.factorial import arms, factors_of
from experiments.fields import (
    BLANKS,
    lines_of,
    percent,
    pretty,
    read_json,
    share_of,
    value_of,
    value_text,
)
from experiments.state import Kind

OWN = ("id", "description", "condition", "coverage", "hashAttribute")
OF_EXPERIMENT = ("key", "phase", "seed", "layer")
# What cards hold besides, by their kind.
FIELDS = {
    "force": {"force"},
    "trial": {"variations", "weights", "meta", *OF_EXPERIMENT},
    "script": {"script", *OF_EXPERIMENT},
}
STEMS = {"force": "rule", "trial": "test", "script": "script"}
MOVES = {"up": -1, "down": 1}
EQUAL = "equal"

Card = dict[str, Any]


def card_of(kind: str, rule: Mapping[str, Any]) -> Card:
    """The fields of a rule; `kind` of a card is one of `FIELDS`."""
    made = "script" if "script" in rule else "trial" if "variations" in rule else "force"
    known = {*OWN, *FIELDS[made]}
    if any(one.keys() != {"key"} for one in rule.get("meta", ())):
        known -= {"meta"}  # names and more besides the keys stay as they are
    return {
        "id": rule["id"],
        "kind": made,
        "description": rule.get("description", ""),
        "condition": pretty(rule.get("condition")),
        "coverage": percent(rule["coverage"]) if "coverage" in rule else "",
        "hashAttribute": rule.get("hashAttribute", ""),
        "more": pretty({k: v for k, v in rule.items() if k not in known}),
        "force": value_text(kind, rule["force"]) if made == "force" else "",
        **{name: rule.get(name, "") for name in OF_EXPERIMENT if made != "force"},
        "arms": _arm_lines(kind, rule) if made == "trial" else "",
        "factors": "",
        "parameters": _rows_of(rule) if made == "script" else [],
    }


def _rows_of(rule: Mapping[str, Any]) -> list[parameters.Row]:
    return [parameters.row_of(one) for one in rule["script"]["parameters"]]


def _arm_lines(kind: str, rule: Mapping[str, Any]) -> str:
    """One arm a line: ``50 | control | false``; EQUAL where the rule names no weights."""
    values, weights = rule["variations"], rule.get("weights")
    metas = rule.get("meta") or [{}] * len(values)
    return "\n".join(
        f"{percent(weights[index]) if weights else EQUAL} | {metas[index].get('key', index)}"
        f" | {value_text(kind, value)}"
        for index, value in enumerate(values)
    )


def cards_in(given: Mapping[str, str]) -> list[Card]:
    """The cards that a form carries, in its order."""
    places = [part for part in given.get("cards", "").split(",") if part.isdigit()][:MAX_RULES]
    return [_card_in(given, f"r{place}.") for place in places]


def _card_in(given: Mapping[str, str], prefix: str) -> Card:
    names = (*OWN, *OF_EXPERIMENT, "more", "force", "arms", "factors")
    card: Card = {name: given.get(prefix + name, "") for name in names}
    for name in ("id", "description", "coverage", "hashAttribute", *OF_EXPERIMENT):
        card[name] = card[name].strip()
    made = given.get(f"{prefix}kind")
    card["kind"] = made if made in FIELDS else "force"
    card["parameters"] = parameters.rows_in(given, prefix)
    return card


def changed(cards: list[Card], action: str, kind: str, flag: str) -> list[Card]:
    """The cards after a button.

    ``add-force``, ``add-trial``, ``add-script``, ``up-2``, ``down-0`` and ``remove-1`` are about
    cards; ``more-0``, ``lift-0-2`` and ``drop-0-1`` about parameters of the script of a card.
    """
    verb, _, what = action.partition("-")
    if verb == "add" and what in FIELDS and len(cards) < MAX_RULES:
        return [*cards, blank(kind, what, {card["id"] for card in cards}, flag)]
    place, row = (int(part) if part.isdigit() else -1 for part in f"{what}-".split("-")[:2])
    if not 0 <= place < len(cards):
        return cards
    rest = cards[:place] + cards[place + 1 :]
    if verb == "remove":
        return rest
    if verb in ("more", "lift", "drop"):
        rows = parameters.changed(cards[place]["parameters"], verb, row)
        return [*cards[:place], cards[place] | {"parameters": rows}, *cards[place + 1 :]]
    to = max(0, place + MOVES.get(verb, 0))
    return [*rest[:to], cards[place], *rest[to:]]


def blank(kind: str, made: str, taken: set[str], flag: str) -> Card:
    """A new card with an id that is free."""
    names = (f"{STEMS[made]}-{n}" for n in range(1, MAX_RULES + 2))
    id = next(name for name in names if name not in taken)
    values = ("true", "false") if kind == Kind.BOOLEAN else ("", "")
    card = dict.fromkeys(("description", "condition", "more", "hashAttribute", "layer"), "")
    return {
        **card,
        "id": id,
        "kind": made,
        "coverage": "" if made == "force" else "10",
        "force": values[0],
        "key": f"{flag}-{id}"[:100],
        "phase": "1",
        "seed": seed_of(flag, id, 1),
        "arms": f"50 | control | {values[1]}\n50 | new | {values[0]}",
        "factors": "",
        "parameters": [parameters.blank(set())] if made == "script" else [],
    }


def seed_of(flag: str, rule: str, phase: int) -> str:
    """A seed that is like no other."""
    return seed_from(f"{flag}\n{rule}\n{phase}")


def rules_of(kind: str, cards: list[Card]) -> list[dict[str, Any]]:
    """The rules that the cards say. Raises `Refused` naming the card's field."""
    return [_rule(kind, card, f"rules.{index}") for index, card in enumerate(cards)]


def _rule(kind: str, card: Card, where: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": card["id"]}
    if card["description"]:
        rule["description"] = card["description"]
    if card["condition"].strip():
        rule["condition"] = read_json(card["condition"], f"{where}.condition")
    if card["coverage"]:
        rule["coverage"] = share_of(card["coverage"], f"{where}.coverage")
    if card["hashAttribute"]:
        rule["hashAttribute"] = card["hashAttribute"]
    if card["kind"] == "force":
        rule["force"] = value_of(kind, card["force"], f"{where}.force")
    else:
        rule |= {name: card[name] for name in OF_EXPERIMENT if card[name] or name == "key"}
        if card["kind"] == "script":
            rule["script"] = parameters.script_of(card["parameters"], f"{where}.script")
        else:
            rule |= _trial(kind, card, where)
    more = read_json(card["more"], f"{where}.more") if card["more"].strip() else {}
    if not isinstance(more, dict):
        raise Refused("Other settings are a JSON object.", "bad_value", f"{where}.more")
    return rule | more


def _trial(kind: str, card: Card, where: str) -> dict[str, Any]:
    if card["factors"].strip():
        return _variations(_combinations(kind, card, where))
    lines = lines_of(card["arms"])
    return _variations([_arm(kind, line, f"{where}.arms") for line in lines])


def _combinations(kind: str, card: Card, where: str) -> list[tuple[float | None, str, Any]]:
    if kind != Kind.OBJECT:
        sentence = "A factorial design needs a flag whose values are objects."
        raise Refused(sentence, "bad_value", f"{where}.factors")
    try:
        made = arms(factors_of(card["factors"]))
    except Refused as refusal:
        raise Refused(refusal.message, refusal.code, f"{where}.factors") from refusal
    return [(arm.weight, arm.name, arm.value) for arm in made]


def _variations(lines: list[tuple[float | None, str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {"variations": [value for _, _, value in lines]}
    if any(weight is not None for weight, _, _ in lines):
        made["weights"] = [weight or 0.0 for weight, _, _ in lines]
    if any(key != str(index) for index, (_, key, _) in enumerate(lines)):
        made["meta"] = [{"key": key} for _, key, _ in lines]
    return made


def _arm(kind: str, line: str, field: str) -> tuple[float | None, str, Any]:
    parts = [part.strip(BLANKS) for part in line.split("|", 2)]
    if len(parts) != 3:
        raise Refused("An arm is a line such as: 50 | control | false", "bad_value", field)
    weight = None if parts[0] == EQUAL else share_of(parts[0], field)
    return weight, parts[1], value_of(kind, parts[2], field)
