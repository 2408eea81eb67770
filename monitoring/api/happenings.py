"""REST doors of what happens outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404

from access.api.commands import CommandView
from monitoring import commands, happenings
from monitoring.api.serializers import ReasonSerializer
from monitoring.api.views import time_of
from monitoring.models import HappeningRow
from monitoring.state import Category

READ_OR_WRITE = {"GET": "monitors:read", "POST": "monitors:write"}
QUESTION = [
    OpenApiParameter("since", datetime, description="What goes on after it."),
    OpenApiParameter("until", datetime, description="What began before it."),
    OpenApiParameter("category", str, enum=[str(each) for each in Category]),
    OpenApiParameter("region", str, description="In this region, or everywhere."),
    OpenApiParameter("search", str, description="Text in the title."),
]


class HappeningSerializer(serializers.Serializer[Any]):
    """Something outside that shows in measurements."""

    id = serializers.UUIDField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    title = serializers.CharField(max_length=200)
    category = serializers.ChoiceField([str(each) for each in Category])
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Null while nobody knows the end."
    )
    regions = serializers.ListField(
        child=serializers.CharField(max_length=60),
        max_length=50,
        required=False,
        help_text="As the labels of series have them; none for everywhere.",
    )
    source = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Who says so."
    )
    url = serializers.URLField(max_length=2_000, required=False, allow_blank=True)
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    subjects = serializers.ListField(
        child=serializers.CharField(max_length=240), max_length=20, required=False
    )
    noted_at = serializers.DateTimeField(read_only=True)
    noted_by = serializers.CharField(read_only=True)


@extend_schema_view(get=extend_schema(parameters=QUESTION))
class HappeningsView(CommandView, ListAPIView[HappeningRow]):
    """What happens outside."""

    required_action = READ_OR_WRITE
    command = commands.NoteHappening
    serializer_class = HappeningSerializer
    creates = "happening"
    order = happenings.LATEST
    location = "api-happening"

    def get_queryset(self) -> QuerySet[HappeningRow]:
        """The latest first."""
        text = {
            name: self.request.query_params.get(name, "")
            for name in ("category", "region", "search")
        }
        since, until = (time_of(self.request, name, None) for name in ("since", "until"))
        return happenings.happenings(since=since, until=until, **text)


class HappeningView(RetrieveAPIView[HappeningRow]):
    """One thing that happens outside."""

    required_action = "monitors:read"
    serializer_class = HappeningSerializer
    queryset = HappeningRow.objects.all()
    lookup_field, lookup_url_kwarg = "id", "happening"


class CorrectHappeningView(CommandView):
    """Says what it is, as far as is known now; it is given whole."""

    required_action = "monitors:write"
    command = commands.NoteHappening
    serializer_class = HappeningSerializer
    location = "api-happening"

    def build(self, data: dict[str, Any], request: Any) -> Any:
        """The command, if there is such a thing."""
        get_object_or_404(HappeningRow, id=data["happening"])
        return super().build(data, request)


class WithdrawHappeningView(CommandView):
    """Takes back that it happened."""

    required_action = "monitors:write"
    command = commands.WithdrawHappening
    serializer_class = ReasonSerializer
