"""REST doors of service level objectives, and of the OpenSLO documents they come from and go to."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from access.api.conditional import etag_of
from access.doors import context_of
from eventlog.clock import now
from eventlog.core import Context
from eventlog.store import Receipt
from monitoring import commands, promising, slos
from monitoring.api.serializers import ReasonSerializer
from monitoring.api.shapes_of_objectives import (
    ChangedSlo,
    ComplianceSerializer,
    ImportReport,
    ImportSerializer,
    KeptSerializer,
    NewSlo,
    ReviewedSlo,
    SloSerializer,
    SloSlicesSerializer,
    StandingSerializer,
)
from monitoring.api.views import time_of
from monitoring.commands.objectives import check_key, refused
from monitoring.models import SloRow
from monitoring.slo import openslo
from monitoring.slo.compliance import Kept
from monitoring.slo.exact import BadSlo
from monitoring.slo.slices import MINIMUM
from monitoring.state import Layer

SEARCH = OpenApiParameter("search", str, description="Text in the name, key, owner or subjects.")
LAYER = OpenApiParameter("layer", str, description=", ".join(Layer))
RETIRED = OpenApiParameter("retired", bool, description="Those that ended, instead.")
REVIEW_DUE = OpenApiParameter("review_due", bool, description="Those to be looked at again.")
AS_OF = OpenApiParameter("as_of", datetime, description="How it stood then, by today's counts.")
PERIOD = OpenApiParameter("period", str, description="month, quarter or window; month.")
COUNT = OpenApiParameter("count", int, description="How many periods at most; 6.")
BY = OpenApiParameter("by", str, description="The label that tells slices apart.")
OVER = OpenApiParameter("over", str, description="A long window of its alerts; the longest.")
MINIMUM_SIZE = OpenApiParameter("minimum", int, description=f"Events of a slice; {MINIMUM}.")
DEFAULT_PERIODS = 6
CSV = "text/csv"
YAML = "application/yaml"
MAX_IMPORTED = 200


class SlosView(CommandView, ListAPIView[SloRow]):
    """The objectives in force."""

    required_action: Any = {"GET": "monitors:read", "POST": "monitors:write"}
    order = slos.BY_NAME
    command = commands.CreateSlo
    serializer_class: Any = NewSlo
    location = "api-slo"

    def get_queryset(self) -> QuerySet[SloRow]:
        """Objectives that fit the question."""
        asked = self.request.query_params
        retired = asked.get("retired", "") == "true"
        due = now().date() if asked.get("review_due", "") == "true" else None
        return slos.slos(asked.get("search", ""), asked.get("layer", ""), retired, due)

    @extend_schema(
        parameters=[SEARCH, LAYER, RETIRED, REVIEW_DUE], responses=SloSerializer(many=True)
    )
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists objectives by name."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(SloSerializer(rows, many=True).data)

    def build(self, data: dict[str, Any], request: Request) -> Any:
        """The command, with a key made from the name if none is given."""
        key = data.pop("key") or openslo.key_of(data["name"])
        return super().build({**data, "slo": key}, request)

    def carry_out(self, command: Any, context: Context) -> Receipt:
        """The objective and its monitors."""
        return promising.define(command, context)

    def respond(self, receipt: Receipt) -> Response:
        """201 for a new one."""
        response = super().respond(receipt)
        response.status_code = 200 if receipt.repeated else 201
        return response


class SloView(APIView):
    """One objective."""

    required_action = "monitors:read"

    @extend_schema(responses=SloSerializer)
    def get(self, request: Request, slo: str) -> Response:
        """The objective."""
        row = slo_or_404(slo)
        headers = {"ETag": etag_of(row.version), "Cache-Control": "private, no-cache"}
        return Response(SloSerializer(row).data, headers=headers)


class ChangeSloView(CommandView):
    """Changes an objective; it is given whole, with the reason."""

    required_action = "monitors:write"
    command = commands.ChangeSlo
    serializer_class = ChangedSlo
    location = "api-slo"

    def carry_out(self, command: Any, context: Context) -> Receipt:
        """The objective and its monitors."""
        return promising.define(command, context)


class ReviewSloView(CommandView):
    """Notes that somebody looked at an objective again, and when to look next."""

    required_action = "monitors:write"
    command = commands.ReviewSlo
    serializer_class = ReviewedSlo
    location = "api-slo"

    def build(self, data: dict[str, Any], request: Request) -> Any:
        """The command, for a key that can be one."""
        check_key(data["slo"])
        return super().build(data, request)


class RetireSloView(CommandView):
    """Ends an objective and takes its monitors out of service."""

    required_action = "monitors:write"
    command = commands.RetireSlo
    serializer_class = ReasonSerializer
    location = "api-slo"

    def carry_out(self, command: Any, context: Context) -> Receipt:
        """The objective and its monitors."""
        return promising.retire(command, context)


class StandingView(APIView):
    """How one objective stands."""

    required_action = "monitors:read"

    @extend_schema(parameters=[AS_OF], responses=StandingSerializer)
    def get(self, request: Request, slo: str) -> Response:
        """Budget, burn-down and alerts, now or as of another time."""
        row = slo_or_404(slo)
        asked = request.query_params.get("as_of")
        as_of = time_of(request, "as_of", now()) if asked is not None else None
        found = slos.as_values(slos.standing(row, as_of))
        found["monitors"] = [f"monitor:{one.id}" for one in slos.monitors_of(row)]
        return Response(StandingSerializer(found).data)


class ComplianceView(APIView):
    """Whether one objective was kept, period by period."""

    required_action = "monitors:read"

    @extend_schema(parameters=[PERIOD, COUNT, AS_OF], responses=ComplianceSerializer)
    def get(self, request: Request, slo: str) -> Response:
        """Good events, all events, objective, outcome and budget of each period, newest first."""
        row = slo_or_404(slo)
        found = [slos.kept_values(each) for each in self.asked(request, row)]
        frame = request.query_params.get("period", "month")
        return Response(
            ComplianceSerializer({"key": row.key, "period": frame, "items": found}).data
        )

    def asked(self, request: Request, row: SloRow) -> list[Kept]:
        """The periods that are asked for. Raises a 400 that names what is wrong."""
        asked = request.query_params
        as_of = time_of(request, "as_of", now()) if "as_of" in asked else None
        count = asked.get("count", str(DEFAULT_PERIODS))
        try:
            number = int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 0
            return slos.compliance(row, asked.get("period", "month"), number, as_of)
        except BadSlo as fault:
            raise ValidationError({fault.field: [f"{fault.message}."]}) from None


class ComplianceCsvView(ComplianceView):
    """The same as a table."""

    @extend_schema(
        parameters=[PERIOD, COUNT, AS_OF], responses={(200, CSV): OpenApiResponse(str, "CSV")}
    )
    def get(self, request: Request, slo: str) -> HttpResponse:  # type: ignore[override]
        """One line for each period, after one with the names of the columns."""
        row = slo_or_404(slo)
        response = HttpResponse(content_type=f"{CSV}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{row.key}.csv"'
        columns = list(KeptSerializer().fields)
        table = csv.DictWriter(response, ["key", *columns])
        table.writeheader()
        for each in self.asked(request, row):
            table.writerow({"key": row.key, **KeptSerializer(slos.kept_values(each)).data})
        return response


class SlicesView(APIView):
    """One objective slice by slice."""

    required_action = "monitors:read"

    @extend_schema(parameters=[BY, OVER, MINIMUM_SIZE, AS_OF], responses=SloSlicesSerializer)
    def get(self, request: Request, slo: str) -> Response:
        """The slices of one label, the worst first, with what each pair of windows says of each."""
        row, asked = slo_or_404(slo), request.query_params
        as_of = time_of(request, "as_of", now()) if "as_of" in asked else None
        minimum = asked.get("minimum", str(MINIMUM))
        number = (
            int(minimum) if minimum.isascii() and minimum.isdigit() and len(minimum) < 11 else 0
        )
        try:
            found = slos.sliced(row, asked.get("by", ""), asked.get("over", ""), number, as_of)
        except BadSlo as fault:
            raise ValidationError({fault.field: [f"{fault.message}."]}) from None
        items = [slos.slice_values(each) for each in found.ranked.slices]
        counted = {"small": found.ranked.small, "silent": found.ranked.silent}
        return Response(SloSlicesSerializer({**vars(found), **counted, "items": items}).data)


class ExportView(APIView):
    """Objectives as OpenSLO v1."""

    required_action = "monitors:read"

    @extend_schema(responses={(200, YAML): OpenApiResponse(str, "YAML")})
    def get(self, request: Request, slo: str | None = None) -> HttpResponse:
        """One objective, or all that are in force, each a document."""
        rows = [slo_or_404(slo)] if slo is not None else slos.slos().order_by(*slos.BY_NAME)
        text = openslo.dump(slos.in_openslo(row) for row in rows)
        return HttpResponse(text, content_type=f"{YAML}; charset=utf-8")


class OpenSloView(ExportView):
    """All objectives as OpenSLO v1, and documents that become objectives."""

    required_action: Any = {"GET": "monitors:read", "POST": "monitors:write"}

    @extend_schema(request=ImportSerializer, responses=ImportReport)
    def post(self, request: Request) -> Response:
        """Creates or changes an objective for each SLO of the text: all of them, or none."""
        asked = ImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            found, more = openslo.objectives(bundle := openslo.load(asked.validated_data["text"]))
            _check_keys(found)
        except BadSlo as fault:
            raise refused(fault) from None
        dry_run = asked.validated_data["dry_run"]
        context = context_of(request)
        with transaction.atomic():
            items = [_take_in(one, context, place) for place, one in enumerate(found)]
            transaction.set_rollback(dry_run)
        warnings = [*bundle.warnings, *more]
        report = {"items": items, "warnings": warnings, "dry_run": dry_run}
        return Response(ImportReport(report).data)


def _check_keys(found: list[openslo.Objective]) -> None:
    if len(found) > MAX_IMPORTED:
        raise BadSlo("text", f"may hold {MAX_IMPORTED} objectives at most")
    keys = [one.key for one in found]
    for key in keys:
        if keys.count(key) > 1:
            raise BadSlo("text", f"holds two objectives whose key would be {key!r}")


def _take_in(objective: openslo.Objective, context: Context, place: int) -> dict[str, Any]:
    known = slos.slo(objective.key)
    given = slos.taken_from(objective, known)
    # Said again, the objective is there and nothing changes: another command, under another id.
    part = Context.by(context.actor, f"{context.command_id} {place} {known is None}")
    if known is None:
        receipt = promising.define(commands.CreateSlo(at=now(), **given), part)
    else:
        reason = "Taken from an OpenSLO document."
        receipt = promising.define(commands.ChangeSlo(at=now(), reason=reason, **given), part)
    action = ("change" if known else "create") if receipt.events else "none"
    location = reverse("api-slo", args=[objective.key])
    return {"key": objective.key, "name": objective.name, "action": action, "location": location}


def slo_or_404(key: str) -> SloRow:
    """The objective with this key, retired or not."""
    row = slos.slo(key)
    if row is None:
        raise Http404("There is no such objective.")
    return row
