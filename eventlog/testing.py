"""Tests of rules, in the words of the field:

given(IncidentDeclared(...)).when(TakeCommand(...)).then(CommandTaken(...))
given(IncidentClosed(...)).when(TakeCommand(...)).refused("closed")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventlog.core import Command, Event, Refused, fold


@dataclass(frozen=True)
class Given:
    """A history; `when` asks something of it."""

    events: tuple[Event, ...]

    def when(self, command: Command[Any]) -> Outcome:
        """What the command decides after this history."""
        state = fold(command.blank, self.events)
        try:
            return Outcome(state, command.decide(state), None)
        except Refused as refusal:
            return Outcome(state, [], refusal)


@dataclass(frozen=True)
class Outcome:
    """What a command decided, or why it was refused."""

    before: Any
    events: list[Event]
    refusal: Refused | None

    def then(self, *expected: Event) -> Outcome:
        """Asserts exactly these events, and that they can be applied."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.events == list(expected), f"got {self.events}"
        fold(self.before, self.events)
        return self

    def refused(self, code: str, field: str = "") -> Outcome:
        """Asserts a refusal with this code, about this field if one is named."""
        assert self.refusal is not None, f"not refused: {self.events}"
        assert self.refusal.code == code, f"refused with {self.refusal.code}: {self.refusal}"
        assert not field or self.refusal.field == field, f"refused for {self.refusal.field}"
        return self

    def accepted(self) -> Outcome:
        """Asserts that it was not refused, whatever was decided."""
        if self.refusal is not None:
            raise self.refusal
        return self

    @property
    def state(self) -> Any:
        """The state after the decided events."""
        return fold(self.before, self.events)


def given(*events: Event) -> Given:
    """Begins a test with a history, oldest event first."""
    return Given(events)
