"""What keeps the log append-only, looked at: the rights of the application's role, the triggers."""

from __future__ import annotations

from typing import Any, Protocol

GUARDED = (
    "eventlog_event",
    "eventlog_position",
    "eventlog_tile",
    "eventlog_checkpoint",
    "eventlog_command",
    "eventlog_ref",
)
FORBIDDEN = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")

POWERS = """
SELECT r.rolname, r.rolsuper OR pg_has_role(r.oid, c.relowner, 'MEMBER') AS owns
FROM pg_roles r, pg_class c
WHERE r.rolname = %s AND c.oid = 'eventlog_event'::regclass
"""
RIGHTS = """
SELECT t.name, p.right_name FROM unnest(%s::text[]) AS t(name), unnest(%s::text[]) AS p(right_name)
WHERE has_table_privilege(%s, t.name, p.right_name)
OR p.right_name = 'UPDATE' AND has_any_column_privilege(%s, t.name, 'UPDATE')
UNION ALL SELECT 'eventlog_event', 'INSERT' WHERE has_table_privilege(%s, 'eventlog_event', 'INSERT')
"""
# tgtype bits: 2 before, 8 delete, 16 update, 32 truncate; tgenabled A: whatever the session's role
TRIGGERS = """
SELECT t.name, coalesce(bit_or(g.tgtype::int) FILTER (WHERE g.tgtype::int & 2 = 2), 0) & 56
FROM unnest(%s::text[]) AS t(name)
LEFT JOIN pg_trigger g ON g.tgrelid = t.name::regclass AND g.tgenabled = 'A'
    AND g.tgfoid = (SELECT oid FROM pg_proc WHERE proname = 'eventlog_refuse'
        AND prosrc LIKE '%%RAISE EXCEPTION%%' AND NOT prosrc LIKE '%%RETURN%%')
GROUP BY t.name
"""
BITS = {8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}


class Cursor(Protocol):
    """What is needed of a database cursor; Django's and psycopg's both have it."""

    def execute(self, query: Any, params: Any = ...) -> Any: ...

    def fetchall(self) -> list[Any]: ...


def installed(cursor: Cursor) -> bool:
    """Whether the log's tables exist at all."""
    cursor.execute("SELECT to_regclass('eventlog_event') IS NOT NULL")
    return bool(cursor.fetchall()[0][0])


def missing_rights(cursor: Cursor, role: str) -> list[str]:
    """What a role may do that would break the log's promises, one sentence each."""
    cursor.execute(POWERS, [role])
    powers = cursor.fetchall()
    if not powers:
        return [f"the role {role} does not exist"]
    if powers[0][1]:
        return [f"{role} is a superuser or owns the log: it can lift every guard"]
    cursor.execute(RIGHTS, [list(GUARDED), list(FORBIDDEN), role, role, role])
    return [f"{role} has the right to {right} {table}" for table, right in cursor.fetchall()]


def missing_triggers(cursor: Cursor) -> list[str]:
    """Guards that are absent or not enabled always, one sentence each."""
    cursor.execute(TRIGGERS, [list(GUARDED)])
    return [
        f"no trigger that is always enabled refuses {word} on {table}"
        for table, bits in sorted(cursor.fetchall())
        for bit, word in BITS.items()
        if not bits & bit
    ]
