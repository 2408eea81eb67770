"""REST doors of retrospectives: the whole, its sections with their history, review, export."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.conditional import answer
from access.api.paging import limit_of
from access.doors import actor_of, person_of
from access.rights import can
from eventlog.core import Command
from incidents import commands, queries
from incidents import export_retrospective as export
from incidents.api.commands import READ_OR_WRITE, OnIncident
from incidents.api.reading import (
    LIMIT,
    FirstRenderer,
    Reading,
    found,
    listed,
    number_in,
    page_of,
    query,
)
from incidents.api.serializers import RedactSerializer, ReopenSerializer, Shape
from incidents.api.shapes import shape_of
from incidents.policy import SECTION_LIMIT
from incidents.queries import RetrospectiveView, Revision
from incidents.state import SECTIONS

REVISION = {"min_value": 0, "max_value": 2**31 - 1}


class SectionSerializer(Shape):
    """`revision` is the one that the writer read, 0 for none."""

    text = serializers.CharField(max_length=SECTION_LIMIT, allow_blank=True)
    revision = serializers.IntegerField(**REVISION)


class RedactSectionSerializer(RedactSerializer):
    revision = serializers.IntegerField(**REVISION)


class RetrospectiveDoor(Reading):
    """What was learnt from one incident."""

    @extend_schema(operation_id="retrospective_retrieve", responses=shape_of(RetrospectiveView))
    def get(self, request: Request, incident: UUID) -> Response:
        """Sections with people's words, sentences of the log with their events, and what is missing."""
        return answer(request, found(incident), asdict(_view(incident)))


class RetrospectiveExportView(Reading):
    """A retrospective as a document."""

    content_negotiation_class = FirstRenderer

    @extend_schema(
        operation_id="retrospective_export",
        parameters=[query("format", "markdown or json.", enum=["markdown", "json"])],
        responses={
            (200, "text/markdown"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
        },
    )
    def get(self, request: Request, incident: UUID) -> HttpResponse:
        """The whole with the ids of its events."""
        view = _view(incident)
        match request.query_params.get("format", "markdown"):
            case "markdown":
                text: str | bytes = export.as_markdown(view)
                kind, ending = "text/markdown; charset=utf-8", "md"
            case "json":
                text, kind, ending = export.as_json(view), "application/json", "json"
            case _:
                raise ValidationError({"format": ["One of markdown, json."]})
        name = f"retrospective-{view.number}.{ending}"
        disposition = f'attachment; filename="{name}"'
        return HttpResponse(text, content_type=kind, headers={"Content-Disposition": disposition})


class RetrospectiveSectionView(OnIncident):
    """One section."""

    required_action = READ_OR_WRITE
    command = commands.WriteSection
    serializer_class = SectionSerializer

    @extend_schema(
        operation_id="retrospective_revisions",
        parameters=[query("before", "Revisions below this one.", int), LIMIT],
        responses=page_of("RevisionPage", Revision),
    )
    def get(self, request: Request, incident: UUID, section: str) -> Response:
        """Every revision, newest first."""
        found(incident)
        if section not in SECTIONS:
            raise NotFound("There is no such section.")
        before = number_in(request, "before")
        shown, more = queries.revisions(incident, section, before, limit_of(request))
        return listed(request, shown, "before", more)

    @extend_schema(operation_id="retrospective_write")
    def post(self, request: Request, **path: Any) -> Response:
        """Writes the section anew; 409 `stale` when somebody wrote since the revision was read."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build({**data, "person": person_of(request)}, request)


class RedactSectionView(OnIncident):
    """Removing what a revision said, for good."""

    command = commands.RedactSection
    serializer_class = RedactSectionSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        who = {"by": person_of(request), "privileged": can(actor_of(request), "incidents:redact")}
        return super().build({**data, **who}, request)


class ReviewView(OnIncident):
    """Submitting for review, or accepting what somebody else submitted."""

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build({**data, "person": person_of(request)}, request)


class ReturnView(ReviewView):
    """Asking for a change, with the reason."""

    command = commands.ReturnRetrospective
    serializer_class = ReopenSerializer


def _view(incident: UUID) -> RetrospectiveView:
    found(incident)
    view = queries.retrospective(incident)
    assert view is not None, "an incident with a row is in the log"
    return view
