"""Measurements as people send them, read one by one: good ones kept, bad ones explained.

Pure: bytes in, points and errors out. The loop over points is plain and flat because it is the
hottest in the product: a point costs a few microseconds here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from monitoring.labels import BadSeries, check_series, check_unit

MAX_POINTS = 50_000
MAX_AHEAD = timedelta(minutes=5)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
NUMBERS = (int, float)
MAX_BUCKETS = 200
FIELDS = frozenset({"series", "labels", "time", "value", "unit"})

SeriesKey = tuple[str, tuple[tuple[str, str], ...]]


class Unreadable(ValueError):
    """The body as a whole is no list of measurements."""


class TooMany(ValueError):
    """More measurements in one request than are taken at once."""


@dataclass(frozen=True, slots=True)
class PointError:
    """Why one measurement was refused. `index` counts from 0 in the order they were sent."""

    index: int
    field: str
    code: str
    message: str


@dataclass(slots=True)
class Batch:
    """What a body held, as parallel lists: series keys, microseconds since 1970, values."""

    keys: list[SeriesKey] = field(default_factory=list)
    micros: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    units: dict[SeriesKey, str] = field(default_factory=dict)
    errors: list[PointError] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.micros)


def read_json(body: bytes, now: datetime) -> Batch:
    """A JSON list of measurements, or an object that holds one under ``measurements``."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from error
    if isinstance(read, dict):
        read = read.get("measurements")
    if not isinstance(read, list):
        raise Unreadable('Send a list of measurements, or {"measurements": [...]}.')
    return _read(read, [], now)


def read_lines(body: bytes, now: datetime) -> Batch:
    """One JSON object a line (NDJSON); a line that is no JSON is one bad measurement."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    _check_count(len(lines))
    try:
        # One call for the whole batch is three times as fast as one for each line.
        items = orjson.loads(b"[" + b",".join(lines) + b"]")
        if len(items) == len(lines):
            return _read(items, [], now)
    except orjson.JSONDecodeError:
        pass
    return _line_by_line(lines, now)


def _line_by_line(lines: list[bytes], now: datetime) -> Batch:
    items: list[Any] = []
    errors = []
    for index, line in enumerate(lines):
        try:
            items.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            items.append(None)
            message = f"The line is not JSON (which knows neither NaN nor infinity): {error}."
            errors.append(PointError(index, "", "bad_json", message))
    return _read(items, errors, now)


def _check_count(count: int) -> None:
    if count > MAX_POINTS:
        raise TooMany(f"At most {MAX_POINTS:,} measurements in one request; these are {count:,}.")


def _read(items: list[Any], errors: list[PointError], now: datetime) -> Batch:
    _check_count(len(items))
    batch = Batch(errors=errors)
    refused = {error.index for error in errors}
    first, last = _micros(EARLIEST), _micros(now + MAX_AHEAD)
    isfinite = math.isfinite
    for index, item in enumerate(items):
        if index in refused:
            continue
        try:
            at, value, labels = item["time"], item["value"], item.get("labels")
            micros = (
                _micros(datetime.fromisoformat(at)) if type(at) is str else round(at * 1_000_000)
            )
            number = float(value) if type(value) in NUMBERS else math.nan
            if isfinite(number) and first <= micros <= last and item.keys() <= FIELDS:
                key = (item["series"], tuple(labels.items()) if labels else ())
                hash(key)
                if "unit" in item:
                    check_unit(item["unit"])
                    batch.units[key] = item["unit"]
                batch.keys.append(key)
                batch.micros.append(micros)
                batch.values.append(number)
                batch.indexes.append(index)
                continue
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
            pass
        if isinstance(item, dict) and "histogram" in item:
            _take_histogram(batch, index, item, now)
        else:
            errors.append(_explain(index, item, now))
    _check_count(len(batch))
    return batch


def _take_histogram(batch: Batch, index: int, item: dict[str, Any], now: datetime) -> None:
    """A histogram is the counts of its buckets, all of them, and the sum: a series each."""
    given = {name: value for name, value in item.items() if name != "histogram"}
    error = _fault_of_histogram(item["histogram"])
    if error is None and "value" in item:
        error = "value", "bad_value", "A measurement has a value or a histogram."
    fault = PointError(index, *error) if error else None
    rest = _explain(index, {**given, "value": 0.0}, now)
    # Of a measurement that is right but for its value, only the value can be explained.
    if fault is None and rest.field != "value":
        fault = rest
    if fault:
        batch.errors.append(fault)
        return
    name, labels = item["series"], item.get("labels") or {}
    if "le" in labels:
        message = "The label `le` is that of the buckets."
        batch.errors.append(PointError(index, "labels", "reserved_label", message))
        return
    at = item["time"]
    micros = _micros(datetime.fromisoformat(at)) if type(at) is str else round(at * 1_000_000)
    buckets, total = item["histogram"]["buckets"], item["histogram"].get("sum")
    points = [(f"{name}_bucket", {**labels, "le": le}, count) for le, count in buckets.items()]
    points.append((f"{name}_count", labels, buckets["+Inf"]))
    points += [(f"{name}_sum", labels, total)] if total is not None else []
    for series, its, value in points:
        batch.keys.append((series, tuple(its.items())))
        batch.micros.append(micros)
        batch.values.append(float(value))
        batch.indexes.append(index)


def _fault_of_histogram(given: Any) -> tuple[str, str, str] | None:
    buckets = given.get("buckets") if isinstance(given, dict) else None
    if not isinstance(buckets, dict) or set(given) - {"buckets", "sum"}:
        return "histogram", "bad_histogram", 'Is an object with "buckets" and perhaps "sum".'
    if "+Inf" not in buckets or len(buckets) > MAX_BUCKETS:
        message = f'Needs a bucket "+Inf" with the count of all, and at most {MAX_BUCKETS} buckets.'
        return "histogram.buckets", "bad_histogram", message
    counts = []
    for le, count in sorted(buckets.items(), key=lambda bucket: _bound(bucket[0])):
        if not math.isfinite(_bound(le)) and le != "+Inf":
            return "histogram.buckets", "bad_histogram", f"{le[:40]!r} is no upper bound."
        if type(count) not in NUMBERS or not 0 <= count < math.inf:
            return "histogram.buckets", "bad_histogram", f"The count of {le} is none."
        counts.append(count)
    if counts != sorted(counts):
        message = (
            "Each bucket counts all up to its bound, so that no count is below the one before."
        )
        return "histogram.buckets", "bad_histogram", message
    total = given.get("sum", 0)
    if type(total) not in NUMBERS or not math.isfinite(total):
        return "histogram.sum", "bad_histogram", "Must be a finite number."
    return None


def _bound(le: str) -> float:
    try:
        return float(le)
    except ValueError:
        return math.nan


def _micros(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return round(at.timestamp() * 1_000_000)


def _explain(index: int, item: Any, now: datetime) -> PointError:
    """What is wrong with a measurement that the fast path did not take."""
    if not isinstance(item, dict):
        return PointError(index, "", "bad_json", "A measurement is a JSON object.")
    for name in ("series", "time", "value"):
        if item.get(name) is None:
            return PointError(index, name, "required", "Is required.")
    unknown = sorted(set(item) - FIELDS)
    if unknown:
        message = f"Is not known; a measurement has {', '.join(sorted(FIELDS))}."
        return PointError(index, unknown[0], "unknown_field", message)
    try:
        check_series(item["series"], item.get("labels") or {})
        check_unit(item.get("unit", ""))
    except BadSeries as error:
        return PointError(index, error.field, error.code, error.message)
    fault = _fault_of_time(item["time"], now)
    if fault:
        return PointError(index, "time", *fault)
    return PointError(index, "value", "bad_value", "Must be a finite number.")


def _fault_of_time(at: Any, now: datetime) -> tuple[str, str] | None:
    if isinstance(at, str):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return "bad_time", "Is no time such as 2026-03-01T12:00:00Z."
        if moment.tzinfo is None:
            return "no_zone", "Needs a zone, such as Z or +01:00."
    elif type(at) in NUMBERS:
        if at >= 1e11:
            return "bad_time", "A number is seconds since 1970; this looks like milliseconds."
        moment = datetime.fromtimestamp(max(0, at), UTC)
    else:
        return "bad_time", "Must be a text such as 2026-03-01T12:00:00Z, or seconds since 1970."
    if moment > now + MAX_AHEAD:
        return "in_the_future", "Is more than 5 minutes ahead of the clock here."
    if moment < EARLIEST:
        return "too_old", "Is before 1990."
    return None
