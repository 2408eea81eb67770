"""`POST /api/v1/exposures`: who met which experiment, in bulk, in any order, as often as sent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.bodies import read_body
from access.api.problems import TooLarge, problem
from eventlog.clock import now
from eventlog.db import fast_cursor, only_row
from experiments.commands.checks import ENVIRONMENT, KEY

MOST = 20_000
MAX_ERRORS = 1_000
MAX_AHEAD = timedelta(minutes=5)
MAX_TEXT = 500
LINES = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
FIELDS = {
    *("environment", "experiment", "phase", "unit", "variation", "time", "probability"),
    "attributes",
}

# One batch of a phase at a time: what was known before is then known for certain, which the counts
# need, and no two batches wait for each other's units in a circle.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(phase, 0))
FROM (SELECT DISTINCT phase FROM unnest(%s::text[]) AS p(phase) ORDER BY phase) AS phases
"""
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


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one exposure was refused."""

    index: int
    field: str
    code: str
    message: str


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


class FaultSerializer(serializers.Serializer[Any]):
    """Why one exposure was refused."""

    index = serializers.IntegerField()
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class TakenSerializer(serializers.Serializer[Any]):
    """What became of the exposures: `known` units were in the phase already."""

    accepted = serializers.IntegerField()
    known = serializers.IntegerField()
    rejected = serializers.IntegerField()
    errors = FaultSerializer(many=True)  # type: ignore[assignment]


class AnyBody(BaseParser):
    """Leaves the body alone: it is read by its own parser."""

    media_type = "*/*"


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
        sound, faults = read(_items(request), now())
        new = write(sound)
        counts = {
            "accepted": new,
            "known": len(sound) - new,
            "rejected": len(faults),
            "errors": [
                {"index": f.index, "field": f.field, "code": f.code, "message": f.message}
                for f in faults[:MAX_ERRORS]
            ],
        }
        if faults and not sound:
            detail = "None of the exposures can be used."
            return Response(problem(400, "all_rejected", detail, **counts), status=400)
        return Response(counts)


Row = tuple[str, str, str, str, str, datetime, float, str]


def _items(request: Request) -> list[Any]:
    media = (request.content_type or "").partition(";")[0].strip().lower()
    body = read_body(request._request)
    try:
        if media in LINES:
            items = [orjson.loads(line) for line in body.split(b"\n") if line.strip()]
        else:
            read_items = orjson.loads(body)
            items = read_items.get("exposures") if isinstance(read_items, dict) else read_items
    except orjson.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    if not isinstance(items, list):
        raise ParseError('Send a list of exposures, or {"exposures": [...]}.')
    if len(items) > MOST:
        raise TooLarge(f"At most {MOST:,} exposures in one request; these are {len(items):,}.")
    return items


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
    try:
        moment = datetime.fromisoformat(item["time"])
    except (ValueError, TypeError):
        return "time", "bad_time", "Is no time such as 2026-03-01T12:00:00Z."
    if moment.tzinfo is None:
        return "time", "no_zone", "Needs a zone, such as Z or +01:00."
    if moment > at + MAX_AHEAD:
        return "time", "in_the_future", "Is more than 5 minutes ahead of the clock here."
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
    with transaction.atomic(), fast_cursor() as cursor:
        cursor.execute(LOCK, [[f"{row[0]}\n{row[1]}" for row in rows]])
        cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])
        return int(only_row(cursor)[0])
