"""`POST /api/v1/outcomes`: what units did, in bulk, in any order, however late, as often as sent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from psycopg import Cursor
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventlog.clock import now
from eventlog.db import fast_cursor, only_row
from experiments.commands.checks import KEY
from experiments.ingest import sums
from experiments.ingest.bulk import AnyBody, Fault, TakenSerializer, items_of, taken
from experiments.ingest.times import fault_of_time

MAX_TEXT = 500
LARGEST = 1e15
FINEST = Decimal("1e-9")
FIELDS = {"source", "unit", "time", "value", "id"}

# Phases that track a source at that time. Locked before anything is written.
PHASES = """
SELECT DISTINCT experiment, phase FROM experiments_tracked
WHERE (source = ANY(%(sources)s) OR denominator = ANY(%(sources)s))
    AND (until IS NULL OR until > %(earliest)s)
"""
INSERT = """
WITH incoming AS (
    SELECT DISTINCT ON (unit, source, id) * FROM unnest(%s::text[], %s::text[], %s::text[],
        %s::timestamptz[], %s::numeric[]) AS i(unit, source, id, time, value)
    ORDER BY unit, source, id, time, value
), written AS (
    INSERT INTO experiments_outcome (unit, source, id, time, value) SELECT * FROM incoming
    ON CONFLICT (unit, source, id) DO NOTHING RETURNING unit
)
SELECT count(*), array_agg(DISTINCT unit) FROM written
"""
AFFECTED = """
SELECT e.experiment, e.phase, e.unit
FROM unnest(%s::text[], %s::text[]) AS p(experiment, phase)
CROSS JOIN unnest(%s::text[]) AS u(unit)
JOIN experiments_exposure AS e USING (experiment, phase, unit)
"""

Row = tuple[str, str, str, datetime, Decimal]


class OutcomeSerializer(serializers.Serializer[Any]):
    """Something that a unit did."""

    source = serializers.CharField(help_text="What it was, such as purchase: metrics name it.")
    unit = serializers.CharField(help_text="The value that exposures have as their unit.")
    time = serializers.CharField(help_text="When it happened, with a zone.")
    value = serializers.FloatField(
        default=1.0, help_text="From -1e15 to 1e15, kept to nine decimals."
    )
    id = serializers.CharField(
        required=False,
        help_text="Names it for ever within unit and source; its time where there is none.",
    )


class OutcomesSerializer(serializers.Serializer[Any]):
    """Many outcomes; a plain list, or one object a line (NDJSON), does too."""

    outcomes = OutcomeSerializer(many=True)


class OutcomesView(APIView):
    """The door that outcomes come in by."""

    required_action = "outcomes:write"
    parser_classes = (AnyBody,)
    throttle_classes = ()

    @extend_schema(request=OutcomesSerializer, responses={200: TakenSerializer})
    def post(self, request: Request) -> Response:
        """Takes outcomes. The first with an id counts; sent again, it changes nothing."""
        sound, faults = read(items_of(request, "outcomes"), now())
        return taken("outcomes", sound, write(sound), faults)


def read(items: list[Any], at: datetime) -> tuple[list[Row], list[Fault]]:
    """Sound outcomes as rows, and what is wrong with the others."""
    rows, faults = [], []
    for index, item in enumerate(items):
        fault = _fault(item, at)
        if fault:
            faults.append(Fault(index, *fault))
            continue
        # Through its shortest digits, which are what was sent.
        value = Decimal(repr(item.get("value", 1))).quantize(FINEST)
        moment = datetime.fromisoformat(item["time"])
        named = item.get("id", item["time"])
        rows.append((item["unit"], item["source"], named, moment, value))
    return rows, faults


def _fault(item: Any, at: datetime) -> tuple[str, str, str] | None:
    if not isinstance(item, dict):
        return "", "bad_json", "An outcome is a JSON object."
    if unknown := sorted(item.keys() - FIELDS):
        return unknown[0], "unknown_field", f"Is not known; it has {', '.join(sorted(FIELDS))}."
    for name in ("source", "unit", "time"):
        if name not in item:
            return name, "required", "Is required."
    for name in ("source", "unit", "id"):
        value = item.get(name, "-")
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or "\0" in value:
            return name, "bad_value", f"Must be a text of 1 to {MAX_TEXT} characters."
    if not KEY.fullmatch(item["source"]):
        return "source", "bad_value", "Must be a name such as purchase."
    value = item.get("value", 1)
    if type(value) not in (int, float) or not -LARGEST <= value <= LARGEST:
        return "value", "bad_value", "Must be a number from -1e15 to 1e15."
    return fault_of_time(item["time"], at)


def write(rows: list[Row]) -> int:
    """Writes outcomes and brings the sums up to them; returns how many are new."""
    if not rows:
        return 0
    columns = [list(column) for column in zip(*rows, strict=True)]
    with transaction.atomic(), fast_cursor() as cursor:
        asked = {"sources": sorted(set(columns[1])), "earliest": min(columns[3])}
        phases = _tracking(cursor, asked)
        sums.lock(cursor, phases)
        cursor.execute(INSERT, columns)
        new, units = only_row(cursor)
        if units and phases:
            cursor.execute(AFFECTED, [*map(list, zip(*phases, strict=True)), units])
            affected = cursor.fetchall()
            if affected:
                sums.refresh(cursor, *zip(*affected, strict=True))
        return int(new)


def _tracking(cursor: Cursor[Any], asked: dict[str, Any]) -> list[tuple[str, str]]:
    cursor.execute(PHASES, asked)
    return [(experiment, phase) for experiment, phase in cursor.fetchall()]
