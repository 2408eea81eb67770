"""Deployment checks of the log: `manage.py check --database default` (and `--deploy`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

from eventlog import erasures, guards

Look = Callable[[Any], list[str]]


def _looked(databases: Sequence[str] | None, code: str, hint: str, look: Look) -> list[Any]:
    """Errors of one kind, none before the log is installed."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        found = look(cursor) if guards.installed(cursor) else []
    return [checks.Error(problem, hint=hint, id=code) for problem in found]


@checks.register(checks.Tags.database)
def application_role_cannot_rewrite(databases: Sequence[str] | None = None, **_: Any) -> list[Any]:
    """The application's role can neither change events nor lift what guards them."""
    hint = "Apply eventlog/sql/rights.sql again as the owner of the tables."
    role = settings.ENV.database_app_role
    return _looked(databases, "eventlog.E001", hint, lambda c: guards.missing_rights(c, role))


@checks.register(checks.Tags.database)
def triggers_stand(databases: Sequence[str] | None = None, **_: Any) -> list[Any]:
    """The triggers behind the grants exist and fire for every session."""
    hint = "Apply eventlog/sql/guard.sql again as the owner of the tables."
    return _looked(databases, "eventlog.E002", hint, guards.missing_triggers)


@checks.register(checks.Tags.database)
def erased_stays_erased(databases: Sequence[str] | None = None, **_: Any) -> list[Any]:
    """No key that was destroyed has come back with a restored backup."""
    hint = "Run manage.py replay_erasures before any door opens."
    return _looked(
        databases,
        "eventlog.E003",
        hint,
        lambda _cursor: [f"{s} was erased and has its key again" for s in erasures.returned()],
    )


@checks.register(checks.Tags.database, deploy=True)
def connects_without_power(databases: Sequence[str] | None = None, **_: Any) -> list[Any]:
    """The role that is really used to connect has no more rights than it should."""

    def look(cursor: Any) -> list[str]:
        cursor.execute("SELECT current_user")
        return guards.missing_rights(cursor, cursor.fetchone()[0])

    return _looked(databases, "eventlog.E004", "DATABASE_URL names the wrong role.", look)
