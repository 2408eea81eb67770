"""What can be asked about holds, with the rules."""

from __future__ import annotations

import re
from datetime import datetime

from eventlog.core import Command, Event, Refused
from registry import events
from registry.commands.checks import in_utc
from registry.state import Hold

REF = re.compile(r"[a-z][a-z0-9_]{0,39}:[^\s\x00-\x1f]{1,200}")
MAX_TEXT = 2_000


class HoldCommand(Command[Hold]):
    """Continues the story of one hold; `hold` is its UUID."""

    blank = Hold()
    hold: str

    @property
    def stream(self) -> str:
        return f"hold:{self.hold}"


class PlaceHold(HoldCommand):
    """Keeps an entity as it is, from `since` (at once by default) until a time or until lifted.

    `reason` is the ref of what wants it so, such as an incident or a calendar; `sentence` is what
    people who are refused are told.
    """

    entity: str
    reason: str
    sentence: str
    since: datetime | None = None
    until: datetime | None = None

    def decide(self, state: Hold) -> list[Event]:
        if state.entity:
            raise Refused("There is a hold with this id already.", code="exists", field="hold")
        for name in ("entity", "reason"):
            if not REF.fullmatch(getattr(self, name)):
                sentence = "Must be a ref such as flag:checkout-button."
                raise Refused(sentence, code="bad_value", field=name)
        if not 0 < len(self.sentence.strip()) <= MAX_TEXT or "\x00" in self.sentence:
            sentence = f"Say in 1 to {MAX_TEXT:,} characters why."
            raise Refused(sentence, code="bad_value", field="sentence")
        since = self.since or self.at
        if self.until is not None and self.until <= max(since, self.at):
            raise Refused("Must be later than now and than `since`.", "bad_value", "until")
        return [
            events.HoldPlaced(
                hold=self.stream,
                entity=self.entity,
                reason=self.reason,
                sentence=self.sentence.strip(),
                since=in_utc(since),
                until=in_utc(self.until) if self.until else "",
            )
        ]


class LiftHold(HoldCommand):
    """Lets the entity change again."""

    why: str = ""

    def decide(self, state: Hold) -> list[Event]:
        if not state.entity:
            raise Refused("There is no such hold.", code="unknown", field="hold")
        if len(self.why) > MAX_TEXT or "\x00" in self.why:
            raise Refused(f"May have {MAX_TEXT:,} characters at most.", "bad_value", "why")
        if state.lifted:
            return []
        return [events.HoldLifted(hold=self.stream, entity=state.entity, why=self.why)]
