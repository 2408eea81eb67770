"""Reactions: events lead to side effects and to further commands.

    @reacts_to(BreachOpened)
    def declare_on_breach(event: BreachOpened, record: Record, context: Context) -> None:
        execute(DeclareIncident(...), context)

They run in the background from a checkpoint, at least once, and never during a rebuild. The
context carries the event as cause and a command id made from the event, so that a command
executed with it happens once however often the reaction runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from eventlog.core import Context, Event
from eventlog.followers import Follower, register
from eventlog.records import Record

Reaction = Callable[[Any, Record, Context], None]
R = TypeVar("R", bound=Reaction)


def reacts_to(*events: type[Event]) -> Callable[[R], R]:
    """Registers a reaction to events of these classes, named after the function."""

    def remember(reaction: R) -> R:
        name = f"{reaction.__module__.partition('.')[0]}.{reaction.__name__}"

        def handle(record: Record) -> None:
            reaction(record.event, record, context_of(name, record))

        register(Follower(name, tuple(event.type for event in events), handle))
        return reaction

    return remember


def context_of(name: str, record: Record, part: str = "") -> Context:
    """The context of a command that `record` causes; `part` tells several of one event apart."""
    context = Context.by(f"system:{name}", f"{record.event_id}{part}")
    correlated = record.correlation_id or record.command_id
    return Context(context.actor, context.command_id, correlated, record.event_id)
