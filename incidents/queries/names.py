"""How refs are called on screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from access.queries import names as actor_names
from incidents.queries.values import Named


def names_of(refs: Iterable[str]) -> dict[str, str]:
    """Names by ref; what has no name is called by its ref."""
    wanted = {ref for ref in refs if ref}
    return {ref: ref for ref in wanted} | actor_names(wanted)


def named(ref: str, names: Mapping[str, str]) -> Named | None:
    return Named(ref, names.get(ref, ref)) if ref else None


def actor(ref: str, names: Mapping[str, str]) -> Named:
    return Named(ref, names.get(ref, ref))
