"""A toy product for the log's own tests: lamps that are switched on and off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from eventlog.core import Command, Event, Refused, personal

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Lamp:
    """What the rules look at."""

    lit: bool = False
    switches: int = 0


class LampLit(Event):
    """A lamp was switched on."""

    type = "lamp.lit"
    refs = ("room",)
    by: str
    room: str = ""

    def evolve(self, state: Lamp) -> Lamp:
        return replace(state, lit=True, switches=state.switches + 1)


class LampPutOut(Event):
    """A lamp was switched off."""

    type = "lamp.put_out"
    by: str

    def evolve(self, state: Lamp) -> Lamp:
        return replace(state, lit=False, switches=state.switches + 1)


class LampLabelled(Event):
    """Somebody's name was put on a lamp."""

    type = "lamp.labelled"
    person: str
    name: str = personal("person:{person}")


class LampCommand(Command[Lamp]):
    """A command to one lamp."""

    blank = Lamp()
    lamp: str
    by: str

    @property
    def stream(self) -> str:
        return f"lamp:{self.lamp}"


class Light(LampCommand):
    """Switches a lamp on; once is enough."""

    room: str = ""

    def decide(self, state: Lamp) -> list[Event]:
        if state.lit:
            return []
        return [LampLit(by=self.by, room=self.room)]


class PutOut(LampCommand):
    """Switches a lamp off; a lamp that is off refuses."""

    def decide(self, state: Lamp) -> list[Event]:
        if not state.lit:
            raise Refused("the lamp is off already", code="off", current=state.switches)
        return [LampPutOut(by=self.by)]


class Toggle(LampCommand):
    """Changes whatever is the case."""

    def decide(self, state: Lamp) -> list[Event]:
        return [LampPutOut(by=self.by)] if state.lit else [LampLit(by=self.by)]
