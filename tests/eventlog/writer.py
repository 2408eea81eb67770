"""A writer in a process of its own: toggles lamps until it is told to end, sometimes thinks twice.

    python -m tests.eventlog.writer NAME

Ends when its standard input is closed; prints how many events it committed.
"""

from __future__ import annotations

import random
import sys
import threading
import time

import django


class ChangedMind(Exception):
    """The writer rolls back what it has appended."""


def main(name: str) -> int:
    """Writes until standard input ends; returns the number of events committed."""
    django.setup()
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    chance, committed = random.Random(name), 0
    while not ended.is_set():
        committed += write_once(name, chance)
    return committed


def write_once(name: str, chance: random.Random) -> int:
    """One transaction of one to three events on shared and own lamps; 0 when rolled back."""
    from django.db import transaction

    from eventlog.core import Conflict, Context
    from eventlog.store import execute
    from tests.eventlog.lamps import NOON, Toggle

    lamps = chance.sample([f"{name}-1", f"{name}-2", "shared-1", "shared-2"], 1)
    lamps += [f"{name}-{chance.randrange(3, 9)}" for _ in range(chance.randrange(3))]
    try:
        with transaction.atomic():
            for lamp in lamps:
                execute(Toggle(lamp=lamp, by=name, at=NOON), Context.by(f"person:{name}"))
            time.sleep(chance.choice((0, 0, 0, 0.01)))
            if chance.random() < 0.2:
                raise ChangedMind
    except (ChangedMind, Conflict):
        return 0
    return len(lamps)


if __name__ == "__main__":
    print(main(sys.argv[1]))  # noqa: T201
