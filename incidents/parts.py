"""The parts of an incident's record: each kind of event belongs to the module of its class."""

from __future__ import annotations

from eventlog.core import Event, event_types
from incidents import events
from incidents.sentences import told

PART_WORDS = {
    "life": "Life",
    "roles": "Roles",
    "channel": "Messages",
    "work": "Work",
    "follow_ups": "Follow-ups",
    "hypotheses": "Hypotheses",
    "retrospective": "Retrospective",
}


def kinds_of_events() -> list[type[Event]]:
    """Every kind of event of an incident."""
    ours = f"{events.__name__}."
    return [kind for kind in event_types().values() if kind.__module__.startswith(ours)]


def part_of(event_type: str) -> str:
    """The part that a kind of event belongs to."""
    return event_types()[event_type].__module__.rpartition(".")[2]


def parts() -> dict[str, str]:
    """Every part and what it is called."""
    found = sorted({part_of(kind.type) for kind in kinds_of_events()})
    return {part: PART_WORDS.get(part, part.replace("_", " ").capitalize()) for part in found}


def key_types() -> list[str]:
    """The kinds of events that a reader in a hurry needs."""
    return [kind.type for kind in kinds_of_events() if told(kind.type).key]
