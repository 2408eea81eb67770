"""Makes thousands of monitors in an installation: `python -m benchmarks.many_monitors N PAGING`.

Through the commands that the API uses, one process, without the HTTP around them.
"""

from __future__ import annotations

import sys
import uuid
from typing import Any

import django

# Kind, parameters, and how many of ten monitors are of it.
MIX: list[tuple[str, dict[str, Any], int]] = [
    ("threshold", {"value": 1_000_000.0}, 5),
    ("robust_deviation", {}, 3),
    ("anomaly", {}, 1),
    ("absence", {"silence": 600}, 1),
]
SERIES, PAGING = "bench.value", "bench.paging"


def labels_of(number: int) -> dict[str, str]:
    """Labels of a series."""
    return {"unit": f"u{number:05}"}


def definitions(count: int, paging: int) -> list[dict[str, Any]]:
    """One monitor a series; the last `paging` page somebody at the first value above 1."""
    kinds = [(kind, parameters) for kind, parameters, share in MIX for _ in range(share)]
    made = []
    for number in range(count):
        kind, parameters = kinds[number % len(kinds)]
        made.append(
            {
                "name": f"Unit {number}",
                "kind": kind,
                "parameters": parameters,
                "series": SERIES,
                "labels": labels_of(number),
            }
        )
    for number in range(paging):
        made.append(
            {
                "name": f"Paging {number}",
                "kind": "threshold",
                "parameters": {"value": 1.0, "needed": 1, "of": 1},
                "series": PAGING,
                "labels": labels_of(number),
                "subjects": [f"service:paging-{number}"],
                "urgency": "page",
                "severity": 2,
            }
        )
    return made


def main(count: int, paging: int) -> None:
    """Creates them."""
    django.setup()
    from eventlog import store
    from eventlog.clock import now
    from eventlog.core import Context
    from monitoring import evaluation
    from monitoring.commands import CreateMonitor

    for definition in definitions(count, paging):
        command = CreateMonitor(at=now(), monitor=str(uuid.uuid4()), **definition)
        store.execute(command, Context.by("system:bench"))
    evaluation.adopt()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
