"""The guard that every act on a held thing passes, in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from eventlog.core import Command, Context, Refused
from eventlog.store import Receipt, execute
from registry import commands, queries

SPACE = 1_752_132_708  # of advisory locks on entities


def lock(entities: Iterable[str]) -> None:
    """Makes everybody else who asks for one of these entities wait until this transaction ends.

    In sorted order, so that two never wait for each other in a circle.
    """
    with connection.cursor() as cursor:
        for entity in sorted(set(entities)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (SPACE, entity))


def guard(entities: Iterable[str], at: datetime) -> None:
    """Raises `Refused` while a hold stands on any of the entities.

    To be called inside the transaction that changes them: a hold that is being placed at the same
    moment waits for it, or it for the hold, so that one of the two is clearly first.
    """
    entities = set(entities)
    lock(entities)
    hold = queries.held(entities, at)
    if hold is None:
        return
    until = f" until {hold.until:%-d %b %H:%M} UTC" if hold.until else ""
    raise Refused(
        f"{hold.entity} is held{until} by {hold.reason}: {hold.sentence}",
        code="held",
        current={
            "hold": f"hold:{hold.id}",
            "entity": hold.entity,
            "reason": hold.reason,
            "until": hold.until.isoformat() if hold.until else None,
        },
    )


def carry_out(command: Command[Any], context: Context) -> Receipt:
    """Executes a command; a hold is placed under the lock of its entity."""
    if not isinstance(command, commands.PlaceHold):
        return execute(command, context)
    with transaction.atomic():
        lock([command.entity])
        return execute(command, context)
