"""Pytest plugin: one PostgreSQL and one Valkey for the whole run, a database for each worker."""

from __future__ import annotations

import os

import psycopg
import pytest

from config.servers.postgresql import APPLICATION, OWNER, SUPERUSER
from tests.settings import servers

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
def process_environment(django_db_setup: None) -> dict[str, str]:
    """Environment for a process of the product that works on this worker's test database."""
    direct = os.environ["DATABASE_DIRECT_URL"]
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": direct}
