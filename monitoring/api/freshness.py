"""REST doors of budgets of freshness."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from eventlog.core import Context
from eventlog.store import Receipt
from monitoring import budgets, commands, freshness
from monitoring.api.serializers import ReasonSerializer
from monitoring.models import FreshnessRow
from monitoring.slo.exact import spelled

SEARCH = OpenApiParameter("search", str, description="Text in the name or the key.")


class StageSerializer(serializers.Serializer[Any]):
    """A stage of a pipeline."""

    name = serializers.CharField(max_length=80)
    within = serializers.CharField(max_length=20, help_text="What it may take, such as 6h.")
    series = serializers.CharField(
        max_length=400,
        required=False,
        allow_blank=True,
        help_text="Tells, in Unix seconds, up to when its latest output has the data.",
    )


class PlanSerializer(serializers.Serializer[Any]):
    """A budget of freshness, whole."""

    name = serializers.CharField(max_length=100)
    target = serializers.CharField(max_length=20, help_text="How old the output may be: 48h.")
    repair = serializers.CharField(
        max_length=20, required=False, allow_blank=True, help_text="Kept for repairs."
    )
    detection = serializers.CharField(
        max_length=20, required=False, allow_blank=True, help_text="Until a fault is noticed."
    )
    remake = serializers.CharField(
        max_length=20,
        required=False,
        allow_blank=True,
        help_text="Until everything is made anew; what all stages take, if left out.",
    )
    stages = StageSerializer(many=True, max_length=20)
    subjects = serializers.ListField(
        child=serializers.CharField(max_length=240), max_length=19, required=False
    )


class NewPlanSerializer(PlanSerializer):
    """A budget of freshness with its key."""

    key = serializers.CharField(max_length=100)


class WatchedSerializer(StageSerializer):
    """A stage with how old its output may be, and the monitor that sees to it."""

    until = serializers.CharField(help_text="How old its output may be.")
    monitor = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)


class FreshnessSerializer(serializers.Serializer[Any]):
    """A budget of freshness as it stands."""

    key = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    target = serializers.CharField()
    left = serializers.CharField(help_text="What no stage has been given.")
    worst = serializers.CharField(help_text="What a fault costs: noticed, repaired, made anew.")
    warning = serializers.CharField(help_text="Why a fault is sure to miss the target, or empty.")
    stages = WatchedSerializer(many=True)
    subjects = serializers.ListField(child=serializers.CharField())


def shown(row: FreshnessRow) -> dict[str, Any]:
    """A row as the API shows it."""
    plan = freshness.read(row.plan)
    return {
        "key": row.key,
        "name": row.name,
        "version": row.version,
        "target": spelled(plan.target),
        "left": spelled(plan.left),
        "worst": spelled(plan.worst),
        "warning": plan.warning,
        "subjects": row.subjects,
        "stages": [
            {
                **said,
                "until": spelled(each.stage.until),
                "monitor": each.monitor.ref if each.monitor else None,
                "status": each.monitor.status if each.monitor else None,
            }
            for each, said in zip(budgets.stages(row), row.plan["stages"], strict=True)
        ],
    }


class BudgetsView(CommandView, ListAPIView[FreshnessRow]):
    """Budgets of freshness."""

    required_action = {"GET": "monitors:read", "POST": "monitors:write"}
    command = commands.PlanFreshness
    serializer_class: Any = NewPlanSerializer
    location = "api-freshness"
    order = budgets.BY_NAME

    @extend_schema(parameters=[SEARCH], responses=FreshnessSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists budgets by name."""
        found = budgets.budgets(request.query_params.get("search", ""))
        rows = self.paginate_queryset(found) or []
        shapes = FreshnessSerializer([shown(row) for row in rows], many=True)
        return self.get_paginated_response(shapes.data)

    def get_queryset(self) -> QuerySet[FreshnessRow]:
        """All of them."""
        return budgets.budgets()

    def build(self, data: dict[str, Any], request: Request) -> Any:
        """The command on its key."""
        key = data.pop("key")
        return super().build({**data, "freshness": key}, request)

    def carry_out(self, command: Any, context: Context) -> Receipt:
        """The budget and its monitors."""
        return budgets.plan(command, context)

    def respond(self, receipt: Receipt) -> Response:
        """201, and 200 for one that was set before."""
        response = super().respond(receipt)
        response.status_code = 200 if receipt.repeated else 201
        return response


class BudgetView(APIView):
    """One budget of freshness."""

    required_action = "monitors:read"

    @extend_schema(responses=FreshnessSerializer)
    def get(self, request: Request, freshness: str) -> Response:
        """Its stages with their monitors, and what a fault would cost."""
        row = get_object_or_404(FreshnessRow, key=freshness)
        return Response(FreshnessSerializer(shown(row)).data)


class ChangeBudgetView(CommandView):
    """Changes a budget, which is given whole; monitors of stages follow."""

    required_action = "monitors:write"
    command = commands.PlanFreshness
    serializer_class = PlanSerializer
    location = "api-freshness"

    def build(self, data: dict[str, Any], request: Request) -> Any:
        """The command, if there is such a budget."""
        get_object_or_404(FreshnessRow, key=data["freshness"])
        return super().build(data, request)

    def carry_out(self, command: Any, context: Context) -> Receipt:
        """The budget and its monitors."""
        return budgets.plan(command, context)


class RetireBudgetView(CommandView):
    """Ends a budget; its monitors go with it."""

    required_action = "monitors:write"
    command = commands.RetireFreshness
    serializer_class = ReasonSerializer

    def carry_out(self, command: Any, context: Context) -> Receipt:
        """The budget and its monitors."""
        return budgets.retire(command, context)
