"""What can have happened to a hold. Stream ``hold:<id>``."""

from __future__ import annotations

from dataclasses import replace

from eventlog.core import Event
from registry.state import Hold


class HoldPlaced(Event):
    """Nothing on `entity` may change until then; `reason` is the ref of what wants it so."""

    type = "hold.placed"
    refs = ("entity", "reason")
    hold: str
    entity: str
    reason: str
    sentence: str
    since: str
    until: str = ""

    def evolve(self, state: Hold) -> Hold:
        return Hold(entity=self.entity, until=self.until)


class HoldLifted(Event):
    """Its entity may change again."""

    type = "hold.lifted"
    refs = ("entity",)
    hold: str
    entity: str
    why: str = ""

    def evolve(self, state: Hold) -> Hold:
        return replace(state, lifted=True)
