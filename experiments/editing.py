"""The editor's form ↔ a flag's rules.

A rule is a card of fields; what has no field of its own stands as JSON in `more`, so that nothing
that the API can say is lost by opening the editor. Values are JSON, except those of a text flag.
Names are ``r<position>.<field>``. No script is needed: adding, moving and removing a card are
buttons that send the form and change nothing that is served.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from eventlog.core import Refused
from experiments.commands.rules import MAX_RULES
from experiments.factorial import arms, factors_of
from experiments.state import Kind

OWN = ("id", "description", "condition", "coverage", "hashAttribute")
OF_TRIAL = ("variations", "weights", "meta", "key", "phase", "seed", "layer")
MOVES = {"up": -1, "down": 1}
EQUAL = "equal"
BLANKS = " \t\r"  # not all that Python takes for blank: values may begin with the others

Card = dict[str, Any]


def members_text(values: list[Any]) -> str:
    """Values of a list as a field shows them: a line each, or JSON where that would lose a type."""
    plain = all(
        isinstance(value, str) and _is_plain(value) and value[:1] != "[" for value in values
    )
    return "\n".join(values) if plain else orjson.dumps(values).decode()


def members_of(text: str, field: str) -> list[Any]:
    """The values that a field lists. Raises `Refused`."""
    if not text.startswith("["):
        return [line.strip(BLANKS) for line in lines_of(text)]
    found: list[Any] = read_json(text, field)
    return found


def value_text(kind: str, value: Any) -> str:
    """A value as it stands in a field; a text that a line could not hold is quoted as in JSON."""
    if kind == Kind.STRING and isinstance(value, str) and _is_plain(value):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def _is_plain(text: str) -> bool:
    return text == text.strip() and text.isprintable() and not text.startswith('"')


def value_of(kind: str, text: str, field: str) -> Any:
    """The value that a field says. Raises `Refused`."""
    is_plain = kind == Kind.STRING and not text.startswith('"')
    return text if is_plain else read_json(text, field)


def lines_of(text: str) -> list[str]:
    """The lines of a field that say something."""
    return [line for line in text.split("\n") if line.strip(BLANKS)]


def read_json(text: str, field: str) -> Any:
    """JSON in a field. Raises `Refused`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(f"This is not JSON: {error}.", "bad_json", field) from error


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""


def card_of(kind: str, rule: Mapping[str, Any]) -> Card:
    """The fields of a rule."""
    is_trial = "variations" in rule
    known = {*OWN, *(OF_TRIAL if is_trial else ("force",))}
    if any(one.keys() != {"key"} for one in rule.get("meta", ())):
        known -= {"meta"}  # names and more besides the keys stay as they are
    card = {
        "id": rule["id"],
        "is_trial": is_trial,
        "description": rule.get("description", ""),
        "condition": _pretty(rule.get("condition")),
        "coverage": percent(rule["coverage"]) if "coverage" in rule else "",
        "hashAttribute": rule.get("hashAttribute", ""),
        "more": _pretty({k: v for k, v in rule.items() if k not in known}),
        "force": "" if is_trial else value_text(kind, rule["force"]),
    }
    if is_trial:
        card |= {name: rule.get(name, "") for name in ("key", "phase", "seed", "layer")}
        card["arms"] = _arm_lines(kind, rule)
        card["factors"] = ""
    return card


def percent(share: float) -> str:
    """A share as per cent; `_share` reads the very same float back."""
    return f"{Decimal(repr(share)) * 100:f}".rstrip("0").rstrip(".") or "0"


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
    names = ("id", "description", "condition", "coverage", "hashAttribute", "more", "force")
    trial = ("key", "phase", "seed", "layer", "arms", "factors")
    card: Card = {name: given.get(prefix + name, "") for name in (*names, *trial)}
    for name in ("id", "description", "coverage", "hashAttribute", *trial[:4]):
        card[name] = card[name].strip()
    card["is_trial"] = given.get(f"{prefix}kind") == "trial"
    return card


def changed(cards: list[Card], action: str, kind: str, flag: str) -> list[Card]:
    """The cards after a button: ``add-force``, ``add-trial``, ``up-2``, ``down-0``, ``remove-1``."""
    verb, _, what = action.partition("-")
    if verb == "add" and len(cards) < MAX_RULES:
        return [*cards, blank(kind, what == "trial", {card["id"] for card in cards}, flag)]
    place = int(what) if what.isdigit() else -1
    if not 0 <= place < len(cards):
        return cards
    rest = cards[:place] + cards[place + 1 :]
    if verb == "remove":
        return rest
    to = max(0, place + MOVES.get(verb, 0))
    return [*rest[:to], cards[place], *rest[to:]]


def blank(kind: str, is_trial: bool, taken: set[str], flag: str) -> Card:
    """A new card with an id that is free."""
    stem = "test" if is_trial else "rule"
    id = next(name for n in range(1, MAX_RULES + 2) if (name := f"{stem}-{n}") not in taken)
    values = ("true", "false") if kind == Kind.BOOLEAN else ("", "")
    card = dict.fromkeys(("description", "condition", "more", "hashAttribute", "layer"), "")
    return {
        **card,
        "id": id,
        "is_trial": is_trial,
        "coverage": "10" if is_trial else "",
        "force": values[0],
        "key": f"{flag}-{id}"[:100],
        "phase": "1",
        "seed": seed_of(flag, id, 1),
        "arms": f"50 | control | {values[1]}\n50 | new | {values[0]}",
        "factors": "",
    }


def seed_of(flag: str, rule: str, phase: int) -> str:
    """A seed that is like no other: similar seeds divide sequential ids alike (see `salt_of`)."""
    return hashlib.sha256(f"{flag}\n{rule}\n{phase}".encode()).hexdigest()[:12]


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
        rule["coverage"] = _share(card["coverage"], f"{where}.coverage")
    if card["hashAttribute"]:
        rule["hashAttribute"] = card["hashAttribute"]
    if card["is_trial"]:
        rule |= _trial(kind, card, where)
    else:
        rule["force"] = value_of(kind, card["force"], f"{where}.force")
    more = read_json(card["more"], f"{where}.more") if card["more"].strip() else {}
    if not isinstance(more, dict):
        raise Refused("Other settings are a JSON object.", "bad_value", f"{where}.more")
    return rule | more


def _trial(kind: str, card: Card, where: str) -> dict[str, Any]:
    made: dict[str, Any] = {"key": card["key"]}
    made |= {name: card[name] for name in ("phase", "seed", "layer") if card[name]}
    if card["factors"].strip():
        return made | _variations(_combinations(kind, card, where))
    lines = lines_of(card["arms"])
    return made | _variations([_arm(kind, line, f"{where}.arms") for line in lines])


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
    weight = None if parts[0] == EQUAL else _share(parts[0], field)
    return weight, parts[1], value_of(kind, parts[2], field)


def _share(text: str, field: str) -> float:
    try:
        # Through its decimal digits, so that 10 per cent is 0.1 and not a neighbour of it.
        share = Decimal(text.rstrip("% ").replace(",", ".")) / 100
    except InvalidOperation as error:
        raise Refused("Must be per cent, such as 12.5.", "bad_value", field) from error
    if not share.is_finite() or not 0 <= share <= 1:
        raise Refused("Must be 0 to 100 per cent.", "bad_value", field)
    return float(share)
