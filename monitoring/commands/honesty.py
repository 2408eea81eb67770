"""What can be said of monitors afterwards: what a breach was, and what was missed."""

from __future__ import annotations

from datetime import UTC, datetime

from eventlog.core import Command, Event, Refused
from monitoring import events
from monitoring.commands.monitors import (
    MAX_TEXT,
    REF,
    MonitorCommand,
    check_choice,
    check_text,
    in_utc,
    require_existing,
)
from monitoring.state import Judgement, Monitor, Review

MAX_MISSES = 1_000
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class JudgeBreach(Command[Review]):
    """Says what a breach was. `breach` is its UUID; monitor and subjects are those of the breach."""

    blank = Review()
    supplied = ("monitor", "subjects")
    breach: str
    monitor: str
    subjects: list[str]
    judgement: str
    note: str = ""

    @property
    def stream(self) -> str:
        return f"breach:{self.breach}"

    def decide(self, state: Review) -> list[Event]:
        check_choice(self.judgement, "judgement", [str(each) for each in Judgement])
        check_text(self.note, "note", MAX_TEXT, empty=True)
        if state == Review(self.judgement, self.note):
            return []
        return [
            events.BreachJudged(
                breach=self.stream,
                monitor=self.monitor,
                judgement=str(self.judgement),
                note=self.note,
                subjects=self.subjects,
            )
        ]


class RecordMiss(MonitorCommand):
    """Says that the monitor was silent when it should not have been.

    `miss` is a UUID, `about` the ref of what happened, such as an incident; empty for none.
    """

    miss: str
    since: datetime
    until: datetime
    note: str
    about: str = ""

    def decide(self, state: Monitor) -> list[Event]:
        definition = require_existing(state)
        check_text(self.note, "note", MAX_TEXT)
        if self.about and not REF.fullmatch(self.about):
            raise Refused("Is no ref such as incident:….", code="bad_value", field="about")
        if self.since < EARLIEST:
            raise Refused("Is before anything was measured.", code="bad_value", field="since")
        if self.until < self.since:
            raise Refused("Ends before it begins.", code="bad_value", field="until")
        if self.until > self.at:
            raise Refused("Has not been yet.", code="bad_value", field="until")
        miss = f"miss:{self.miss}"
        if miss in state.misses:
            return []
        if len(state.misses) >= MAX_MISSES:
            sentence = f"A monitor has at most {MAX_MISSES:,} misses; it needs another definition."
            raise Refused(sentence, code="too_many", field="monitor")
        return [
            events.MissRecorded(
                miss=miss,
                monitor=self.stream,
                since=in_utc(self.since),
                until=in_utc(self.until),
                note=self.note,
                about=self.about,
                subjects=definition.subjects,
            )
        ]


class WithdrawMiss(MonitorCommand):
    """Takes back that the monitor missed something."""

    miss: str
    reason: str

    def decide(self, state: Monitor) -> list[Event]:
        definition = require_existing(state)
        check_text(self.reason, "reason", MAX_TEXT)
        miss = f"miss:{self.miss}"
        if miss not in state.misses:
            raise Refused("There is no such miss.", code="unknown", field="miss")
        return [
            events.MissWithdrawn(
                miss=miss, monitor=self.stream, reason=self.reason, subjects=definition.subjects
            )
        ]
