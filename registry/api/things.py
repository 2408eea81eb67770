"""REST doors of things and of edges between them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView, ReceiptSerializer
from access.api.conditional import answer
from eventlog.core import Command
from eventlog.store import Receipt
from registry import commands
from registry.api.shapes import (
    CorrectSerializer,
    DescribeSerializer,
    DrawSerializer,
    EdgeSerializer,
    EntitySerializer,
    RegisterSerializer,
    RetractSerializer,
    WholeEdgeSerializer,
    WholeEntitySerializer,
)
from registry.kinds import EDGE_KINDS, KINDS
from registry.models import EdgeRow, EntityRow
from registry.queries import things

KIND = OpenApiParameter("kind", str, description="Only those of this kind.")
SEARCH = OpenApiParameter("search", str, description="A text in the name, or a version or ref.")
NAMESPACE = OpenApiParameter("namespace", str, description="Only those of this namespace.")
AT = OpenApiParameter("at", datetime, description="As it was then, by what is known now.")
KNOWN_AT = OpenApiParameter("known_at", datetime, description="By what had been recorded then.")
ENTITY = OpenApiParameter("entity", str, description="Only those of this thing, by its ref.")


def instant(request: Request, name: str) -> datetime | None:
    """A time in the query, None if it is not asked for. Raises a 400 for what is no time."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        at: datetime = serializers.DateTimeField().to_internal_value(text)
    except serializers.ValidationError as error:
        raise ValidationError({name: error.detail}) from error
    return at


def one_of(request: Request, name: str, choices: Any) -> str:
    """A word in the query that is one of those known, empty if it is not asked for."""
    text = request.query_params.get(name, "")
    if text and text not in choices:
        raise ValidationError({name: [f"One of {', '.join(choices)}."]})
    return str(text)


def thing(ref: str, field: str = "") -> EntityRow:
    """The thing that a ref names. Raises a 404, or a 400 about `field` of the query."""
    row = things.entity(ref)
    if row is None and field:
        raise ValidationError({field: [f"Nothing is registered as {ref[:200] or 'nothing'}."]})
    if row is None:
        raise Http404("There is no such thing.")
    return row


class EntitiesView(CommandView, ListAPIView[EntityRow]):
    """Things: data, features, runs, models, services."""

    required_action = {"GET": "lineage:read", "POST": "lineage:write"}
    order = things.BY_NAME
    command = commands.RegisterEntity
    serializer_class: Any = RegisterSerializer
    creates = "entity"

    def get_queryset(self) -> QuerySet[EntityRow]:
        """Things that fit the question."""
        asked = self.request.query_params
        kind = one_of(self.request, "kind", KINDS)
        return things.entities(kind, asked.get("search", ""), asked.get("namespace"))

    @extend_schema(parameters=[KIND, SEARCH, NAMESPACE], responses=EntitySerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists things by name."""
        rows = self.paginate_queryset(self.get_queryset().defer("facets")) or []
        return self.get_paginated_response(EntitySerializer(rows, many=True).data)

    @extend_schema(request=RegisterSerializer, responses={201: ReceiptSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Makes a thing known, under the ref that the answer's `stream` says."""
        return super().post(request, **path)

    def address(self, receipt: Receipt) -> str:
        return reverse("api-entity", args=[receipt.stream])


class EntityView(CommandView):
    """One thing."""

    required_action = {"GET": "lineage:read", "POST": "lineage:write"}
    command = commands.DescribeEntity
    serializer_class = DescribeSerializer

    @extend_schema(parameters=[AT, KNOWN_AT], responses=WholeEntitySerializer)
    def get(self, request: Request, entity: str) -> Response:
        """The thing with all its facts and facets, now or as of a past instant."""
        row = thing(entity)
        facts, facets = things.observed(row, instant(request, "at"), instant(request, "known_at"))
        said = EntitySerializer(row).data | {"facts": facts, "facets": facets}
        said |= {"passed": things.passed(row, facts), "missing": things.missing(row, facts)}
        return Response(said)

    @extend_schema(
        operation_id="entities_describe", request=DescribeSerializer, responses=ReceiptSerializer
    )
    def post(self, request: Request, **path: Any) -> Response:
        """Says facts about the thing. Of each the one observed last counts."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        thing(data["entity"])
        return super().build(data, request)

    def address(self, receipt: Receipt) -> str:
        return reverse("api-entity", args=[receipt.stream])


class EdgesView(CommandView, ListAPIView[EdgeRow]):
    """Edges: which thing feeds which."""

    required_action = {"GET": "lineage:read", "POST": "lineage:write"}
    order = things.EDGES_LATEST
    command = commands.DrawEdge
    serializer_class: Any = DrawSerializer
    location = "api-edge"

    def get_queryset(self) -> QuerySet[EdgeRow]:
        """Edges that fit the question."""
        ref = self.request.query_params.get("entity", "")
        kind = one_of(self.request, "kind", EDGE_KINDS)
        return things.edges(thing(ref, "entity") if ref else None, kind)

    @extend_schema(parameters=[ENTITY, KIND], responses=EdgeSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists edges as they are believed to be now, the latest first."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(EdgeSerializer(rows, many=True).data)

    @extend_schema(request=DrawSerializer, responses=ReceiptSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Says that one thing feeds another. Said again, it changes nothing."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        for field in ("source", "target"):
            if things.unknown([data[field]]):
                raise ValidationError({field: [f"Nothing is registered as {data[field]}."]})
        return super().build(data, request)


class EdgeView(APIView):
    """One edge."""

    required_action = "lineage:read"

    @extend_schema(responses=WholeEdgeSerializer)
    def get(self, request: Request, edge: UUID) -> Response:
        """The edge with all that was believed of it."""
        beliefs = known(edge)
        said = EdgeSerializer(beliefs[0]).data
        said["beliefs"] = EdgeSerializer(beliefs, many=True).data
        return answer(request, max(one.version for one in beliefs), said)


class ChangeEdgeView(CommandView):
    """Corrects or retracts an edge."""

    required_action = "lineage:write"
    location = "api-edge"

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        known(data["edge"])
        return super().build(data, request)


def known(edge: UUID | str) -> list[EdgeRow]:
    """All that was believed of an edge, newest first. Raises a 404."""
    beliefs = things.beliefs(str(edge))
    if not beliefs:
        raise Http404("There is no such edge.")
    return beliefs


class CorrectEdgeView(ChangeEdgeView):
    """Corrects an edge."""

    command = commands.CorrectEdge
    serializer_class = CorrectSerializer

    @extend_schema(request=CorrectSerializer, responses=ReceiptSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Says when the edge began or ended. What was believed until now stays on record."""
        return super().post(request, **path)


class RetractEdgeView(ChangeEdgeView):
    """Retracts an edge."""

    command = commands.RetractEdge
    serializer_class = RetractSerializer

    @extend_schema(request=RetractSerializer, responses=ReceiptSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Says that the edge never was. What was believed until now stays on record."""
        return super().post(request, **path)
