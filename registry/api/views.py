"""REST doors of holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from access.api.conditional import answer
from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.store import Receipt
from registry import commands, queries
from registry.holds import carry_out
from registry.models import HoldRow

ENTITY = OpenApiParameter("entity", str, description="Ref of the entity that is held.")
STANDING = OpenApiParameter("standing", bool, description="Only those that stand now.")


class PlaceHoldSerializer(serializers.Serializer[Any]):
    """What is held, why, and for how long."""

    entity = serializers.CharField(help_text="Ref such as flag:checkout or environment:production.")
    reason = serializers.CharField(help_text="Ref of what wants it so: incident:…, calendar:…")
    sentence = serializers.CharField(max_length=2_000, help_text="What the refused are told.")
    since = serializers.DateTimeField(required=False, allow_null=True, default=None)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class LiftHoldSerializer(serializers.Serializer[Any]):
    """Why it is lifted."""

    why = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class HoldSerializer(serializers.Serializer[Any]):
    """A hold."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    entity = serializers.CharField()
    reason = serializers.CharField()
    sentence = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    placed_at = serializers.DateTimeField()
    placed_by = serializers.CharField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    lifted_why = serializers.CharField()


class HoldsView(CommandView, ListAPIView[HoldRow]):
    """Holds on entities."""

    required_action = {"GET": "holds:read", "POST": "holds:write"}
    order = queries.LATEST
    command = commands.PlaceHold
    serializer_class: Any = PlaceHoldSerializer
    creates = "hold"
    location = "api-hold"

    def get_queryset(self) -> QuerySet[HoldRow]:
        """Holds that fit the question."""
        asked = self.request.query_params
        at = now() if asked.get("standing") == "true" else None
        return queries.holds(asked.get("entity", ""), at)

    @extend_schema(parameters=[ENTITY, STANDING], responses=HoldSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists holds, the latest first."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(HoldSerializer(rows, many=True).data)

    @extend_schema(request=PlaceHoldSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Holds an entity: whoever wants to change it is refused and told why."""
        return super().post(request, **path)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return carry_out(command, context)


class HoldView(APIView):
    """One hold."""

    required_action = "holds:read"

    @extend_schema(responses=HoldSerializer)
    def get(self, request: Request, hold: UUID) -> Response:
        """The hold."""
        row = HoldRow.objects.filter(id=hold).first()
        if row is None:
            raise Http404("There is no such hold.")
        return answer(request, row.version, HoldSerializer(row).data)


class LiftHoldView(CommandView):
    """Lifts a hold."""

    required_action = "holds:write"
    command = commands.LiftHold
    serializer_class = LiftHoldSerializer
    location = "api-hold"

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        if not HoldRow.objects.filter(id=data["hold"]).exists():
            raise Http404("There is no such hold.")
        return super().build(data, request)
