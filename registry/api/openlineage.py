"""The doors of an OpenLineage client: `POST /api/v1/lineage`, and `/lineage/batch` for many events.

The client sends what got a 5xx again, and gives up on what got a 4xx. So a fault of the event is a
400, a conflict that may pass is a 503, no sender is slowed down by a 429, and what comes twice is
taken once.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.doors import actor_of
from eventlog.clock import now
from eventlog.core import COMMANDS, Conflict, Context, Refused
from eventlog.store import execute_together
from registry.ingest import openlineage
from registry.ingest.openlineage import MOST_EVENTS, Unfit


class Busy(APIException):
    """Others kept changing the same things at the same moment; send the event again."""

    status_code = 503
    default_code = "busy"


class SummarySerializer(serializers.Serializer[Any]):
    """How many events came and what became of them."""

    received = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    retriable = serializers.IntegerField()
    non_retriable = serializers.IntegerField()


class FailedSerializer(serializers.Serializer[Any]):
    """Why an event was not taken."""

    index = serializers.IntegerField()
    reason = serializers.CharField()
    retriable = serializers.BooleanField()


class BatchSerializer(serializers.Serializer[Any]):
    """What became of a batch: `success`, or `partial_success` when an event was not taken."""

    status = serializers.CharField()
    summary = SummarySerializer()
    failed_events = FailedSerializer(many=True)


def receive(event: Any, actor: str) -> bool:
    """Takes one event, in one transaction; whether it is new. Raises `Unfit` and `Conflict`."""
    try:
        asked = openlineage.read(event, now())
        context = Context(actor, uuid5(COMMANDS, f"openlineage\n{openlineage.digest(event)}"))
        return not execute_together(asked, context)[0].repeated
    except Conflict:
        raise
    except Refused as refused:
        raise Unfit(refused.field, refused.message) from refused


class LineageView(APIView):
    """Takes one OpenLineage event."""

    required_action = "lineage:write"
    throttle_classes = ()

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={
            200: OpenApiResponse(description="It was taken before."),
            201: OpenApiResponse(description="It is taken."),
        },
    )
    def post(self, request: Request) -> Response:
        """Takes a run, job or dataset event of OpenLineage. Parts of a run may come in any order."""
        try:
            new = receive(request.data, actor_of(request).ref)
        except Unfit as fault:
            raise ValidationError({fault.field or "body": [fault.message]}) from fault
        except Conflict as conflict:
            raise Busy(Busy.__doc__) from conflict
        return Response(status=201 if new else 200)


class LineageBatchView(APIView):
    """Takes many OpenLineage events."""

    required_action = "lineage:write"
    throttle_classes = ()

    @extend_schema(request=OpenApiTypes.OBJECT, responses=BatchSerializer)
    def post(self, request: Request) -> Response:
        """Takes a list of at most 500 events, each by itself, and says which it could not take."""
        events = request.data
        if not isinstance(events, list) or len(events) > MOST_EVENTS:
            raise ValidationError({"body": [f"Must be a list of at most {MOST_EVENTS} events."]})
        failed = []
        for index, event in enumerate(events):
            try:
                receive(event, actor_of(request).ref)
            except Unfit as fault:
                reason = f"{fault.field}: {fault.message}" if fault.field else fault.message
                failed.append({"index": index, "reason": reason, "retriable": False})
            except Conflict as conflict:
                failed.append({"index": index, "reason": conflict.message, "retriable": True})
        again = sum(1 for one in failed if one["retriable"])
        summary = {
            "received": len(events),
            "successful": len(events) - len(failed),
            "failed": len(failed),
            "retriable": again,
            "non_retriable": len(failed) - again,
        }
        status = "partial_success" if failed else "success"
        return Response({"status": status, "summary": summary, "failed_events": failed})
