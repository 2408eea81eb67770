"""What is different between two settings of a flag, a line each, in words that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

LONGEST = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One difference: where, and the values before and after; None where there was or is nothing."""

    where: str
    before: str | None
    after: str | None


def as_text(value: Any, limit: int = LONGEST) -> str:
    """A value as JSON, shortened."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def differences(
    default: tuple[Any, Any],
    rules: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
) -> list[Line]:
    """Lines between (before, after) of the default value and of the rules."""
    return list(_lines(default, rules))


def _lines(
    default: tuple[Any, Any],
    rules: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
) -> Iterator[Line]:
    if default[0] != default[1]:
        yield Line("default", as_text(default[0]), as_text(default[1]))
    old, new = ({rule["id"]: rule for rule in side} for side in rules)
    for id in [*new, *(id for id in old if id not in new)]:
        yield from _of_rule(id, old.get(id), new.get(id))
    kept_before, kept_after = [id for id in old if id in new], [id for id in new if id in old]
    if kept_before != kept_after:
        yield Line("order of the rules", ", ".join(kept_before), ", ".join(kept_after))


def _of_rule(
    id: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[Line]:
    if old is None or new is None:
        yield Line(
            f"rule {id}", as_text(_bare(old)) if old else None, as_text(_bare(new)) if new else None
        )
        return
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            values = [as_text(rule[name]) if name in rule else None for rule in (old, new)]
            yield Line(f"rule {id}, {name}", *values)


def _bare(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name != "id"}
