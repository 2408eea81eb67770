"""What every command on an incident shares: its stream, and the checks of words and state."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from eventlog.core import Command, Refused
from incidents.state import Incident

Choice = TypeVar("Choice", str, int)
REF = re.compile(r"[a-z][a-z0-9_-]{0,39}:[^\s\x00]{1,200}")
LINK = re.compile(r"https?://[^\s\x00\ud800-\udfff]{1,1000}")
REFS_LIMIT = 20


class IncidentCommand(Command[Incident]):
    """A command on the stream of one incident, named by its id without the prefix."""

    blank = Incident()
    incident: str

    @property
    def stream(self) -> str:
        return f"incident:{self.incident}"


def declared(state: Incident) -> None:
    """Refuses what was never declared."""
    if not state.number:
        raise Refused("There is no such incident.", "unknown_incident", "incident")


def not_closed(state: Incident) -> None:
    """Refuses once the incident is closed."""
    declared(state)
    if state.phase == "closed":
        raise Refused(
            f"Incident #{state.number} is closed; reopen it first.", "closed", "phase", "closed"
        )


def live(state: Incident) -> None:
    """Refuses once the incident is resolved."""
    not_closed(state)
    if not state.live:
        raise Refused(
            f"Incident #{state.number} is resolved; reopen it first.",
            "resolved",
            "phase",
            state.phase,
        )


def one_of(value: Choice, allowed: Iterable[Choice], field: str, hint: str = "") -> Choice:
    """The value, if it is allowed."""
    allowed = list(allowed)
    if value not in allowed:
        names = ", ".join(map(str, allowed))
        raise Refused(f"{field.capitalize()} is one of {names}.{hint}", "unknown_value", field)
    return value


def text_of(value: str, field: str, limit: int, *, empty: bool = False) -> str:
    """The text without surrounding space. Refuses what is too long or cannot be stored."""
    value = value.strip()
    if not value and not empty:
        raise Refused(f"{field.capitalize()} may not be empty.", "required", field)
    if len(value) > limit:
        raise Refused(
            f"{field.capitalize()} has {len(value):,} characters; {limit:,} are allowed.",
            "too_long",
            field,
            len(value),
        )
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refused(f"{field.capitalize()} holds a character that is not text.", "text", field)
    return value


def distinct(values: Iterable[str]) -> list[str]:
    """Each value once, in order, without the empty one."""
    return [value for value in dict.fromkeys(values) if value]


def refs_of(values: Iterable[str], field: str) -> list[str]:
    """The refs, such as ``model:ranker``. Refuses too many and what is no ref."""
    values = list(values)
    if len(values) > REFS_LIMIT:
        raise Refused(f"At most {REFS_LIMIT} things are named here.", "too_many", field)
    for value in values:
        if not REF.fullmatch(value) or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Refused(f"{value[:60]!a} is no ref such as model:ranker.", "no_ref", field)
    return values


def link_of(value: str, field: str) -> str:
    """Where something is to be seen: empty, a web address, or the ref of a thing known here."""
    value = value.strip()
    if "://" in value and not LINK.fullmatch(value):
        raise Refused("A web address begins with https:// or http://.", "no_link", field)
    if value and "://" not in value:
        refs_of([value], field)
    return value
