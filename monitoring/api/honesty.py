"""REST doors of what people say of monitors afterwards."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from eventlog.clock import now
from monitoring import commands, honesty
from monitoring.api.serializers import (
    CalledSerializer,
    JudgementSerializer,
    MissSerializer,
    ReasonSerializer,
    RecordSerializer,
)
from monitoring.api.views import monitor_or_404
from monitoring.models import BreachRow, MissRow, MonitorRow

MAX_DAYS = 3_660
DAYS = OpenApiParameter("days", int, description="How far back; 30 by default.")


class JudgeView(CommandView):
    """Says what a breach was."""

    command = commands.JudgeBreach
    serializer_class = JudgementSerializer
    required_action = "monitors:write"

    def build(self, data: dict[str, Any], request: Request) -> Any:
        """The command, with the monitor and the subjects of the breach."""
        row = get_object_or_404(BreachRow, id=data["breach"])
        about = {"monitor": f"monitor:{row.monitor}", "subjects": row.subjects}
        return super().build(data | about, request)


class MissesView(CommandView, ListAPIView[MissRow]):
    """What a monitor missed."""

    required_action = {"GET": "monitors:read", "POST": "monitors:write"}
    command = commands.RecordMiss
    serializer_class = MissSerializer
    creates = "miss"
    order = honesty.MISSES

    def get_queryset(self) -> QuerySet[MissRow]:
        """The latest first."""
        return honesty.misses(monitor_or_404(self.kwargs["monitor"]).id)


class WithdrawMissView(CommandView):
    """Takes back that a monitor missed something."""

    command = commands.WithdrawMiss
    serializer_class = ReasonSerializer
    required_action = "monitors:write"
    location = "api-monitor"


class RecordsView(ListAPIView[MonitorRow]):
    """How honest the monitors are."""

    required_action = "monitors:read"
    order = honesty.NOISIEST

    @extend_schema(parameters=[DAYS], responses=RecordSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Monitors that breached or missed something, the noisiest first."""
        begin = since(request)
        rows = self.paginate_queryset(honesty.ranked(begin)) or []
        found = honesty.records(rows, begin)
        return self.get_paginated_response(RecordSerializer(found, many=True).data)


class CalledView(APIView):
    """Whom breaches called."""

    required_action = "monitors:read"

    @extend_schema(parameters=[DAYS], responses=CalledSerializer(many=True))
    def get(self, request: Request) -> Response:
        """People, those first who were called for nothing."""
        found = honesty.called(since(request), now())
        items = [CalledSerializer(dataclasses.asdict(each)).data for each in found]
        return Response({"items": items, "next": None})


def since(request: Request) -> datetime:
    """The beginning of the days asked for. Raises a 400."""
    text = request.query_params.get("days", "30")
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_DAYS):
        raise ValidationError({"days": [f"A whole number from 1 to {MAX_DAYS:,}."]})
    return now() - timedelta(days=int(text))
