"""Leadership: the one sealer is the session that holds an advisory lock."""

from __future__ import annotations

from eventlog.direct import Connection

# the same family as the gate of rebuilds in append.sql
LOCK = (1162627398, 2)


def take_lead(connection: Connection) -> bool:
    """Tries to lead, without waiting: a session that waits for a lock would hold back vacuum."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", LOCK).fetchone()
    return bool(row and row[0])


def is_led(connection: Connection) -> bool:
    """Whether a sealer leads in this database."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND classid = %s AND objid = %s AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        LOCK,
    ).fetchone()
    return bool(row and row[0])
