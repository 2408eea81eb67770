"""The rows of measurements: finding and making series, writing points, reading them back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from eventlog.db import fast_cursor
from monitoring.ingest.points import Batch, SeriesKey
from monitoring.kinds import Point
from monitoring.labels import fingerprint
from monitoring.models import Series

MAX_SERIES_PER_SOURCE = 100_000
CACHED_SERIES = 200_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[int, int, float]


class TooManySeries(Exception):
    """This source has as many series as it may have."""


@dataclass(slots=True)
class Written:
    """What became of a batch. `touched` are (series id, microseconds) that are new or changed."""

    accepted: int = 0
    unchanged: int = 0
    corrected: int = 0
    kept: int = 0
    touched: list[tuple[int, int]] = field(default_factory=list)


_ids: dict[SeriesKey, int] = {}
_months: set[tuple[int, int]] = set()
_lock = threading.Lock()


def forget() -> None:
    """Forgets what this process remembers of series and partitions."""
    with _lock:
        _ids.clear()
        _months.clear()


def known_ids(keys: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
    """Ids of those series that this process has seen before."""
    return {key: _ids[key] for key in keys if key in _ids}


def find_or_make(
    keys: Sequence[SeriesKey], source: str, now: datetime, units: Mapping[SeriesKey, str]
) -> dict[SeriesKey, int]:
    """Ids of series by key; those that are new are made, in the name of `source`.

    The keys must be well formed (`monitoring.labels`). Raises `TooManySeries`.
    """
    prints = {key: fingerprint(key[0], dict(key[1])) for key in keys}
    found = _ids_of(prints.values())
    missing = {prints[key]: key for key in keys if prints[key] not in found}
    if missing:
        _check_room(source, len(missing))
        Series.objects.bulk_create(
            [_row(mark, key, source, now, units) for mark, key in missing.items()],
            ignore_conflicts=True,
        )
        found |= _ids_of(missing)
    # A series made by a monitor before anything arrived belongs to whoever sends it first.
    Series.objects.filter(fingerprint__in=list(found), source="").update(source=source)
    ids = {key: found[mark] for key, mark in prints.items()}
    with _lock:
        if len(_ids) + len(ids) > CACHED_SERIES:
            _ids.clear()
        _ids.update(ids)
    return ids


def find_existing(keys: Sequence[SeriesKey]) -> dict[SeriesKey, int]:
    """Ids of those series that there are."""
    prints = {key: fingerprint(key[0], dict(key[1])) for key in keys}
    found = _ids_of(prints.values())
    return {key: found[mark] for key, mark in prints.items() if mark in found}


def _ids_of(fingerprints: Iterable[str]) -> dict[str, int]:
    rows = Series.objects.filter(fingerprint__in=list(fingerprints))
    return dict(rows.values_list("fingerprint", "id"))


def _check_room(source: str, wanted: int) -> None:
    if Series.objects.filter(source=source).count() + wanted > MAX_SERIES_PER_SOURCE:
        raise TooManySeries


def _row(
    mark: str, key: SeriesKey, source: str, now: datetime, units: Mapping[SeriesKey, str]
) -> Series:
    name, labels = key
    return Series(
        name=name,
        labels=dict(sorted(labels)),
        fingerprint=mark,
        unit=units.get(key, ""),
        source=source,
        created_at=now,
    )


def write(batch: Batch, ids: Mapping[SeriesKey, int]) -> Written:
    """Writes the batch's points in one transaction.

    The same value for the same series and time again changes nothing. Another value is a
    correction: the old one is kept as a revision, unless the series is declared first-wins.
    """
    rows = list(zip(map(ids.__getitem__, batch.keys), batch.micros, batch.values, strict=True))
    _add_months(batch.micros)
    written = Written()
    with transaction.atomic():
        while rows:
            rows = _write_round(rows, written)
    return written


def _write_round(rows: list[Row], written: Written) -> list[Row]:
    """Writes the first row of each series and time; returns the others that differ from it."""
    first: dict[tuple[int, int], Row] = {}
    again: list[Row] = []
    for row in rows:
        held = first.setdefault(row[:2], row)
        if held is row:
            continue
        if again or row[2] != held[2]:
            again.append(row)
        else:
            written.unchanged += 1
    # Everybody writes in the same order, so that no two batches wait for each other in a circle.
    fresh = sorted(first.values())
    known = _insert(fresh)
    written.accepted += len(fresh) - len(known)
    taken = {row[:2] for row in known}
    written.touched += [row[:2] for row in fresh if row[:2] not in taken]
    if known:
        _correct(known, written)
    return again


INSERT = """
WITH incoming AS MATERIALIZED (
    SELECT series_id, micros, to_timestamp(micros::float8 / 1e6::float8) AS time, value
    FROM unnest(%s::bigint[], %s::bigint[], %s::float8[]) AS i(series_id, micros, value)
), inserted AS (
    INSERT INTO monitoring_measurement (series_id, time, value)
    SELECT series_id, time, value FROM incoming
    ON CONFLICT (series_id, time) DO NOTHING
    RETURNING series_id, time
)
SELECT series_id, micros, value FROM incoming
LEFT JOIN inserted USING (series_id, time) WHERE inserted.series_id IS NULL
"""

CORRECT = """
WITH incoming AS MATERIALIZED (
    SELECT series_id, micros, to_timestamp(micros::float8 / 1e6::float8) AS time, value
    FROM unnest(%s::bigint[], %s::bigint[], %s::float8[]) AS i(series_id, micros, value)
), known AS MATERIALIZED (
    SELECT m.series_id, m.time, m.value AS was, m.recorded_at, m.revision,
        i.micros, i.value, s.first_wins AND m.value <> i.value AS keeps,
        m.value <> i.value AND NOT s.first_wins AS changes
    FROM incoming i
    JOIN monitoring_measurement m ON m.series_id = i.series_id AND m.time = i.time
    JOIN monitoring_series s ON s.id = i.series_id
    ORDER BY m.series_id, m.time FOR UPDATE OF m
), kept AS (
    INSERT INTO monitoring_revision (series_id, time, revision, value, recorded_at)
    SELECT series_id, time, revision, was, recorded_at FROM known WHERE changes
), changed AS (
    UPDATE monitoring_measurement m
    SET value = k.value, revision = m.revision + 1, recorded_at = now()
    FROM known k WHERE k.changes AND m.series_id = k.series_id AND m.time = k.time
)
SELECT series_id, micros, changes, keeps FROM known
"""


def _insert(rows: list[Row]) -> list[Row]:
    """Inserts what is new; returns the rows whose series and time are there already."""
    with fast_cursor() as cursor:
        cursor.execute(INSERT, _arrays(rows))
        return list(cursor.fetchall())


def _correct(rows: list[Row], written: Written) -> None:
    with fast_cursor() as cursor:
        cursor.execute(CORRECT, _arrays(sorted(rows)))
        for series, micros, changes, keeps in cursor.fetchall():
            written.corrected += changes
            written.kept += keeps
            written.unchanged += not changes and not keeps
            if changes:
                written.touched.append((series, micros))


def _arrays(rows: list[Row]) -> tuple[str, str, str]:
    """PostgreSQL array literals of the columns: joining texts beats binding lists threefold."""
    series, micros, values = zip(*rows, strict=True)
    return (
        "{" + ",".join(map(str, series)) + "}",
        "{" + ",".join(map(str, micros)) + "}",
        "{" + ",".join(map(repr, values)) + "}",
    )


def _add_months(micros: Sequence[int]) -> None:
    """Makes the partitions that points of these times need, before their transaction begins."""
    months = {(at.year, at.month) for at in map(from_micros, {m // DAY * DAY for m in micros})}
    for year, month in sorted(months - _months):
        with fast_cursor() as cursor:
            cursor.execute(
                "SELECT monitoring_add_month(%s)", (datetime(year, month, 1, tzinfo=UTC),)
            )
        _months.add((year, month))


DAY = 86_400 * 1_000_000


def from_micros(micros: int) -> datetime:
    """The time that is so many microseconds after 1970, exactly."""
    return EPOCH + timedelta(microseconds=micros)


def points_after(series: int, after: datetime | None, limit: int) -> list[Point]:
    """Points of a series later than `after`, oldest first."""
    return _points("series_id = %s AND time > %s", (series, after or EPOCH), "time", limit)


def points_until(series: int, until: datetime, limit: int) -> list[Point]:
    """The latest points of a series up to `until`, oldest first."""
    return _points("series_id = %s AND time <= %s", (series, until), "time DESC", limit)[::-1]


def latest_point(series: int) -> tuple[datetime, datetime] | None:
    """Time of a series' latest point, and when it was recorded."""
    with fast_cursor() as cursor:
        cursor.execute(
            "SELECT time, recorded_at FROM monitoring_measurement WHERE series_id = %s"
            " ORDER BY time DESC LIMIT 1",
            (series,),
        )
        return cursor.fetchone()


def _points(where: str, values: tuple[Any, ...], order: str, limit: int) -> list[Point]:
    statement = (
        f"SELECT time, value FROM monitoring_measurement WHERE {where} ORDER BY {order} LIMIT %s"
    )
    with fast_cursor() as cursor:
        cursor.execute(statement, (*values, limit))
        return [Point(time.astimezone(UTC), value) for time, value in cursor.fetchall()]
