"""Readers of the sealed log that keep one number: how far they have come.

A follower handles each event of its types once, in the log's order, in one transaction with its
new position. An event that keeps failing is parked with the later events of its stream, and the
other streams go on; parked events are retried with growing pauses, and by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog
from django.db import connection, transaction

from eventlog import projections
from eventlog.records import Record
from eventlog.store import head, read_after

log = structlog.get_logger(__name__)

BATCH = 500
RETRY_SECONDS = (5, 30, 300, 1_800)


@dataclass(frozen=True)
class Follower:
    """Who reads: a stable name, the event types of interest, and what is done with an event.

    `from_start` readers begin with the first event ever (read models); the others begin with
    what happens after they were installed (side effects).
    """

    name: str
    types: tuple[str, ...]
    handle: Callable[[Record], None]
    from_start: bool = False


_reactions: dict[str, Follower] = {}


def register(follower: Follower) -> None:
    """Adds a follower under its name."""
    if follower.name in _reactions:
        raise TypeError(f"follower {follower.name!r} is defined twice")
    _reactions[follower.name] = follower


def all_followers() -> Mapping[str, Follower]:
    """Reactions and following projections by name."""
    return _reactions | {
        f"projection:{p.name}": Follower(
            f"projection:{p.name}", tuple(p.handlers), p.apply, from_start=True
        )
        for p in projections.all_projections().values()
        if not p.inline
    }


def wanted_types() -> set[str]:
    """Event types that at least one follower waits for."""
    return {kind for follower in all_followers().values() for kind in follower.types}


def install() -> None:
    """Gives every new follower its starting position. Called after migrations."""
    with connection.cursor() as cursor:
        for follower in all_followers().values():
            cursor.execute(
                "INSERT INTO eventlog_follower (name, position)"
                " SELECT %s, CASE WHEN %s THEN 0 ELSE position END FROM eventlog_head"
                " ON CONFLICT DO NOTHING",
                [follower.name, follower.from_start],
            )


def catch_up(names: Iterable[str] | None = None) -> int:
    """Runs followers until none has anything left to read; returns the events handled.

    Any number of processes may do this at once: each event is handled by one of them.
    """
    followers = all_followers()
    chosen = [followers[name] for name in names] if names else list(followers.values())
    handled = 0
    for follower in chosen:
        handled += retry_parked(follower)
        while (step := _step(follower)) is not None and (step or _has_more(follower)):
            handled += step
    return handled


def _has_more(follower: Follower) -> bool:
    """Whether events wait for it, looked at after its row was let go.

    Whoever was rung for an event that was sealed after the last look at the log has found the row
    taken, and has gone home.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM eventlog_follower WHERE name = %s", [follower.name])
        row = cursor.fetchone()
    return row is not None and bool(read_after(int(row[0]), 1, follower.types))


def _step(follower: Follower) -> int | None:
    """One batch in one transaction; if it fails, the same events one by one.

    Returns how many were handled, None while another process is at work.
    """
    try:
        return _advance(follower, BATCH)
    except Exception as error:
        log.warning("follower.batch_failed", follower=follower.name, error=repr(error))
    return _advance_one(follower)


def _advance(follower: Follower, limit: int) -> int | None:
    with transaction.atomic():
        position = _claim(follower)
        if position is None:
            return None
        end = head()
        records = read_after(position, limit, follower.types)
        last = int(records[-1].position or 0) if records else 0
        waiting = _parked_streams(follower)
        for record in records:
            if record.stream in waiting:
                _park(follower, record, 0, "an earlier event of this stream is parked")
            else:
                follower.handle(record)
        # A short page means that nothing of interest is left up to the head as it was before.
        _move(follower, position, last if len(records) == limit else max(last, end))
    return len(records)


def _advance_one(follower: Follower) -> int | None:
    try:
        return _advance(follower, 1)
    except Exception as error:
        reason = repr(error)
    with transaction.atomic():
        position = _claim(follower)
        if position is None:
            return None
        for record in read_after(position, 1, follower.types):
            log.error("follower.parked", follower=follower.name, event_id=str(record.event_id))
            _park(follower, record, 1, reason)
            _move(follower, position, int(record.position or 0))
    return 1


def _claim(follower: Follower) -> int | None:
    """The follower's position, its row locked; None while another process holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM eventlog_follower WHERE name = %s FOR UPDATE SKIP LOCKED",
            [follower.name],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _move(follower: Follower, old: int, new: int) -> None:
    if new == old:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE eventlog_follower SET position = %s, updated_at = clock_timestamp()"
            " WHERE name = %s AND position = %s",
            [new, follower.name, old],
        )
        if cursor.rowcount != 1:
            raise RuntimeError(f"another process moved {follower.name} past {old}")


def _park(follower: Follower, record: Record, attempts: int, error: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_parked (follower, position, stream, attempts, retry_at, error)"
            " VALUES (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s), %s)",
            [follower.name, record.position, record.stream, attempts, RETRY_SECONDS[0], error],
        )


def _parked_streams(follower: Follower) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT stream FROM eventlog_parked WHERE follower = %s", [follower.name]
        )
        return {row[0] for row in cursor.fetchall()}


def retry_parked(follower: Follower, *, even_if_given_up: bool = False) -> int:
    """Handles parked events whose pause is over, oldest of each stream first."""
    handled = 0
    while _retry_one(follower, even_if_given_up):
        handled += 1
    return handled


def _retry_one(follower: Follower, even_if_given_up: bool) -> bool:
    """Retries the first due event; True if it succeeded."""
    due = "true" if even_if_given_up else "retry_at <= clock_timestamp()"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, attempts FROM eventlog_parked p WHERE follower = %s"
            f" AND {due} AND NOT EXISTS (SELECT FROM eventlog_parked earlier"
            "  WHERE earlier.follower = p.follower AND earlier.stream = p.stream"
            "  AND earlier.position < p.position)"
            " ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED",
            [follower.name],
        )
        row = cursor.fetchone()
        if row is None:
            return False
        position, attempts = row
        error = _handle_parked(follower, position)
        if error is None:
            cursor.execute(
                "DELETE FROM eventlog_parked WHERE follower = %s AND position = %s",
                [follower.name, position],
            )
            return True
        pause = RETRY_SECONDS[attempts] if attempts < len(RETRY_SECONDS) else None
        cursor.execute(
            "UPDATE eventlog_parked SET attempts = attempts + 1, error = %s,"
            " retry_at = clock_timestamp() + make_interval(secs => %s)"
            " WHERE follower = %s AND position = %s",
            [error, pause, follower.name, position],
        )
    return False


def _handle_parked(follower: Follower, position: int) -> str | None:
    """What went wrong this time, or None."""
    try:
        with transaction.atomic():
            follower.handle(read_after(position - 1, 1)[0])
    except Exception as error:
        return repr(error)
    return None
