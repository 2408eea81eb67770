"""Saved groups: lists of an attribute's values, and conditions with a name."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from eventlog.core import Command, Event, Refused
from experiments import events
from experiments.commands.checks import check_key, check_text
from experiments.commands.rules import check_condition
from experiments.state import Group

MAX_MEMBERS = 100_000


class GroupCommand(Command[Group]):
    """Continues the story of one group; `group` is its key."""

    blank = Group()
    group: str

    @property
    def stream(self) -> str:
        return f"group:{self.group}"


class SaveGroup(GroupCommand):
    """Makes a group, or changes it. Either `values` of an attribute, or a `condition`."""

    attribute: str = ""
    values: list[Any] = field(default_factory=list)
    condition: dict[str, Any] | None = None
    description: str = ""

    def decide(self, state: Group) -> list[Event]:
        check_key(self.group, "group")
        check_text(self.description, "description")
        definition = self._definition()
        if definition == state.definition:
            return []
        return [
            events.GroupSaved(
                group=self.stream, definition=definition, description=self.description
            )
        ]

    def _definition(self) -> dict[str, Any]:
        if self.condition is not None:
            check_condition(self.condition, "condition")
            return {"type": "condition", "condition": self.condition}
        check_text(self.attribute, "attribute", limit=200, empty=False)
        if len(self.values) > MAX_MEMBERS:
            raise Refused(f"At most {MAX_MEMBERS:,} values.", code="bad_value", field="values")
        if not all(type(value) in (str, int, float) for value in self.values):
            raise Refused("Must be texts or numbers.", code="bad_value", field="values")
        return {"type": "list", "attributeKey": self.attribute, "values": self.values}


class RemoveGroup(GroupCommand):
    """Takes a group away."""

    reason: str = ""

    def decide(self, state: Group) -> list[Event]:
        check_text(self.reason, "reason")
        if state.definition is None:
            raise Refused("There is no such group.", code="unknown", field="group")
        return [events.GroupRemoved(group=self.stream, reason=self.reason)]
