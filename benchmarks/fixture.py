"""The batch loader: a large sealed history, and the verification of every event of it.

`--events 1000000` is the size that the large fixtures have. Payload 450 bytes, 1,000 streams.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks import parcels
from benchmarks.figures import Figure
from benchmarks.installation import installation
from config.environment import ROOT
from eventlog.core import uuid7

if TYPE_CHECKING:
    from eventlog.bulk import Told

STREAMS = 1_000
LOAD_BUDGET_SECONDS = 600 / 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--events", type=int, default=100_000, help="size of the history")


def measure(options: argparse.Namespace) -> list[Figure]:
    """Seconds for loading and for verifying, beside ten minutes for a million."""
    with installation():
        from eventlog import store
        from eventlog.bulk import load_history

        began = time.perf_counter()
        load_history(history(options.events))
        loaded = time.perf_counter()
        sealed = store.head()
        code = subprocess.run([sys.executable, "manage.py", "verify_log"], cwd=ROOT).returncode
        verified = time.perf_counter()
    events, budget = options.events, options.events * LOAD_BUDGET_SECONDS
    return [
        Figure(f"{events:,} events loaded and sealed", "s", "lower", loaded - began, goal=budget),
        Figure("loaded and sealed", "events/s", "higher", events / (loaded - began)),
        Figure("sealed events", "", "higher", sealed, goal=events),
        Figure("verify_log over them", "s", "lower", verified - loaded),
        Figure("verified", "events/s", "higher", events / (verified - loaded)),
        Figure("exit code of verify_log", "", "lower", code, goal=0),
    ]


def history(events: int) -> Iterator[Told]:
    """Scans of 1,000 parcels in turn."""
    from eventlog.bulk import Told

    names = [str(uuid7()) for _ in range(STREAMS)]
    for number in range(events):
        parcel = names[number % STREAMS]
        event = parcels.scan(parcel, number // STREAMS)
        yield Told(f"parcel:{parcel}", event, parcels.NOON)
