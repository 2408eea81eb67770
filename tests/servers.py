"""Pytest plugin: one PostgreSQL and one Valkey for the whole run, a database for each worker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from config.servers.postgresql import APPLICATION, OWNER, SUPERUSER
from tests.settings import APPLICATION_RIGHTS, servers

TEST_RIGHTS = f"ALTER ROLE {OWNER} CREATEDB; GRANT {APPLICATION} TO {OWNER}"


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers, in the one process that chose their addresses."""
    if servers is None or config.option.collectonly or config.option.help:
        return
    servers.start()
    with psycopg.connect(servers.database.url(SUPERUSER, "postgres")) as session:
        session.execute(TEST_RIGHTS)


def pytest_unconfigure() -> None:
    """Throw the servers away."""
    if servers is not None:
        servers.stop()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, made by its owner; the tests themselves have the application's role."""
    options = connection.settings_dict["OPTIONS"]
    connection.close()
    options["options"] = APPLICATION_RIGHTS
    yield
    del options["options"]
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture(scope="session")
def process_environment(django_db_setup: None) -> dict[str, str]:
    """Environment for a process of the product that works on this worker's test database."""
    direct = os.environ["DATABASE_DIRECT_URL"]
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": direct}
