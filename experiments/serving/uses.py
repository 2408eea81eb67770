"""What processes that serve flags write down: what is asked for, and from what they serve."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

from eventlog.clock import now
from eventlog.db import fast_cursor

FLUSH_EVERY = 10.0  # seconds

_lock = threading.Lock()
_asked: Counter[tuple[str, str]] = Counter()


def note(environment: str, flag: str) -> None:
    """A flag was asked for."""
    with _lock:
        _asked[environment, flag] += 1


def note_all(environment: str, flags: Iterable[str]) -> None:
    """All flags of an environment were fetched, to be evaluated elsewhere."""
    with _lock:
        for flag in flags:
            _asked[environment, flag] += 0


def say(process: str, served: Mapping[str, int]) -> None:
    """A process says from which revision of each environment it serves; the dead are forgotten."""
    with fast_cursor() as cursor:
        cursor.execute(
            "INSERT INTO experiments_served_revision AS known (process, environment, revision, at)"
            " SELECT %s, e, r, %s FROM unnest(%s::text[], %s::bigint[]) AS i(e, r)"
            " ON CONFLICT (process, environment) DO UPDATE"
            " SET revision = excluded.revision, at = excluded.at",
            (process, now(), list(served), list(served.values())),
        )
        cursor.execute(
            "DELETE FROM experiments_served_revision WHERE at < %s - interval '1 hour'", (now(),)
        )


def flush() -> None:
    """Writes the counts down. What could not be written is counted again next time."""
    with _lock:
        counted = dict(_asked)
        _asked.clear()
    if not counted:
        return
    environments, flags = zip(*sorted(counted), strict=True)
    counts = [counted[key] for key in sorted(counted)]
    try:
        with fast_cursor() as cursor:
            cursor.execute(
                "INSERT INTO experiments_flag_use AS use (environment, flag, asked, last_at)"
                " SELECT e, f, n, %s FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS i(e, f, n)"
                " ON CONFLICT (environment, flag) DO UPDATE"
                " SET asked = use.asked + excluded.asked, last_at = excluded.last_at",
                (now(), list(environments), list(flags), counts),
            )
    except Exception:
        with _lock:
            _asked.update(counted)
        raise
