"""REST doors of monitors, breaches and series."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from access.api.conditional import etag_of
from access.moments import read_moment
from eventlog.store import Receipt
from monitoring import commands, kinds, queries, slicing
from monitoring.api.serializers import (
    BreachSerializer,
    ChartSerializer,
    DefinitionSerializer,
    KindSerializer,
    MonitorSerializer,
    MonitorSlicesSerializer,
    QuestionSerializer,
    ReasonSerializer,
    ReplaySerializer,
    SeriesSerializer,
)
from monitoring.evaluation import watch
from monitoring.frames import TooMuch
from monitoring.kinds import BadParameter
from monitoring.labels import BadSeries, check_series
from monitoring.models import BreachRow, MonitorRow, Series
from monitoring.replaying import NothingToReplay, replay
from monitoring.slo.definition import Selector

MOST_SLICES = 1_000
SEARCH = OpenApiParameter("search", str, description="Text in the name, series or subjects.")
STATUS = OpenApiParameter(
    "status", str, description="ok, pending, breached, no_data, error, paused."
)


class DefiningView(CommandView):
    """A command with a whole definition, after which the monitor is watched."""

    serializer_class: Any = DefinitionSerializer
    required_action: Any = "monitors:write"
    location = "api-monitor"

    def build(self, data: dict[str, Any], request: Request) -> Any:
        """The command, with how far there are measurements already."""
        since = queries.watched_until(data["series"], data["labels"])
        return super().build({**data, "watch_from": since}, request)

    def respond(self, receipt: Receipt) -> Response:
        """The receipt; the evaluation begins."""
        watch(MonitorRow.objects.get(id=receipt.stream.partition(":")[2]))
        return super().respond(receipt)


class MonitorsView(DefiningView, ListAPIView[MonitorRow]):
    """The monitors in service."""

    required_action = {"GET": "monitors:read", "POST": "monitors:write"}
    order = queries.BY_NAME
    command = commands.CreateMonitor
    creates = "monitor"

    def get_queryset(self) -> QuerySet[MonitorRow]:
        """Monitors that fit the question."""
        asked = self.request.query_params
        return queries.monitors(asked.get("search", ""), asked.get("status", ""))

    @extend_schema(parameters=[SEARCH, STATUS], responses=MonitorSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists monitors by name."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(MonitorSerializer(queries.views(rows), many=True).data)


class MonitorView(APIView):
    """One monitor."""

    required_action = "monitors:read"

    @extend_schema(responses=MonitorSerializer)
    def get(self, request: Request, monitor: UUID) -> Response:
        """The monitor and what its last evaluation said."""
        view = monitor_or_404(monitor)
        # The tag is for If-Match. What the evaluation says moves without the stream's version, so
        # If-None-Match is not answered by 304.
        headers = {"ETag": etag_of(view.version), "Cache-Control": "private, no-cache"}
        return Response(MonitorSerializer(view).data, headers=headers)


class ReplayView(APIView):
    """A monitor that is not there yet, over the past."""

    required_action = "monitors:write"

    @extend_schema(request=QuestionSerializer, responses=ReplaySerializer)
    def post(self, request: Request) -> Response:
        """The breaches that it would have opened. Nothing is written."""
        asked = QuestionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            check_series(given["series"], given["labels"])
            kind = kinds.make(given["kind"], given["parameters"])
            own = Selector(given["series"], given["labels"])
            made = replay(kind, own, given["since"], given["until"])
        except BadParameter as error:
            where = "kind" if error.field == "kind" else f"parameters.{error.field}"
            raise ValidationError({where: [f"{error.field}: {error.message}."]}) from error
        except BadSeries as error:
            raise ValidationError({error.field: [str(error)]}) from error
        except (NothingToReplay, TooMuch) as error:
            raise ValidationError({"series": [str(error)]}) from error
        return Response(ReplaySerializer(made).data)


class ReviseView(DefiningView):
    """Changes the definition; it is given whole."""

    command = commands.ReviseMonitor


class PauseView(CommandView):
    """Stops breaches from opening."""

    command = commands.PauseMonitor
    serializer_class = ReasonSerializer
    required_action = "monitors:write"
    location = "api-monitor"


class ResumeView(CommandView):
    """Lets breaches open again."""

    command = commands.ResumeMonitor
    required_action = "monitors:write"
    location = "api-monitor"


class RemoveView(CommandView):
    """Takes a monitor out of service."""

    command = commands.RemoveMonitor
    serializer_class = ReasonSerializer
    required_action = "monitors:write"


class BreachesView(ListAPIView[BreachRow]):
    """Breaches, the latest onset first."""

    required_action = "monitors:read"
    serializer_class = BreachSerializer
    order = queries.LATEST

    def get_queryset(self) -> QuerySet[BreachRow]:
        """Of one monitor, or of all; only open ones, or those still to be judged, on request."""
        monitor, status = self.kwargs.get("monitor"), self.request.query_params.get("status")
        if status == "unjudged":
            return queries.unjudged()
        return queries.breaches(monitor, status == "open")


class SlicesView(APIView):
    """The slices that a monitor looks at."""

    required_action = "monitors:read"

    @extend_schema(
        parameters=[
            OpenApiParameter("at", datetime, description="The newest counts by default."),
            OpenApiParameter("search", str, description="Text in the name of a slice."),
        ],
        responses=MonitorSlicesSerializer,
    )
    def get(self, request: Request, monitor: UUID) -> Response:
        """Each slice beside the rest in one window, the worst first: at most 1,000."""
        at = time_of(request, "at", None)
        try:
            found = slicing.slices(monitor, at)
        except slicing.NotSliced as error:
            raise Http404("There is no such monitor of slices.") from error
        except TooMuch as error:
            raise ValidationError({"at": [str(error)]}) from error
        search = request.query_params.get("search", "").lower()
        fitting = [each for each in found.slices if search in each.name.lower()]
        shown = [each._asdict() for each in fitting[:MOST_SLICES]]
        facts = {"at": found.at, "window": found.window, "broken": found.broken}
        return Response(
            MonitorSlicesSerializer({**facts, "count": len(fitting), "items": shown}).data
        )


class KindsView(APIView):
    """The kinds of monitor that there are."""

    required_action = "monitors:read"

    @extend_schema(responses=KindSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every kind with the JSON Schema and the form of its parameters."""
        return Response({"items": queries.kinds_offered(), "next": None})


class SeriesListView(ListAPIView[Series]):
    """The catalogue of series. Labels are asked for as `label.<name>=<value>`."""

    required_action = "measurements:read"
    serializer_class = SeriesSerializer
    order = queries.BY_NAME

    def get_queryset(self) -> QuerySet[Series]:
        """Series that fit the question."""
        asked = self.request.query_params
        named = [name for name in asked if name.startswith("label.")]
        labels = {name.removeprefix("label."): asked.get(name, "") for name in named}
        return queries.catalogue(asked.get("search", ""), labels)


class SeriesView(APIView):
    """One series."""

    required_action = {"GET": "measurements:read", "PATCH": "measurements:write"}

    @extend_schema(responses=SeriesSerializer)
    def get(self, request: Request, series: int) -> Response:
        """The series."""
        return Response(SeriesSerializer(get_object_or_404(Series, id=series)).data)

    @extend_schema(request=SeriesSerializer, responses=SeriesSerializer)
    def patch(self, request: Request, series: int) -> Response:
        """Sets its unit, or declares that the first value of a time wins over corrections."""
        row = get_object_or_404(Series, id=series)
        asked = SeriesSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        Series.objects.filter(id=row.id).update(**asked.validated_data)
        return Response(SeriesSerializer(Series.objects.get(id=row.id)).data)


class SeriesDataView(APIView):
    """Measurements of one series."""

    required_action = "measurements:read"

    @extend_schema(
        parameters=[
            OpenApiParameter("start", datetime, description="The last 24 h of data by default."),
            OpenApiParameter("end", datetime),
            OpenApiParameter("buckets", int, description="At most 500."),
        ],
        responses=ChartSerializer,
    )
    def get(self, request: Request, series: int) -> Response:
        """The measurements between two times, down-sampled to buckets that keep the extremes."""
        row = get_object_or_404(Series, id=series)
        reach = queries.reach(row.id)
        last = reach[1] if reach else datetime.now(UTC)
        end = time_of(request, "end", last)
        start = time_of(request, "start", end - timedelta(days=1))
        if start > end:
            raise ValidationError({"start": ["Must not be later than `end`."]})
        chart = queries.chart(row.id, start, end, buckets_of(request))
        return Response(ChartSerializer(dataclasses.asdict(chart)).data)


def monitor_or_404(monitor: UUID) -> queries.MonitorView:
    """The monitor in service with this id."""
    view = queries.monitor(monitor)
    if view is None:
        raise Http404("There is no such monitor.")
    return view


T = TypeVar("T", datetime, None)


def time_of(request: Request, name: str, default: T) -> datetime | T:
    """A time from the query. Raises a 400 unless it has a zone."""
    text = request.query_params.get(name)
    if text is None:
        return default
    at = read_moment(text)
    if at is None:
        raise ValidationError({name: ["A time with a zone, such as 2026-03-01T12:00:00Z."]})
    return at


def buckets_of(request: Request) -> int:
    """The number of buckets asked for. Raises a 400 unless it is 1 to 500."""
    text = request.query_params.get("buckets", str(queries.MAX_BUCKETS))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= queries.MAX_BUCKETS):
        raise ValidationError({"buckets": [f"A whole number from 1 to {queries.MAX_BUCKETS}."]})
    return int(text)
