"""What /readyz asks of the parts that every installation has."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kombu import Connection

from config.health import NotWell, check
from config.models import Heartbeat
from eventlog.clock import now

SEAL_LAG = 10.0
SILENCE = timedelta(minutes=1)


@check("database", needed=True)
def database_answers() -> None:
    """One round trip."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


_migrated = False


@check("migrations", needed=True)
def migrations_are_applied() -> None:
    """No migration waits. Once that is so it stays so for the life of this process."""
    global _migrated
    if _migrated:
        return
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise NotWell(f"{len(waiting)} migrations wait to be applied")
    _migrated = True


@check("broker", needed=False)
def broker_answers() -> None:
    """Without it commands go on, and background work waits."""
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)


@check("sealer", needed=False)
def sealer_keeps_up() -> str:
    """Seconds since the oldest event that has no position yet. Followers wait for the sealer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8"
            " FROM eventlog_event WHERE seq > (SELECT seq FROM eventlog_head)"
        )
        (lag,) = cursor.fetchone()
    if lag > SEAL_LAG:
        raise NotWell(f"the oldest unsealed event is {lag:.0f} s old")
    return f"{lag:.1f} s behind"


@check("worker", needed=False)
def worker_is_alive() -> str:
    """A worker answered the scheduler lately; so both of them run."""
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is None:
        raise NotWell("no worker was ever heard of")
    silent = now() - beat.at
    if silent > SILENCE:
        raise NotWell(f"silent for {silent.total_seconds():.0f} s")
    return f"{max(0.0, silent.total_seconds()):.0f} s ago"
