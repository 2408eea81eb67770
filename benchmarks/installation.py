"""An installation that lives as long as a benchmark, durable like a real one (fsync on)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from config.environment import ROOT
from config.servers.postgresql import APPLICATION, OWNER
from config.servers.throwaway import ThrowawayServers


@contextmanager
def installation() -> Iterator[ThrowawayServers]:
    """Servers with the product's tables; Django of this process and its children uses them."""
    servers = ThrowawayServers(durable=True)
    servers.start()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DROPSTITCH_DATA": str(servers.folder),
        "DATABASE_URL": servers.database.url(APPLICATION),
        "DATABASE_OWNER_URL": servers.database.url(OWNER),
        "BROKER_URL": servers.broker.url,
        "LOG_LEVEL": "WARNING",
    }
    try:
        manage("migrate", "--verbosity", "0")
        _set_up_django()
        yield servers
    finally:
        servers.stop()


def manage(*arguments: str) -> None:
    """Runs a management command to its end. Raises `CalledProcessError`."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True)


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A management command at work beside us, ended by SIGTERM."""
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def owner() -> psycopg.Connection[tuple[object, ...]]:
    """A connection as the role that owns the tables."""
    return psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True)


def commit_milliseconds(commits: int = 60) -> float:
    """Median time of a bare commit: what the disk and the neighbours allow just now."""
    taken = []
    with owner() as connection:
        for _ in range(commits):
            began = time.perf_counter()
            connection.execute("SELECT pg_logical_emit_message(true, 'probe', '')", prepare=True)
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _set_up_django() -> None:
    import django

    django.setup()
