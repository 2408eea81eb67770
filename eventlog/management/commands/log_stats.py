"""The log in figures, and its public key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from eventlog.checkpoints import own_signer
from eventlog.direct import Connection, connect
from eventlog.lead import is_led

QUERIES = {
    "sealed events": "SELECT position FROM eventlog_head",
    "not yet sealed": "SELECT count(*) FROM eventlog_event WHERE seq > (SELECT seq FROM eventlog_head)",
    "streams": "SELECT count(*) FROM eventlog_stream",
    "checkpoints": "SELECT count(*) FROM eventlog_checkpoint",
    "newest checkpoint": "SELECT max(size) FROM eventlog_checkpoint",
    "parked events": "SELECT count(*) FROM eventlog_parked",
    "subjects with a key": "SELECT count(*) FROM eventlog_subject_key WHERE shredded_at IS NULL",
    "erased subjects": "SELECT count(*) FROM eventlog_subject_key WHERE shredded_at IS NOT NULL",
    "bytes of events": "SELECT pg_total_relation_size('eventlog_event')",
    "bytes of order, proofs and refs": "SELECT sum(pg_total_relation_size(name::regclass))::bigint"
    " FROM unnest(ARRAY['eventlog_position', 'eventlog_tile', 'eventlog_checkpoint',"
    " 'eventlog_ref']) AS name",
}
TYPES = "SELECT type, count(*) FROM eventlog_position GROUP BY type ORDER BY 2 DESC, 1"
FOLLOWERS = """
SELECT name, greatest(0, head.position - f.position)
FROM eventlog_follower f, eventlog_head head ORDER BY name
"""


class Command(BaseCommand):
    """`manage.py log_stats`."""

    help = "Counts events, streams, checkpoints and bytes; shows followers and the public key."

    def handle(self, *args: Any, **options: Any) -> None:
        with connect("log_stats") as connection:
            self._tell("public key", own_signer().verifier)
            self._tell("sealer", "leads" if is_led(connection) else "none runs")
            for name, query in QUERIES.items():
                self._tell(name, *self._row(connection, query))
            for kind, count in connection.execute(TYPES):
                self._tell(f"  {kind}", count)
            for follower, lag in connection.execute(FOLLOWERS):
                self._tell(f"  {follower} is behind by", lag)

    def _row(self, connection: Connection, query: str) -> tuple[Any, ...]:
        return connection.execute(query.encode()).fetchone() or (0,)

    def _tell(self, name: str, value: Any) -> None:
        shown = f"{value or 0:,}" if isinstance(value, int | None) else str(value)
        self.stdout.write(f"{name:<34} {shown}")
