"""`POST /api/v1/exposures`: who met which experiment, in bulk, in any order, as often as sent."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventlog.clock import now
from eventlog.db import fast_cursor, only_row
from experiments.commands.checks import ENVIRONMENT, KEY
from experiments.ingest import sums
from experiments.ingest.bulk import AnyBody, Fault, TakenSerializer, items_of, taken
from experiments.ingest.times import fault_of_time

MAX_TEXT = 500
FIELDS = {
    *("environment", "experiment", "phase", "unit", "variation", "time", "probability"),
    "attributes",
}

INSERT = """
WITH incoming AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::timestamptz[], %s::float8[], %s::jsonb[])
        AS i(experiment, phase, unit, variation, environment, exposed_at, probability, attributes)
), first AS (
    SELECT DISTINCT ON (experiment, phase, unit) *,
        min(variation) OVER same <> max(variation) OVER same AS several
    FROM incoming WINDOW same AS (PARTITION BY experiment, phase, unit)
    ORDER BY experiment, phase, unit, exposed_at, variation
), before AS (
    SELECT e.experiment, e.phase, e.unit, e.variation, e.several
    FROM first JOIN experiments_exposure AS e USING (experiment, phase, unit)
), written AS (
    INSERT INTO experiments_exposure AS known (experiment, phase, unit, variation, environment,
        exposed_at, probability, attributes, several)
    SELECT experiment, phase, unit, variation, environment, exposed_at, probability, attributes,
        several
    FROM first
    ON CONFLICT (experiment, phase, unit) DO UPDATE SET
        several = known.several OR excluded.several OR known.variation <> excluded.variation,
        variation = CASE WHEN earlier(known, excluded)
            THEN excluded.variation ELSE known.variation END,
        probability = CASE WHEN earlier(known, excluded)
            THEN excluded.probability ELSE known.probability END,
        attributes = CASE WHEN earlier(known, excluded)
            THEN excluded.attributes ELSE known.attributes END,
        exposed_at = least(known.exposed_at, excluded.exposed_at)
    WHERE earlier(known, excluded)
        OR NOT known.several AND (excluded.several OR known.variation <> excluded.variation)
    RETURNING experiment, phase, unit, variation, several
), new AS (
    SELECT count(*) AS units FROM first WHERE NOT EXISTS (
        SELECT FROM before
        WHERE (before.experiment, before.phase, before.unit)
            = (first.experiment, first.phase, first.unit))
), change AS (
    SELECT experiment, phase, variation, sum(units) AS units, sum(several) AS several FROM (
        SELECT experiment, phase, variation, 1 AS units, several::int AS several FROM written
        UNION ALL
        SELECT before.experiment, before.phase, before.variation, -1, -before.several::int
        FROM before JOIN written USING (experiment, phase, unit)
    ) AS moves
    GROUP BY experiment, phase, variation
    HAVING sum(units) <> 0 OR sum(several) <> 0
), counted AS (
    INSERT INTO experiments_exposure_count AS known
        (experiment, phase, variation, units, several, hour, in_hour, last_at)
    SELECT experiment, phase, variation, units, several, date_trunc('hour', now()), units, now()
    FROM change
    ON CONFLICT (experiment, phase, variation) DO UPDATE SET
        units = known.units + excluded.units,
        several = known.several + excluded.several,
        in_hour = excluded.in_hour + CASE WHEN known.hour = excluded.hour
            THEN known.in_hour ELSE 0 END,
        hour = excluded.hour,
        last_at = excluded.last_at
)
SELECT units FROM new
""".replace(
    # The earlier exposure counts, and of two at one time the lesser variation: in any order the same.
    "earlier(known, excluded)",
    "(excluded.exposed_at, excluded.variation) < (known.exposed_at, known.variation)",
)


class ExposureSerializer(serializers.Serializer[Any]):
    """One exposure: a unit met an experiment."""

    environment = serializers.CharField(default="production")
    experiment = serializers.CharField(help_text="Key of the experiment.")
    phase = serializers.CharField(default="0")
    unit = serializers.CharField(help_text="The value that was hashed.")
    variation = serializers.CharField(help_text="Key of the variation.")
    time = serializers.CharField(help_text="When it happened, with a zone.")
    probability = serializers.FloatField(
        default=1.0, help_text="The chance with which it was logged at all."
    )
    attributes = serializers.DictField(
        default=dict, help_text="What slices are made of; nothing personal."
    )


class ExposuresSerializer(serializers.Serializer[Any]):
    """Many exposures; a plain list, or one object a line (NDJSON), does too."""

    exposures = ExposureSerializer(many=True)


class ExposuresView(APIView):
    """The door that exposures come in by."""

    required_action = "exposures:write"
    parser_classes = (AnyBody,)
    throttle_classes = ()

    @extend_schema(request=ExposuresSerializer, responses={200: TakenSerializer})
    def post(self, request: Request) -> Response:
        """Takes exposures: the first of each unit in each phase counts, in whatever order they come.

        Sent again, they change nothing. A unit with a second variation in a phase is marked, and an
        analysis leaves it out.
        """
        sound, faults = read(items_of(request, "exposures"), now())
        return taken("exposures", sound, write(sound), faults)


Row = tuple[str, str, str, str, str, datetime, float, str]


def read(items: list[Any], at: datetime) -> tuple[list[Row], list[Fault]]:
    """Sound exposures as rows, and what is wrong with the others."""
    rows, faults = [], []
    for index, item in enumerate(items):
        fault = _fault(item, at)
        if fault:
            faults.append(Fault(index, *fault))
            continue
        rows.append(
            (
                item["experiment"],
                item.get("phase", "0"),
                item["unit"],
                item["variation"],
                item.get("environment", "production"),
                datetime.fromisoformat(item["time"]),
                float(item.get("probability", 1.0)),
                orjson.dumps(item.get("attributes", {})).decode(),
            )
        )
    return rows, faults


def _fault(item: Any, at: datetime) -> tuple[str, str, str] | None:
    if not isinstance(item, dict):
        return "", "bad_json", "An exposure is a JSON object."
    unknown = sorted(item.keys() - FIELDS)
    if unknown:
        return unknown[0], "unknown_field", f"Is not known; it has {', '.join(sorted(FIELDS))}."
    for name in ("experiment", "unit", "variation", "time"):
        if name not in item:
            return name, "required", "Is required."
    for name in ("experiment", "phase", "unit", "variation"):
        value = item.get(name, "0")
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or "\0" in value:
            return name, "bad_value", f"Must be a text of 1 to {MAX_TEXT} characters."
    if not KEY.fullmatch(item["experiment"]):
        return "experiment", "bad_value", "Must be the key of an experiment."
    environment = item.get("environment", "production")
    if not isinstance(environment, str) or not ENVIRONMENT.fullmatch(environment):
        return "environment", "bad_value", "Must be the name of an environment."
    return _fault_of_numbers(item, at)


def _fault_of_numbers(item: dict[str, Any], at: datetime) -> tuple[str, str, str] | None:
    fault = fault_of_time(item["time"], at)
    if fault:
        return fault
    chance = item.get("probability", 1.0)
    if type(chance) not in (int, float) or not 0 < chance <= 1 or not math.isfinite(chance):
        return "probability", "bad_value", "Must be above 0 and at most 1."
    attributes = item.get("attributes", {})
    if not isinstance(attributes, dict) or len(orjson.dumps(attributes)) > 4_000:
        return "attributes", "bad_value", "Must be an object of at most 4,000 bytes."
    return None


def write(rows: list[Row]) -> int:
    """Writes exposures; returns how many units are new in their phase."""
    if not rows:
        return 0
    columns = [list(column) for column in zip(*rows, strict=True)]
    experiments, phases, units = columns[:3]
    with transaction.atomic(), fast_cursor() as cursor:
        sums.lock(cursor, zip(experiments, phases, strict=True))
        cursor.execute(INSERT, columns)
        new = int(only_row(cursor)[0])
        sums.refresh(cursor, experiments, phases, units)
        return new
