"""Telling owners of a change to what theirs depends on."""

from __future__ import annotations

from datetime import datetime

from eventlog.core import Command, Event
from monitoring import events
from monitoring.commands.monitors import in_utc
from monitoring.state import Notice

MOST_NAMED = 100


class TellOwners(Command[Notice]):
    """Tells the owners once. `notice` is a UUID, `dependants` refs with their owners or "", the
    nearest first; `whole` says that no more is known to depend on the thing.
    """

    blank = Notice()
    supplied = ("dependants", "whole", "name", "watched_until")
    notice: str
    monitor: str
    name: str
    change: str
    entity: str
    family: str
    sentence: str
    made_at: datetime
    made_by: str
    dependants: dict[str, str]
    whole: bool
    watched_until: datetime

    @property
    def stream(self) -> str:
        return f"notice:{self.notice}"

    def decide(self, state: Notice) -> list[Event]:
        if state.told:
            return []
        named = list(self.dependants)[:MOST_NAMED]
        owned: dict[str, list[str]] = {}
        for ref, owner in self.dependants.items():
            if owner:
                owned.setdefault(owner, []).append(ref)
        return [
            events.OwnersTold(
                notice=self.stream,
                monitor=self.monitor,
                name=self.name,
                change=self.change,
                entity=self.entity,
                family=self.family,
                sentence=self.sentence,
                made_at=in_utc(self.made_at),
                made_by=self.made_by,
                owners=[
                    {"owner": owner, "of": refs[:MOST_NAMED], "count": len(refs)}
                    for owner, refs in sorted(owned.items(), key=lambda one: (-len(one[1]), one[0]))
                ],
                subjects=named,
                unowned=sum(not owner for owner in self.dependants.values()),
                others=len(self.dependants) - len(named),
                whole=self.whole,
                watched_until=in_utc(self.watched_until),
            )
        ]
