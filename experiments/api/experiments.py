"""REST doors of metrics, experiments and their results."""

from __future__ import annotations

import math
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from access.api.conditional import answer
from access.doors import person_of
from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.store import Receipt
from experiments import acting, commands, queries
from experiments.api import shapes_of_experiments as shapes
from experiments.models import ExperimentRow, Look, MetricRow
from experiments.planning import plan
from experiments.reports import evidence_of, failing, report_of
from experiments.tending import seed_of
from experiments.written import as_markdown

READ_WRITE = {"GET": "experiments:read", "POST": "experiments:write"}
SEARCH = OpenApiParameter("search", str, description="Text in the key or title.")
STATUS = OpenApiParameter("status", str, description="Only those that are draft, running, …")
METRIC = OpenApiParameter("metric", str, required=True, description="Key of the metric.")


class MetricsView(ListAPIView[MetricRow]):
    """The library of metrics."""

    required_action = "experiments:read"
    serializer_class = shapes.MetricSerializer
    order = queries.BY_METRIC

    def get_queryset(self) -> QuerySet[MetricRow]:
        """Metrics that fit the question."""
        return queries.metrics(self.request.query_params.get("search", ""))


class MetricView(CommandView):
    """One metric."""

    required_action: Any = READ_WRITE
    command = commands.DefineMetric
    serializer_class = shapes.MetricDefinitionSerializer
    location = "api-metric"

    @extend_schema(responses=shapes.MetricSerializer)
    def get(self, request: Request, metric: str) -> Response:
        """The metric."""
        row = MetricRow.objects.filter(key=metric).first()
        if row is None:
            raise Http404("There is no such metric.")
        return answer(request, row.version, shapes.MetricSerializer(row).data)


class ExperimentsView(CommandView, ListAPIView[ExperimentRow]):
    """All experiments."""

    required_action = READ_WRITE
    order = queries.LATEST
    command = commands.DesignExperiment
    serializer_class: Any = shapes.NewExperimentSerializer
    creates = "created"
    location = "api-experiment"

    def get_queryset(self) -> QuerySet[ExperimentRow]:
        """Experiments that fit the question."""
        asked = self.request.query_params
        return queries.experiments(asked.get("search", ""), asked.get("status", ""))

    @extend_schema(parameters=[SEARCH, STATUS], responses=shapes.ExperimentSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists experiments, those changed last first."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(shapes.ExperimentSerializer(rows, many=True).data)

    @extend_schema(request=shapes.NewExperimentSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Writes a design down."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build(designed(data, request), request)


def designed(data: dict[str, Any], request: Request) -> dict[str, Any]:
    """What a design's command is given besides: who designs, and the metrics that it names."""
    said = data["design"].get("metrics") if isinstance(data["design"], dict) else None
    metrics = said if isinstance(said, list) else []
    named = [one.get("metric") for one in metrics if isinstance(one, dict)]
    return {**data, "by": person_of(request), "definitions": queries.definitions(named)}


class ExperimentView(APIView):
    """One experiment."""

    required_action = "experiments:read"

    @extend_schema(responses=shapes.ExperimentSerializer)
    def get(self, request: Request, experiment: str) -> Response:
        """The experiment."""
        row = experiment_or_404(experiment)
        return answer(request, row.version, shapes.ExperimentSerializer(row).data)


class OnExperiment(CommandView):
    """A command on an experiment that exists; holds on what it widens are respected."""

    required_action: Any = "experiments:write"
    location = "api-experiment"

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        experiment_or_404(data["experiment"])
        return super().build(data, request)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return acting.carry_out(command, context)


class DesignView(OnExperiment):
    """Changes the design; it has to be looked at again unless it runs."""

    command = commands.DesignExperiment
    serializer_class = shapes.DesignSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build(designed(data, request), request)


class AskForReviewView(OnExperiment):
    """Shows the design to somebody else."""

    command = commands.AskForReview


class ReviewView(OnExperiment):
    """Approves the design, or sends it back."""

    command = commands.ReviewDesign
    serializer_class = shapes.ReviewSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build({**data, "by": person_of(request)}, request)


class QueueView(OnExperiment):
    """Lets it start by itself."""

    command = commands.QueueExperiment
    serializer_class = shapes.QueueSerializer


class StartView(OnExperiment):
    """Starts it now."""

    command = commands.StartExperiment

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        row = experiment_or_404(data["experiment"])
        named = [one["metric"] for one in row.design["metrics"]]
        supplied = {
            "seed": seed_of(row.key, row.phase + 1),
            "definitions": queries.definitions(named),
        }
        return super().build({**data, **supplied}, request)


class RampView(OnExperiment):
    """Lets another share of the units take part."""

    command = commands.RampExperiment
    serializer_class = shapes.ShareSerializer


class PauseView(OnExperiment):
    """Gives everybody the default for a while."""

    command = commands.PauseExperiment


class ResumeView(OnExperiment):
    """Goes on."""

    command = commands.ResumeExperiment


class StopView(OnExperiment):
    """Takes it away: everybody gets the flag's default. No hold stops that."""

    command = commands.StopExperiment
    serializer_class = shapes.StopSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        row = experiment_or_404(data["experiment"])
        evidence = evidence_of(report_of(row, now()))
        return super().build({**data, "evidence": evidence}, request)


class ClearView(OnExperiment):
    """Says what was found behind a failed trust check."""

    command = commands.ClearCheck
    serializer_class = shapes.ClearSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        row = experiment_or_404(data["experiment"])
        supplied = {"by": person_of(request), "failing": failing(row, now())}
        return super().build({**data, **supplied}, request)


class DecideView(OnExperiment):
    """Says what comes of it; to ship serves the variation to everybody."""

    command = commands.DecideExperiment
    serializer_class = shapes.DecideSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        row = experiment_or_404(data["experiment"])
        evidence = evidence_of(report_of(row, now()))
        return super().build({**data, "by": person_of(request), "evidence": evidence}, request)


class ArchiveExperimentView(OnExperiment):
    """Puts it out of the way."""

    command = commands.ArchiveExperiment


class ResultsView(APIView):
    """The report on an experiment."""

    required_action = "experiments:read"

    @extend_schema(responses=shapes.ReportSerializer)
    def get(self, request: Request, experiment: str) -> Response:
        """The report as it stands: trust checks, effects with always-valid intervals, verdict."""
        report = report_of(experiment_or_404(experiment), now())
        return Response(_finite(shapes.ReportSerializer(report).data))


class PlanView(APIView):
    """How many units an experiment needs."""

    required_action = "experiments:read"

    @extend_schema(parameters=[shapes.QuestionSerializer], responses=shapes.PlanSerializer)
    def get(self, request: Request) -> Response:
        """Units for one look and for looks at any time, days, and what is found by when."""
        asked = shapes.QuestionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(shapes.PlanSerializer(plan(asked.validated_data)).data)


class WrittenReportView(APIView):
    """The report to be read."""

    required_action = "experiments:read"

    @extend_schema(responses={(200, "text/markdown"): OpenApiTypes.STR})
    def get(self, request: Request, experiment: str) -> HttpResponse:
        """The report in Markdown, with the design and how it ended."""
        row = experiment_or_404(experiment)
        text = as_markdown(row, report_of(row, now()))
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")


class LooksView(ListAPIView[Look]):
    """What was seen of a metric over time."""

    required_action = "experiments:read"
    serializer_class = shapes.LookSerializer
    order = ("at", "variation")

    def get_queryset(self) -> QuerySet[Look]:
        """Looks of the present or last phase."""
        row = experiment_or_404(self.kwargs["experiment"])
        metric = self.request.query_params.get("metric", "").replace("\0", "")
        return Look.objects.filter(experiment=row.key, phase=str(row.phase), metric=metric)

    @extend_schema(parameters=[METRIC])
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists what was seen at each look, oldest first."""
        return super().get(request, *args, **path)


def _finite(value: Any) -> Any:
    """JSON has no NaN: what is not known is null."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def experiment_or_404(key: str) -> ExperimentRow:
    """The experiment with this key."""
    row = queries.experiment(key)
    if row is None:
        raise Http404("There is no such experiment.")
    return row
