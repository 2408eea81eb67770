"""How far each source of measurements has come: the watermark of its event time."""

from __future__ import annotations

from datetime import datetime, timedelta

from eventlog.db import fast_cursor
from monitoring.measurements import from_micros

STEP = timedelta(seconds=1)

_noted: dict[str, datetime] = {}


def heard_from(source: str, micros: int, at: datetime) -> None:
    """Notes that `source` sent a measurement of this time; it only ever moves forward.

    In steps of a second of event time and in a statement of its own: a row that every batch
    updates would make batches of one live source wait for each other.
    """
    latest, known = from_micros(micros), _noted.get(source)
    if known is not None and latest < known + STEP:
        return
    with fast_cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring_source AS s (ref, latest, heard_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (ref) DO UPDATE SET latest = GREATEST(s.latest, EXCLUDED.latest),"
            " heard_at = GREATEST(s.heard_at, EXCLUDED.heard_at)",
            (source, latest, at),
        )
    _noted[source] = latest


def forget() -> None:
    """Forgets what was noted, so that the next measurement is written again."""
    _noted.clear()
