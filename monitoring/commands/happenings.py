"""What can be said of the world outside: that something happens, what it really was, or that it is not."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from eventlog.core import Command, Event, Refused
from monitoring import events
from monitoring.commands.honesty import EARLIEST
from monitoring.commands.monitors import (
    MAX_NAME,
    MAX_TEXT,
    check_choice,
    check_subjects,
    check_text,
    in_utc,
)
from monitoring.state import Category, Happening

MAX_REGIONS, MAX_REGION = 50, 60


class HappeningCommand(Command[Happening]):
    """Continues the story of one thing that happens outside; `happening` is its UUID."""

    blank = Happening()
    happening: str

    @property
    def stream(self) -> str:
        return f"happening:{self.happening}"


class NoteHappening(HappeningCommand):
    """Says that something happens, or what it is as far as is known now. It is given whole.

    `until` is None while nobody knows the end; `regions` are values of labels, none for everywhere.
    """

    title: str
    category: str
    since: datetime
    until: datetime | None = None
    regions: list[str] = field(default_factory=list)
    source: str = ""
    url: str = ""
    note: str = ""
    subjects: list[str] = field(default_factory=list)

    def decide(self, state: Happening) -> list[Event]:
        if state.withdrawn:
            raise Refused("It was withdrawn.", code="withdrawn", field="happening")
        self._check()
        said = events.HappeningNoted(
            happening=self.stream,
            title=self.title,
            category=str(self.category),
            regions=sorted(set(self.regions)),
            since=in_utc(self.since),
            until=in_utc(self.until) if self.until else "",
            source=self.source,
            url=self.url,
            note=self.note,
            subjects=self.subjects,
        )
        return [] if said.evolve(state) == state else [said]

    def _check(self) -> None:
        check_text(self.title, "title", MAX_NAME)
        check_choice(self.category, "category", [str(each) for each in Category])
        check_text(self.source, "source", MAX_NAME, empty=True)
        check_text(self.note, "note", MAX_TEXT, empty=True)
        check_text(self.url, "url", MAX_TEXT, empty=True)
        if self.url and not self.url.startswith(("https://", "http://")):
            raise Refused("Is no address such as https://….", code="bad_value", field="url")
        check_subjects(self.subjects)
        if len(self.regions) > MAX_REGIONS:
            raise Refused(f"At most {MAX_REGIONS} regions.", code="too_many", field="regions")
        for region in self.regions:
            check_text(region, "regions", MAX_REGION)
        if self.since < EARLIEST:
            raise Refused("Is before anything was measured.", code="bad_value", field="since")
        if self.until and self.until <= self.since:
            raise Refused("Ends before it begins.", code="bad_value", field="until")


class WithdrawHappening(HappeningCommand):
    """Takes back that something happened."""

    reason: str

    def decide(self, state: Happening) -> list[Event]:
        if not state.title:
            raise Refused("There is no such thing.", code="unknown", field="happening")
        check_text(self.reason, "reason", MAX_TEXT)
        if state.withdrawn:
            return []
        return [events.HappeningWithdrawn(happening=self.stream, reason=self.reason)]
