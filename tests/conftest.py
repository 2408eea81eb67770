"""What every database test gets: an owner to tamper with, and a look at its read models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import TransactionTestCase
from psycopg.pq import TransactionStatus

from eventlog import followers, rebuild, store
from eventlog.projections import all_projections

pytest_plugins = ["tests.servers", "tests.cast", "tests.processes"]


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """The test database as its owner, for what the application must not be able to do."""
    parts = connection.settings_dict
    with psycopg.connect(
        dbname=parts["NAME"],
        user=parts["USER"],
        password=parts["PASSWORD"],
        host=parts["HOST"],
        port=parts["PORT"],
        autocommit=True,
    ) as own:
        yield own


@pytest.fixture(autouse=True)
def read_models_equal_their_rebuild(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test with a database, the live read models equal rebuilt ones."""
    marker = request.node.get_closest_marker("django_db")
    uses_database = marker or {"db", "transactional_db"} & set(request.fixturenames)
    if not uses_database or request.node.get_closest_marker("tampers"):
        yield
        return
    request.getfixturevalue("db")  # so that this looks before the database is emptied
    yield
    raw = connection.connection
    if raw is not None and raw.info.transaction_status == TransactionStatus.INERROR:
        return  # a provoked error: nothing of this transaction will stay
    for projection in all_projections().values():
        if projection.inline:
            assert rebuild.differences(projection) == {}, f"{projection.name} drifted from the log"


def empty_the_database(case: TransactionTestCase) -> None:
    """Replaces Django's flush, whose TRUNCATE the log refuses, as it should."""
    parts = connection.settings_dict
    with psycopg.connect(
        dbname=parts["NAME"],
        user=parts["USER"],
        password=parts["PASSWORD"],
        host=parts["HOST"],
        port=parts["PORT"],
        autocommit=True,
    ) as own:
        own.execute(EMPTY)
    store.forget()
    followers.install()


# Only what holds anything is truncated: emptying a table costs a new file for it and for each of
# its indexes, and a test touches few of them.
EMPTY = """
DO $$
DECLARE
    guards text[];
    filled text[];
    name text;
    holds boolean;
    g text;
BEGIN
    FOR name IN SELECT quote_ident(c.relname) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition
        AND c.relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO holds;
        IF holds THEN filled := filled || name; END IF;
    END LOOP;
    guards := ARRAY(SELECT format('ALTER TABLE %s %%s TRIGGER %I', tgrelid::regclass, tgname)
        FROM pg_trigger WHERE tgfoid = 'eventlog_refuse'::regproc);
    FOREACH g IN ARRAY guards LOOP EXECUTE format(g, 'DISABLE'); END LOOP;
    EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
        AND sequencename NOT LIKE 'django%' AND sequencename NOT LIKE 'auth_permission%';
    INSERT INTO eventlog_head DEFAULT VALUES;
    FOREACH g IN ARRAY guards LOOP EXECUTE format(g, 'ENABLE ALWAYS'); END LOOP;
END $$;
"""

TransactionTestCase._fixture_teardown = empty_the_database  # type: ignore[method-assign]
