"""Every command comes in the same way: serializer → command → `execute` → receipt.

A new command is one serializer and one route:

    path(
        "incidents/<uuid:incident>/severity",
        CommandView.as_view(
            command=ChangeSeverity,                 # takes incident, severity and at
            serializer_class=SeveritySerializer,    # gives severity
            required_action="incidents:write",
            location="api-incident",                # GET route of the entity
        ),
        name="api-incident-severity",
    )

The command gets the path's parameters (as text) and the serializer's fields by name, `at` from the
product's clock, and `by`, the actor's ref, if it has such a field. Where that is not enough, a
subclass overrides `build`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from structlog.contextvars import bind_contextvars

from access.api.conditional import etag_of, require_match
from access.doors import context_of, new_id
from eventlog import store
from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.store import Receipt


class EventSerializer(serializers.Serializer[Any]):
    """One event that a command led to."""

    id = serializers.UUIDField()
    type = serializers.CharField()


class ReceiptSerializer(serializers.Serializer[Any]):
    """What a command led to. `repeated` says that this is the answer of the first time."""

    stream = serializers.CharField()
    version = serializers.IntegerField()
    events = EventSerializer(many=True)
    repeated = serializers.BooleanField()
    location = serializers.CharField(allow_null=True)


class NoFields(serializers.Serializer[Any]):
    """A command that says everything in its address."""


class CommandView(APIView):
    """A POST that carries out one command.

    `creates` names the command's field that holds a new entity's id; it is drawn from the
    idempotency key, so that a repeat is about the same entity, and the answer is 201.
    """

    command: ClassVar[type[Command[Any]] | None] = None
    serializer_class: type[Serializer[Any]] = NoFields
    required_action: Any = None
    creates: str = ""
    location: str = ""
    asked: Context

    @extend_schema(responses={200: ReceiptSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Carries out the command."""
        serializer = self.serializer_class(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        self.asked = context_of(request)
        command = self.build({**serializer.validated_data, **as_text(path)}, request)
        with transaction.atomic():
            receipt = self.carry_out(command, self.asked)
            check_version(receipt, request)
        return self.respond(receipt)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        """The command, from the serializer's and the path's values."""
        if self.command is None:
            raise NotImplementedError(f"{type(self).__name__} names no command")
        fields = {field.name for field in dataclasses.fields(self.command)}
        supplied: dict[str, Any] = {"at": now(), "by": self.asked.actor}
        if self.creates:
            supplied[self.creates] = new_id(self.asked)
        return self.command(**{k: v for k, v in supplied.items() if k in fields} | data)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        """What is done with the command, for those few that need more than `execute`."""
        return store.execute(command, context)

    def respond(self, receipt: Receipt) -> Response:
        """The receipt, with the entity's address."""
        body = receipt_body(receipt, self.address(receipt))
        bind_contextvars(events=[event["id"] for event in body["events"]])
        headers = {"ETag": etag_of(receipt.version)}
        if body["location"]:
            headers["Location"] = body["location"]
        created = self.creates and not receipt.repeated
        return Response(body, status=201 if created else 200, headers=headers)

    def address(self, receipt: Receipt) -> str | None:
        """The path of the entity that the command was about."""
        if not self.location:
            return None
        return reverse(self.location, args=[receipt.stream.partition(":")[2]])


def check_version(receipt: Receipt, request: Request) -> None:
    """Undoes what was done, with 412, if the stream was not where `If-Match` wants it."""
    if not receipt.repeated:
        require_match(request, receipt.version - len(receipt.events))


def as_text(path: dict[str, Any]) -> dict[str, Any]:
    """Path parameters as commands want them: UUIDs as text."""
    return {name: value if isinstance(value, int) else str(value) for name, value in path.items()}


def receipt_body(receipt: Receipt, location: str | None = None) -> dict[str, Any]:
    """A receipt as JSON."""
    return {
        "stream": receipt.stream,
        "version": receipt.version,
        "events": [{"id": str(e.event_id), "type": e.type} for e in receipt.events],
        "repeated": receipt.repeated,
        "location": location,
    }
