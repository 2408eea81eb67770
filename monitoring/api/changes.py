"""REST doors of changes: what owners were told."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from monitoring import hooks
from monitoring.models import NoticeRow


class OwnerSerializer(serializers.Serializer[Any]):
    """Who was told, with what they own of what depends on the thing."""

    owner = serializers.CharField()
    of = serializers.ListField(child=serializers.CharField(), help_text="At most 100 refs.")
    count = serializers.IntegerField(help_text="How many they own.")


class NoticeSerializer(serializers.Serializer[Any]):
    """What owners were told of one change."""

    id = serializers.UUIDField()
    monitor = serializers.UUIDField(help_text="The monitor of the kind change_hook.")
    name = serializers.CharField()
    change = serializers.UUIDField(help_text="The event that was the change.")
    entity = serializers.CharField()
    family = serializers.CharField()
    sentence = serializers.CharField()
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    owners = OwnerSerializer(many=True)
    subjects = serializers.ListField(
        child=serializers.CharField(),
        help_text="What depends on it, the nearest first, at most 100.",
    )
    unowned = serializers.IntegerField(help_text="How many of all have no owner that is known.")
    others = serializers.IntegerField(help_text="How many depend on it beside the subjects.")
    whole = serializers.BooleanField(help_text="False where there may be still more.")
    watched_until = serializers.DateTimeField()
    told_at = serializers.DateTimeField()


@extend_schema_view(
    get=extend_schema(
        parameters=[
            OpenApiParameter("entity", str, description="What was changed, or depends on it."),
            OpenApiParameter("owner", str, description="Who was told."),
        ]
    )
)
class NoticesView(ListAPIView[NoticeRow]):
    """What owners were told of changes to what theirs depends on."""

    required_action = "monitors:read"
    serializer_class = NoticeSerializer
    order = hooks.LATEST

    def get_queryset(self) -> QuerySet[NoticeRow]:
        """The latest change first."""
        asked = self.request.query_params
        return hooks.notices(asked.get("entity", ""), asked.get("owner", ""))
