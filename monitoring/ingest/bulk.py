"""`POST /api/v1/measurements`: our own format, JSON or NDJSON, plain or gzip."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar

from django.db import InterfaceError, OperationalError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.bodies import read_body
from access.api.problems import TooLarge, problem
from access.doors import actor_of
from eventlog.clock import now
from monitoring import measurements, sources
from monitoring.arrivals import announce
from monitoring.ingest.points import (
    Batch,
    PointError,
    SeriesKey,
    TooMany,
    Unreadable,
    read_json,
    read_lines,
)
from monitoring.labels import BadSeries, check_series
from monitoring.measurements import MAX_SERIES_PER_SOURCE, TooManySeries, Written
from monitoring.metrics import MEASUREMENTS

MAX_ERRORS = 1_000
WRITERS = 8
WRITER_PATIENCE = 5.0
LINES = {"application/x-ndjson", "application/ndjson", "application/jsonl"}


class Busy(APIException):
    """Measurements cannot be written just now; sent again a little later, they will be."""

    status_code = 503
    default_code = "busy"

    def __init__(self, detail: str, wait: int):
        super().__init__(detail)
        self.wait = wait


class HistogramSerializer(serializers.Serializer[Any]):
    """How many were up to each bound, as Prometheus counts: at most 200 bounds."""

    buckets = serializers.DictField(
        child=serializers.FloatField(), help_text='Count by upper bound; "+Inf" is all.'
    )
    sum = serializers.FloatField(required=False)


class MeasurementSerializer(serializers.Serializer[Any]):
    """One measurement."""

    series = serializers.CharField(help_text="1 to 200 letters, digits or _ . : / -")
    labels = serializers.DictField(child=serializers.CharField(), required=False)
    time = serializers.CharField(help_text="RFC 3339 with a zone, or seconds since 1970.")
    value = serializers.FloatField(required=False, help_text="This, or a histogram.")
    histogram = HistogramSerializer(required=False)
    unit = serializers.CharField(required=False, help_text="Of the series; the first one counts.")


class BatchSerializer(serializers.Serializer[Any]):
    """Many measurements; a plain list, or one object a line (NDJSON), does too."""

    measurements = MeasurementSerializer(many=True)


class PointErrorSerializer(serializers.Serializer[Any]):
    """Why one measurement was refused."""

    index = serializers.IntegerField()
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ResultSerializer(serializers.Serializer[Any]):
    """What became of the measurements. `late` ones count among the accepted or corrected."""

    accepted = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="Sent before with the same value.")
    corrected = serializers.IntegerField(help_text="Replaced another value, which is kept.")
    kept = serializers.IntegerField(help_text="Not replaced: the series is first-wins.")
    late = serializers.IntegerField(help_text="Behind what a monitor had already judged.")
    rejected = serializers.IntegerField()
    errors = PointErrorSerializer(  # type: ignore[assignment]
        many=True, help_text="At most the first 1,000."
    )


class AnyBody(BaseParser):
    """Leaves the body alone: it is read by its own parser."""

    media_type = "*/*"


class MeasurementsView(APIView):
    """The door that measurements come in by."""

    required_action = "measurements:write"
    parser_classes = (AnyBody,)
    throttle_classes = ()
    writers: ClassVar[threading.BoundedSemaphore] = threading.BoundedSemaphore(WRITERS)

    @extend_schema(request=BatchSerializer, responses={200: ResultSerializer})
    def post(self, request: Request) -> Response:
        """Takes measurements: good ones are kept, bad ones are listed with the reason.

        The same series, labels, time and value again changes nothing, so a batch may be sent
        again after any failure. 503 with Retry-After asks to do so a little later.
        """
        batch = _read(request)
        source, at = actor_of(request).ref, now()
        with self._writing():
            ids = _identify(batch, source)
            written = measurements.write(batch, ids)
            late = announce(written.touched, at) if written.touched else 0
            if written.touched:
                sources.heard_from(source, max(m for _, m in written.touched), at)
        return _answer(batch, written, late)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A turn at the database. Raises `Busy` when none comes free, or it cannot be reached."""
        if not self.writers.acquire(timeout=WRITER_PATIENCE):
            raise Busy("Too many batches are being written; send this one again.", wait=1)
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            raise Busy("The database cannot take measurements now.", wait=5) from error
        finally:
            self.writers.release()


def _read(request: Request) -> Batch:
    media = (request.content_type or "").partition(";")[0].strip().lower()
    if media not in LINES | {"application/json"}:
        raise UnsupportedMediaType(media, "Send application/json or application/x-ndjson.")
    read = read_lines if media in LINES else read_json
    try:
        return read(read_body(request._request), now())
    except Unreadable as error:
        raise ParseError(str(error)) from error
    except TooMany as error:
        raise TooLarge(str(error)) from error


def _identify(batch: Batch, source: str) -> dict[SeriesKey, int]:
    """Ids of the batch's series; points of series that cannot be made become errors."""
    keys = set(batch.keys)
    ids = measurements.known_ids(keys)
    new = [key for key in keys if key not in ids]
    if not new:
        return ids
    faults = {key: fault for key in new if (fault := _fault(key))}
    sound = [key for key in new if key not in faults]
    try:
        ids |= measurements.find_or_make(sound, source, now(), batch.units)
    except TooManySeries:
        message = f"A source has at most {MAX_SERIES_PER_SOURCE:,} series."
        full = BadSeries("series", "too_many_series", message)
        known = measurements.find_existing(sound)
        ids |= known
        faults |= {key: full for key in sound if key not in known}
    _drop(batch, faults)
    return ids


def _fault(key: SeriesKey) -> BadSeries | None:
    try:
        check_series(key[0], dict(key[1]))
    except BadSeries as error:
        return error
    return None


def _drop(batch: Batch, faults: dict[SeriesKey, BadSeries]) -> None:
    if not faults:
        return
    for index, key in zip(batch.indexes, batch.keys, strict=True):
        if fault := faults.get(key):
            batch.errors.append(PointError(index, fault.field, fault.code, fault.message))
    stays = [position for position, key in enumerate(batch.keys) if key not in faults]
    for name in ("keys", "micros", "values", "indexes"):
        column = getattr(batch, name)
        setattr(batch, name, [column[position] for position in stays])


def _answer(batch: Batch, written: Written, late: int) -> Response:
    errors = [asdict(error) for error in sorted(batch.errors, key=lambda e: e.index)]
    counts: dict[str, Any] = {
        "accepted": written.accepted,
        "unchanged": written.unchanged,
        "corrected": written.corrected,
        "kept": written.kept,
        "late": late,
        "rejected": len(errors),
        "errors": errors[:MAX_ERRORS],
    }
    for outcome in ("accepted", "unchanged", "corrected", "kept", "rejected"):
        MEASUREMENTS.labels(outcome).inc(counts[outcome])
    if errors and not len(batch):
        detail = "None of the measurements can be used."
        return Response(problem(400, "all_rejected", detail, **counts), status=400)
    return Response(counts)
