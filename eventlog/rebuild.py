"""Rebuilding read models from the log: beside the live ones, then swapped in one instant.

Handlers name their tables without a schema, so a search path decides which tables they fill: the
live ones, copies in another schema, or temporary ones that only this session sees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError, connection, transaction

from eventlog.db import fast_cursor, only_row
from eventlog.projections import Projection
from eventlog.reading import read_after
from eventlog.records import COLUMNS, Record
from eventlog.rows import held_back

GATE = "SELECT pg_advisory_xact_lock(1162627398, 1)"
# Streams that raced may be read in another order than they were committed in: what is unique
# among them is unique in the end, and not after every event.
DEFERRED, IMMEDIATE = "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL IMMEDIATE"
BATCH = 5_000
SWAP_ATTEMPTS = 20

Progress = Callable[[int], None]


def rebuild(projection: Projection, progress: Progress = lambda read: None) -> int:
    """Rebuilds a projection beside the live rows and swaps it in; returns the events read.

    Needs the owner's role. Commands wait only while the last events and the swap are committed;
    readers see the old rows or the new ones. Side effects are not run again.
    """
    shadow = f"rebuild_{projection.name}"
    _copy_structure(projection, shadow)
    position, read = 0, 0
    while records := _apply_after(projection, shadow, position):
        position = int(records[-1].position or 0)
        read += len(records)
        progress(read)
    read += _swap_patiently(projection, shadow, position)
    _run(f"DROP SCHEMA {shadow} CASCADE", f"DROP SCHEMA {shadow}_old CASCADE")
    progress(read)
    return read


def _apply_after(projection: Projection, shadow: str, position: int) -> list[Record]:
    with transaction.atomic(), _filling(shadow):
        records = read_after(position, BATCH, tuple(projection.handlers))
        for record in records:
            projection.apply(record)
    return records


def _swap_patiently(projection: Projection, shadow: str, position: int) -> int:
    """Swaps, giving way to a reader that keeps one of the tables busy."""
    for attempt in range(SWAP_ATTEMPTS):
        try:
            with transaction.atomic():
                return _swap(projection, shadow, position)
        except OperationalError:
            if attempt == SWAP_ATTEMPTS - 1:
                raise
            time.sleep(0.25)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _swap(projection: Projection, shadow: str, position: int) -> int:
    """Catches up while no command can commit, and puts the new tables in place of the old."""
    _run(GATE, "SET LOCAL lock_timeout = '1s'")
    # Position and number in one look: the sealer goes on meanwhile, and what it sealed between
    # two looks would be neither below the one nor above the other.
    end, final = _sealed()
    with _filling(shadow):
        records = list(_tail(projection, position, end, final))
        for record in records:
            projection.apply(record)
    if not projection.inline:
        # Before the tables are locked: a worker in the middle of a batch holds this row and needs them.
        _run(
            f"UPDATE eventlog_follower SET position = {end}"
            f" WHERE name = 'projection:{projection.name}'"
        )
    for table in projection.tables:
        _run(
            f"ALTER TABLE public.{table} SET SCHEMA {shadow}_old",
            f"ALTER TABLE {shadow}.{table} SET SCHEMA public",
        )
    return len(records)


def _sealed() -> tuple[int, int]:
    with fast_cursor() as cursor:
        cursor.execute("SELECT position, seq FROM eventlog_head")
        position, seq = only_row(cursor)
    return position, seq


def _tail(projection: Projection, position: int, end: int, final: int) -> Iterator[Record]:
    """What came after `position`: sealed, and for an inline projection also not yet sealed."""
    types = tuple(projection.handlers)
    while page := [r for r in read_after(position, BATCH, types) if (r.position or 0) <= end]:
        yield from page
        position = int(page[-1].position or 0)
    if projection.inline:
        yield from _by_seq(types, f"e.seq > {final:d}")


def _by_seq(types: Sequence[str], condition: str) -> Iterator[Record]:
    with fast_cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM eventlog_event e"
            f" WHERE e.type = ANY(%s) AND {condition} ORDER BY e.seq",
            (list(types),),
        )
        rows = cursor.fetchall()
    for row in rows:
        yield Record(*row)


def _copy_structure(projection: Projection, shadow: str) -> None:
    """Empty twins of the tables, with the same names of constraints, indexes and rights."""
    role = settings.ENV.database_app_role
    with transaction.atomic():
        for schema in (shadow, f"{shadow}_old"):
            _run(f"DROP SCHEMA IF EXISTS {schema} CASCADE", f"CREATE SCHEMA {schema}")
        for table in projection.tables:
            _run(
                f"CREATE TABLE {shadow}.{table} (LIKE public.{table}"
                " INCLUDING ALL EXCLUDING CONSTRAINTS EXCLUDING INDEXES)",
                *_constraints(table, shadow),
                *_indexes(table, shadow),
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON {shadow}.{table} TO {role}",
            )


def _constraints(table: str, shadow: str) -> list[str]:
    return _rows(
        f"SELECT format('ALTER TABLE {shadow}.%%I ADD CONSTRAINT %%I %%s', c.relname, k.conname,"
        " pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
        " WHERE c.oid = %s::regclass AND k.contype IN ('p', 'u', 'c', 'x') ORDER BY k.conname",
        f"public.{table}",
    )


def _indexes(table: str, shadow: str) -> list[str]:
    return _rows(
        f"SELECT replace(pg_get_indexdef(i.indexrelid), ' ON public.', ' ON {shadow}.')"
        " FROM pg_index i WHERE i.indrelid = %s::regclass AND NOT EXISTS"
        " (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
        f"public.{table}",
    )


def differences(projection: Projection) -> dict[str, list[str]]:
    """Rows by table that only the live or only a rebuilt projection has; empty when they agree.

    Rebuilds into temporary tables, which hide the live ones from this session only.
    """
    if not _has_anything(projection):
        return {}
    found = {}
    with transaction.atomic():
        for table in projection.tables:
            _run(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        # A prepared statement does not notice that another table of the name has come in front.
        _run("DISCARD PLANS")
        _run(DEFERRED)
        for record in _by_seq(tuple(projection.handlers), "true"):
            projection.apply(record)
        _run(IMMEDIATE)
        for table in projection.tables:
            rows = _rows(
                f"(SELECT 'live ' || t::text FROM public.{table} t EXCEPT ALL"
                f"  SELECT 'live ' || t::text FROM pg_temp.{table} t) UNION ALL"
                f" (SELECT 'rebuilt ' || t::text FROM pg_temp.{table} t EXCEPT ALL"
                f"  SELECT 'rebuilt ' || t::text FROM public.{table} t)"
            )
            if rows:
                found[table] = rows
        for table in projection.tables:
            _run(f"DROP TABLE pg_temp.{table}")
    return found


def _has_anything(projection: Projection) -> bool:
    """Whether there is an event that it handles, or a row in one of its tables."""
    sources = ["eventlog_event WHERE type = ANY(%s)", *projection.tables]
    any_of_them = " OR ".join(f"EXISTS (SELECT FROM {source})" for source in sources)
    with fast_cursor() as cursor:
        cursor.execute(f"SELECT {any_of_them}", (list(projection.handlers),))
        return bool(only_row(cursor)[0])


@contextmanager
def _filling(schema: str) -> Iterator[None]:
    """Within a transaction, tables named without a schema are those of `schema`."""
    _run(f"SET LOCAL search_path = {schema}, public", DEFERRED)
    with held_back():
        yield
    _run(IMMEDIATE, "SET LOCAL search_path = public")


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _rows(query: str, *arguments: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments or None)
        return [row[0] for row in cursor.fetchall()]
