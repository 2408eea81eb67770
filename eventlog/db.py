"""Cursors for the log's own queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import Error
from psycopg.pq import Format

T = TypeVar("T")


def with_connection(function: Callable[..., T], *arguments: Any) -> T:
    """Calls a function in a worker thread, and gives the thread's connection back afterwards."""
    try:
        return function(*arguments)
    finally:
        connection.close()


@contextmanager
def fast_cursor() -> Iterator[Cursor[Any]]:
    """A plain psycopg cursor on Django's connection, inside its current transaction.

    Django binds parameters on the client and so sends a new text each time; the log's few
    statements are worth binding and preparing on the server. Results come in binary form, which is
    read several times as fast: Django's own reader of times is written in Python.
    """
    connection.ensure_connection()
    raw = connection.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = 2
    try:
        with Cursor(raw) as cursor, connection.wrap_database_errors:
            cursor.format = Format.BINARY
            yield cursor
    except Error:
        connection.errors_occurred = True
        raise


def only_row(cursor: Cursor[Any]) -> tuple[Any, ...]:
    """The row of a query that always has one."""
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a query that always has a row had none")
    return tuple(row)


def become_owner() -> None:
    """Lets this process act as the role that owns the tables, for the commands that need DDL.

    Raises `ImproperlyConfigured` when DATABASE_OWNER_URL names a role that owns nothing here.
    """
    parts = conninfo_to_dict(settings.ENV.database_owner_url)
    names = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    connection.close()
    getattr(connection, "close_pool")()  # noqa: B009 - only PostgreSQL's wrapper has it
    connection.settings_dict.update({names[k]: v for k, v in parts.items() if k in names})
    connection.settings_dict["OPTIONS"] = {
        name: value for name, value in parts.items() if name not in names and name != "dbname"
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE relname = 'eventlog_event'"
        )
        owns = cursor.fetchone()
    if not owns or not owns[0]:
        raise ImproperlyConfigured("DATABASE_OWNER_URL is not the role that owns the tables")
