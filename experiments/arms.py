"""The arms of an experiment's rule, whether it names its variations or has a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.assignment.script import Script


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm. `share` is from 0 to 1, None where it depends on who the units are."""

    key: str
    name: str
    share: float | None
    value: Any


def arms_of(rule: Mapping[str, Any]) -> list[Arm]:
    """Arms in their order."""
    if "script" in rule:
        script = Script(rule["script"])
        shares = script.shares() or [None] * len(script.combinations)
        made = zip(script.names, shares, script.combinations, strict=True)
        return [Arm(name, name, share, value) for name, share, value in made]
    values = rule["variations"]
    weights = rule.get("weights") or [1 / len(values)] * len(values)
    metas = rule.get("meta") or [{}] * len(values)
    keys = [str(meta.get("key", index)) for index, meta in enumerate(metas)]
    return [
        Arm(key, meta.get("name") or key, weight, value)
        for key, meta, weight, value in zip(keys, metas, weights, values, strict=True)
    ]
