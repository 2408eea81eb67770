"""Small series for tests of kinds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import orjson

from monitoring.kinds import Kind, Point, Verdict

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def minute(number: float) -> datetime:
    """So many minutes past noon."""
    return NOON + timedelta(minutes=number)


def points(values: Iterable[float]) -> list[Point]:
    """One point a minute from noon on."""
    return [Point(minute(number), value) for number, value in enumerate(values)]


def judge(kind: Kind, read: list[Point], until: datetime | None = None) -> list[Verdict]:
    """The verdicts on a whole series at once."""
    return kind.evaluate(kind.start(), read, until or read[-1].time)[1]


def judge_in_parts(kind: Kind, read: list[Point], size: int) -> list[Verdict]:
    """The same in parts, between which the state goes through JSON as it does in the database."""
    state, verdicts = kind.start(), []
    for start in range(0, len(read), size):
        part = read[start : start + size]
        state, said = kind.evaluate(orjson.loads(orjson.dumps(state)), part, part[-1].time)
        verdicts += said
    return verdicts


def statuses(verdicts: Iterable[Verdict]) -> str:
    """The statuses as a word: o ok, p pending, B breached, n no data."""
    letters = {"ok": "o", "pending": "p", "breached": "B", "no_data": "n"}
    return "".join(letters[verdict.status] for verdict in verdicts)
