"""REST doors of flags, groups, layers and SDK keys."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from access.api.conditional import answer
from access.doors import new_id, person_of
from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.store import Receipt
from experiments import acting, commands, queries, simulator
from experiments.api import serializers as shapes
from experiments.models import FlagRow, GroupRow, LayerRow, SdkKeyRow
from experiments.serving.keys import new_key

SEARCH = OpenApiParameter("search", str, description="Text in the key or description.")
ARCHIVED = OpenApiParameter("archived", bool, description="The archived ones instead.")
READ_WRITE = {"GET": "flags:read", "POST": "flags:write"}


class FlagsView(CommandView, ListAPIView[FlagRow]):
    """All flags."""

    required_action = READ_WRITE
    order = queries.BY_KEY
    command = commands.CreateFlag
    serializer_class: Any = shapes.CreateFlagSerializer
    creates = "created"
    location = "api-flag"

    def get_queryset(self) -> QuerySet[FlagRow]:
        """Flags that fit the question."""
        asked = self.request.query_params
        return queries.flags(asked.get("search", ""), asked.get("archived") == "true")

    @extend_schema(parameters=[SEARCH, ARCHIVED], responses=shapes.FlagSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists flags by key."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        seen = queries.views(rows, now())
        return self.get_paginated_response(shapes.FlagSerializer(seen, many=True).data)

    @extend_schema(request=shapes.CreateFlagSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Begins a flag, off everywhere."""
        return super().post(request, **path)


class FlagView(APIView):
    """One flag."""

    required_action = "flags:read"

    @extend_schema(responses=shapes.FlagSerializer)
    def get(self, request: Request, flag: str) -> Response:
        """The flag, how it is served and what waits for approval."""
        view = flag_or_404(flag)
        return answer(request, view.version, shapes.FlagSerializer(view).data)


class OnFlag(CommandView):
    """A command on a flag that exists; holds and freezes on it are respected."""

    required_action: Any = "flags:write"
    location = "api-flag"

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        flag_or_404(data["flag"])
        return super().build(data, request)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return acting.carry_out(command, context)


class DescribeView(OnFlag):
    """Owner, description, expiry, approval."""

    command = commands.DescribeFlag
    serializer_class = shapes.DescriptionSerializer


class RulesView(OnFlag):
    """Changes what is served in an environment, or proposes to."""

    command = commands.SetRules
    serializer_class = shapes.RulesSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        supplied = {"proposal": new_id(self.asked, "proposal"), "by": person_of(request)}
        return super().build({**data, **supplied}, request)


class TurnView(OnFlag):
    """Turns a flag on or off; off is the kill switch."""

    command = commands.TurnFlag
    serializer_class = shapes.TurnSerializer


class RollBackView(OnFlag):
    """Serves an earlier revision again."""

    command = commands.RollBackFlag
    serializer_class = shapes.RollBackSerializer


class ApproveView(OnFlag):
    """Approves a proposed change of somebody else."""

    command = commands.ApproveChange

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build({**data, "by": person_of(request)}, request)


class RejectView(OnFlag):
    """Turns a proposed change down."""

    command = commands.RejectChange
    serializer_class = shapes.WhySerializer


class ArchiveView(OnFlag):
    """Takes a flag that is off everywhere out of service."""

    command = commands.ArchiveFlag
    serializer_class = shapes.WhySerializer


class RestoreView(OnFlag):
    """Brings an archived flag back, off."""

    command = commands.RestoreFlag


class SimulateView(APIView):
    """What somebody would get."""

    required_action = "flags:read"

    @extend_schema(request=shapes.AskSerializer, responses=shapes.AnswerSerializer)
    def post(self, request: Request, flag: str) -> Response:
        """What a subject with these attributes gets from a flag, and why, rule by rule."""
        flag_or_404(flag)
        asked = shapes.AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = simulator.ask(flag, **asked.validated_data)
        return Response(shapes.AnswerSerializer(dataclasses.asdict(said)).data)


class GroupsView(ListAPIView[GroupRow]):
    """Saved groups."""

    required_action = "flags:read"
    serializer_class = shapes.GroupSerializer
    order = queries.BY_KEY
    queryset = GroupRow.objects.all()


class OnGroup(CommandView):
    """A command on a saved group; freezes of environments whose rules mean it are respected."""

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return acting.carry_out(command, context)


class GroupView(OnGroup):
    """One saved group."""

    required_action: Any = READ_WRITE
    command = commands.SaveGroup
    serializer_class = shapes.SaveGroupSerializer
    location = "api-group"

    @extend_schema(responses=shapes.GroupSerializer)
    def get(self, request: Request, group: str) -> Response:
        """The group."""
        row = GroupRow.objects.filter(key=group).first()
        if row is None:
            raise Http404("There is no such group.")
        return answer(request, row.version, shapes.GroupSerializer(row).data)


class RemoveGroupView(OnGroup):
    """Takes a group away."""

    required_action: Any = "flags:write"
    command = commands.RemoveGroup
    serializer_class = shapes.WhySerializer


class LayersView(CommandView, ListAPIView[LayerRow]):
    """Layers of mutually exclusive experiments."""

    required_action = READ_WRITE
    order = queries.BY_KEY
    queryset = LayerRow.objects.all()
    command = commands.CreateLayer
    serializer_class: Any = shapes.CreateLayerSerializer
    creates = "created"
    location = "api-layer"

    @extend_schema(responses=shapes.LayerSerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists layers by key, with what is free in each."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        seen = queries.layer_views(rows, now())
        return self.get_paginated_response(shapes.LayerSerializer(seen, many=True).data)

    @extend_schema(request=shapes.CreateLayerSerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Begins a layer."""
        return super().post(request, **path)


class LayerView(APIView):
    """One layer."""

    required_action = "flags:read"

    @extend_schema(responses=shapes.LayerSerializer)
    def get(self, request: Request, layer: str) -> Response:
        """The layer, its allocations and its free segments."""
        view = queries.layer(layer, now())
        if view is None:
            raise Http404("There is no such layer.")
        return answer(request, view.version, shapes.LayerSerializer(view).data)


class OnLayer(CommandView):
    """A command on a layer that exists."""

    required_action: Any = "flags:write"
    location = "api-layer"

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        if not LayerRow.objects.filter(key=data["layer"]).exists():
            raise Http404("There is no such layer.")
        return super().build(data, request)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return acting.carry_out(command, context)


class AllocateView(OnLayer):
    """Gives an experiment segments, or takes some back."""

    command = commands.Allocate
    serializer_class = shapes.AllocateSerializer


class ReleaseView(OnLayer):
    """Frees all segments of an experiment."""

    command = commands.Release
    serializer_class = shapes.ReleaseSerializer


class SdkKeysView(CommandView, ListAPIView[SdkKeyRow]):
    """Keys by which SDKs ask."""

    required_action = READ_WRITE
    order = queries.BY_KEY
    queryset = SdkKeyRow.objects.all()
    command = commands.IssueSdkKey
    serializer_class: Any = shapes.IssueSdkKeySerializer
    creates = "created"

    @extend_schema(responses=shapes.SdkKeySerializer(many=True))
    def get(self, request: Request, *args: Any, **path: Any) -> Response:
        """Lists SDK keys."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(shapes.SdkKeySerializer(rows, many=True).data)

    @extend_schema(request=shapes.IssueSdkKeySerializer)
    def post(self, request: Request, **path: Any) -> Response:
        """Issues a key; it is the last part of the receipt's stream."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build({**data, "key": new_key(new_id(self.asked))}, request)


class RevokeSdkKeyView(CommandView):
    """Nobody gets an answer by the key any more."""

    required_action = "flags:write"
    command = commands.RevokeSdkKey
    serializer_class = shapes.WhySerializer


class ExposureCountsView(APIView):
    """Units that met an experiment."""

    required_action = "flags:read"

    @extend_schema(responses=shapes.ExposureCountSerializer(many=True))
    def get(self, request: Request, experiment: str) -> Response:
        """Units by phase and variation."""
        counts = queries.exposure_counts(experiment, request.query_params.get("phase", ""))
        return Response({"items": counts, "next": None})


def flag_or_404(key: str) -> queries.FlagView:
    """The flag with this key."""
    view = queries.flag(key, now())
    if view is None:
        raise Http404("There is no such flag.")
    return view
