"""What a pack is: the series that it looks for, and the monitors that it makes of them.

A pack knows nothing of what is there. It names roles, such as *requests*, each with the series that
usually plays it; whoever installs the pack says which series does so here.
"""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from monitoring import kinds
from monitoring.kinds.base import BadParameter
from monitoring.kinds.framed import Framed
from monitoring.slo.definition import Selector
from monitoring.slo.exact import BadSlo
from monitoring.slo.selectors import parse

INSTALLED = uuid.UUID("7d4d3f0a-5d55-5a5b-9a55-0c1e2a9a6f11")


@dataclass(frozen=True)
class Role:
    """A series that a pack looks for. `by` names the labels by which it arrives, if there are any."""

    name: str
    series: str
    says: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plays:
    """Stands in parameters for the series that plays a role."""

    role: str


def series(role: str) -> Any:
    """The series that plays this role, as a parameter of a monitor."""
    return Plays(role)


@dataclass(frozen=True)
class Part:
    """One monitor of a pack; `own` is the role of its own series, `why` justifies its defaults."""

    key: str
    title: str
    kind: str
    own: str
    why: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    urgency: str = ""

    @property
    def roles(self) -> set[str]:
        """The roles that it needs."""
        others = {each.role for each in self.parameters.values() if isinstance(each, Plays)}
        return {self.own} | others


@dataclass(frozen=True)
class Pack:
    """Some monitors that belong together."""

    name: str
    title: str
    says: str
    roles: Sequence[Role]
    parts: Sequence[Part]

    def usual(self) -> dict[str, str]:
        """The series that usually plays each role."""
        return {role.name: role.series for role in self.roles}


@dataclass(frozen=True)
class Made:
    """A part filled in for one subject: the fields of a monitor, and the series it reads."""

    part: Part
    id: str
    definition: dict[str, Any]
    reads: tuple[Selector, ...]


def made(pack: Pack, subject: str, chosen: Mapping[str, str]) -> list[Made]:
    """The monitors of a pack for a subject, with the series that play its roles.

    Raises `kinds.base.BadParameter` naming the role whose series cannot be read.
    """
    own = {role: _selector(role, text) for role, text in (pack.usual() | dict(chosen)).items()}
    return [_made(pack, part, subject, own) for part in pack.parts]


def _selector(role: str, text: str) -> Selector:
    try:
        return parse(text, role)
    except BadSlo as fault:
        raise BadParameter(role, fault.message) from None


def _made(pack: Pack, part: Part, subject: str, chosen: Mapping[str, Selector]) -> Made:
    parameters = {
        name: _spelled(chosen[value.role]) if isinstance(value, Plays) else value
        for name, value in part.parameters.items()
    }
    own = chosen[part.own]
    definition = {
        "name": f"{subject.partition(':')[2]}: {part.title}",
        "kind": part.kind,
        "parameters": parameters,
        "series": own.series,
        "labels": dict(own.labels),
        "subjects": [subject],
        "urgency": part.urgency,
        "description": part.why,
    }
    id = str(uuid.uuid5(INSTALLED, f"{pack.name}/{part.key} {subject}"))
    return Made(part, id, definition, tuple(chosen[role] for role in sorted(part.roles)))


def _spelled(selector: Selector) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in sorted(selector.labels.items()))
    return f"{selector.series}{{{inner}}}" if inner else selector.series


def reads(made: Made) -> list[tuple[Selector, tuple[str, ...]]]:
    """The series that a monitor reads, each with the labels that tell its slices apart."""
    kind = kinds.make(made.part.kind, made.definition["parameters"])
    own = Selector(made.definition["series"], made.definition["labels"])
    if isinstance(kind, Framed):
        wanted = kind.wanted(own).values()
        return [(Selector(want.series, dict(want.labels)), want.by) for want in wanted]
    return [(selector, ()) for selector in made.reads]


@cache
def packs() -> dict[str, Pack]:
    """Every pack by name, in the order of their titles."""
    found = sorted(_found(), key=lambda pack: pack.title)
    return {pack.name: pack for pack in found}


def _found() -> Iterator[Pack]:
    package = importlib.import_module("monitoring.packs")
    for module in pkgutil.iter_modules(package.__path__):
        pack = getattr(importlib.import_module(f"monitoring.packs.{module.name}"), "PACK", None)
        if isinstance(pack, Pack):
            yield pack


def document() -> str:
    """The packs for the documentation."""
    lines: list[str] = []
    for pack in packs().values():
        lines += [f"### {pack.title} (`{pack.name}`)", "", pack.says, ""]
        lines += ["| role | usually the series | what it is |", "|---|---|---|"]
        for role in pack.roles:
            by = f", by {', '.join(role.by)}" if role.by else ""
            lines.append(f"| `{role.name}` | `{role.series}`{by} | {role.says} |")
        lines += ["", "| monitor | kind | defaults, and why |", "|---|---|---|"]
        for part in pack.parts:
            said = ", ".join(
                f"`{name}` {_spoken(value)}" for name, value in part.parameters.items()
            )
            urgency = part.urgency or kinds.named(part.kind).urgency
            lines.append(
                f"| {part.title} | `{part.kind}`, {urgency} | {said + ': ' if said else ''}{part.why} |"
            )
        lines.append("")
    return "\n".join(lines).strip()


def _spoken(value: Any) -> str:
    return f"= the {value.role}" if isinstance(value, Plays) else f"= {value}"
