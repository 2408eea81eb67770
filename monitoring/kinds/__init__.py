"""Kinds of monitor: one file each in this folder, found by being there.

from monitoring import kinds

monitor = kinds.make("threshold", {"op": "above", "value": 0.01})
state, verdicts = monitor.evaluate(monitor.start(), points, now)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from monitoring.kinds.base import BadParameter, Kind, Point, Verdict, _registry

__all__ = ["BadParameter", "Kind", "Point", "Verdict", "kinds", "make", "named"]


@cache
def kinds() -> Mapping[str, type[Kind]]:
    """Every kind by its name, in alphabetical order."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {name: _registry[name] for name in sorted(_registry)}


def named(name: str) -> type[Kind]:
    """The kind of that name. Raises `BadParameter` that lists the ones there are."""
    found = kinds().get(name)
    if found is None:
        raise BadParameter("kind", f"there is no {name!r}; there are {', '.join(kinds())}")
    return found


def make(name: str, values: Mapping[str, Any]) -> Kind:
    """A kind with its parameters checked. Raises `BadParameter`."""
    return named(name).with_values(values)
