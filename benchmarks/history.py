"""Compares what readers were shown with the incidents' rows at the versions they stated.

    python -m benchmarks.history FILE

FILE holds a JSON list of {"incident", "version", "facts"}. Every stream is replayed event by
event into temporary tables that hide the live ones, and read by the product's own query after
each. Prints {"compared", "wrong"} as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import django

Facts = dict[str, Any]


def main(path: str) -> None:
    """Reads what was seen and prints the comparison."""
    django.setup()
    seen = json.loads(Path(path).read_text())
    versions: dict[str, set[int]] = defaultdict(set)
    for each in seen:
        versions[each["incident"]].add(each["version"])
    expected = {
        (incident, version): facts
        for incident, wanted in versions.items()
        for version, facts in rows_by_version(incident, wanted).items()
    }
    wrong = [each for each in seen if not _agrees(each, expected)]
    print(json.dumps({"compared": len(seen), "wrong": wrong[:20]}))


def _agrees(each: Facts, expected: dict[tuple[str, int], Facts]) -> bool:
    row = expected.get((each["incident"], each["version"]))
    return row is not None and all(row[name] == value for name, value in each["facts"].items())


def rows_by_version(incident: str, wanted: set[int]) -> dict[int, Facts]:
    """The incident's card, as the API would show it, after each of the wanted versions."""
    from django.db import connection, transaction
    from rest_framework.renderers import JSONRenderer

    from eventlog import store
    from eventlog.clock import now
    from incidents import queries
    from incidents.projections.life import board

    found = {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            for table in board.tables:
                cursor.execute(
                    f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)"
                )
            cursor.execute("DISCARD PLANS")
        for record in store.read_stream(f"incident:{incident}", limit=max(wanted)):
            board.apply(record)
            if record.version in wanted:
                detail = queries.detail(incident, now())
                assert detail is not None
                found[record.version] = json.loads(JSONRenderer().render(_plain(detail.card)))
        transaction.set_rollback(True)
    return found


def _plain(card: Any) -> Facts:
    from dataclasses import asdict

    return asdict(card)


if __name__ == "__main__":
    main(sys.argv[1])
