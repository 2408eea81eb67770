"""REST doors that tell: lists of incidents, one incident, its channel, timeline and export."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from access.api.conditional import answer
from access.api.paging import limit_of
from access.moments import read_moment
from access.paging import BadCursor
from eventlog.clock import now
from incidents import export, queries
from incidents.api.shapes import shape_of
from incidents.parts import parts
from incidents.queries import (
    Card,
    Cards,
    Counts,
    Detail,
    Entry,
    Message,
    Said,
    Similar,
    Wanted,
)
from incidents.state import SEVERITIES

STATUSES = ("open", "resolved", "closed")
LISTS = {"active": queries.active, "recovering": queries.recovering, "closed": queries.closed}
MAX_VERSION = 2**31 - 1


def page_of(name: str, item: type) -> Any:
    """The shape of one page of values."""
    fields = {"items": shape_of(item)(many=True), "next": serializers.URLField(allow_null=True)}
    return inline_serializer(name, fields)


def query(name: str, description: str, kind: Any = str, **options: Any) -> OpenApiParameter:
    """A query parameter in the description."""
    return OpenApiParameter(name, kind, description=description, **options)


LIMIT = query("limit", "How many items at most, 1 to 200.", int)


def found(incident: UUID | str) -> int:
    """The version of an incident. Raises 404."""
    version = queries.version_of(incident)
    if version is None:
        raise Http404("There is no such incident.")
    return version


def number_in(request: Request, name: str, default: int | None = None) -> int | None:
    """A whole number of the query string. Raises a 400 that names it."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_VERSION):
        raise ValidationError({name: ["A whole number, 0 or more."]})
    return int(text)


def several(request: Request, name: str, allowed: tuple[Any, ...]) -> list[Any]:
    """Values separated by commas. Raises a 400 that names what is allowed."""
    known = {str(value): value for value in allowed}
    words = [word for word in request.query_params.get(name, "").split(",") if word]
    if any(word not in known for word in words):
        raise ValidationError({name: [f"Any of {', '.join(known)}, separated by commas."]})
    return [known[word] for word in words]


def listed(request: Request, items: list[Any], parameter: str, after: Any) -> Response:
    """A page of values with the address of the next one."""
    address = None
    if after is not None:
        address = replace_query_param(request.build_absolute_uri(), parameter, after)
    headers = {"Link": f'<{address}>; rel="next"'} if address else {}
    return Response({"items": [asdict(item) for item in items], "next": address}, headers=headers)


class Reading(APIView):
    """Open to those who may read incidents."""

    required_action: Any = "incidents:read"


class ListMixin:
    """The GET of the collection."""

    @extend_schema(
        operation_id="incidents_list",
        parameters=[
            query("status", "Any of open, resolved, closed, separated by commas."),
            query("severity", "Any of 1, 2, 3, 4, separated by commas."),
            query("subject", "Ref of something the incident is about, such as model:ranking."),
            query("number", "The incident's number.", int),
            query("q", "Words of the title."),
            query("list", "A list of the board instead.", enum=list(LISTS)),
            query("cursor", "Where to go on: the one in `next` of the page before."),
            LIMIT,
        ],
        responses=page_of("IncidentPage", Card),
    )
    def get(self, request: Request) -> Response:
        """Incidents that meet every condition, newest first; the lists of the board worst first."""
        try:
            cards = self._cards(request)
        except BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from error
        return listed(request, cards.cards, "cursor", cards.next)

    def _cards(self, request: Request) -> Cards:
        cursor, limit = request.query_params.get("cursor"), limit_of(request)
        name = request.query_params.get("list")
        if name is not None and name not in LISTS:
            raise ValidationError({"list": [f"One of {', '.join(LISTS)}."]})
        if name is not None:
            return LISTS[name](now(), cursor, limit)
        return queries.search(
            now=now(),
            statuses=several(request, "status", STATUSES),
            severities=several(request, "severity", SEVERITIES),
            subject=request.query_params.get("subject", "").replace("\x00", ""),
            number=number_in(request, "number"),
            text=request.query_params.get("q", "").replace("\x00", ""),
            cursor=cursor,
            limit=limit,
        )


class CountsView(Reading):
    """The situation in numbers."""

    @extend_schema(operation_id="incidents_counts", responses=shape_of(Counts))
    def get(self, request: Request) -> Response:
        """How many are active, recovering, closed lately, alone or overdue."""
        return Response(asdict(queries.counts(now())))


class SimilarView(Reading):
    """What a declaration may repeat."""

    @extend_schema(
        operation_id="incidents_similar",
        parameters=[query("title", "The title so far.", required=True)],
        responses=shape_of(Similar)(many=True),
    )
    def get(self, request: Request) -> Response:
        """Incidents that may be the same as one with this title, most likely first."""
        title = request.query_params.get("title", "")[:200]
        found = queries.possible_duplicates(title, now(), request.query_params.getlist("subject"))
        return Response([asdict(similar) for similar in found])


class IncidentView(Reading):
    """One incident."""

    @extend_schema(operation_id="incidents_retrieve", responses=shape_of(Detail))
    def get(self, request: Request, incident: UUID) -> Response:
        """State, roles, people, phases, breaches, impact, follow-ups and updates.

        The entity tag is the version of the incident's stream, for `If-Match` on commands.
        """
        version = found(incident)
        page = queries.detail(incident, now())
        return answer(request, version, asdict(page) if page else None)


class MessagesMixin:
    """The GET of the channel."""

    @extend_schema(
        operation_id="incidents_messages_list",
        parameters=[
            query("before", "Messages below this version, the newest of them.", int),
            query("after", "Messages above this version, the oldest of them.", int),
            LIMIT,
        ],
        responses=page_of("MessagePage", Message),
    )
    def get(self, request: Request, incident: UUID) -> Response:
        """Messages, oldest first; without a place to start, the newest ones.

        `next` goes on in the direction that was asked for.
        """
        found(incident)
        before, after = number_in(request, "before"), number_in(request, "after")
        window = queries.messages(incident, before=before, after=after, limit=limit_of(request))
        shown = window.messages
        if after is not None:
            return listed(request, shown, "after", shown[-1].version if window.later else None)
        return listed(request, shown, "before", shown[0].version if window.earlier else None)


class HistoryView(Reading):
    """What a message said before it was edited."""

    @extend_schema(operation_id="incidents_message_history", responses=shape_of(Said)(many=True))
    def get(self, request: Request, incident: UUID, message: UUID) -> Response:
        """Every version, oldest first; without text once the message was removed."""
        found(incident)
        if not queries.is_message(message, incident):
            raise Http404("There is no such message.")
        return Response([asdict(said) for said in queries.history(message)])


TIMELINE_FILTERS = [
    query("part", f"Any of {', '.join(parts())}, separated by commas."),
    query("key", "Only what a reader in a hurry needs.", bool),
    query("actor", "Ref of who did it."),
    query("since", "Not before this time.", OpenApiTypes.DATETIME),
    query("until", "Before this time.", OpenApiTypes.DATETIME),
]


class TimelineView(Reading):
    """The record of one incident in words."""

    @extend_schema(
        operation_id="incidents_timeline",
        parameters=[query("after", "Events above this version.", int), LIMIT, *TIMELINE_FILTERS],
        responses=page_of("TimelinePage", Entry),
    )
    def get(self, request: Request, incident: UUID) -> Response:
        """Events that meet every condition, oldest first, with their ids and sentences."""
        found(incident)
        after = number_in(request, "after", 0) or 0
        page = queries.timeline(incident, after, limit_of(request), wanted_in(request))
        return listed(request, page.entries, "after", page.next)


def wanted_in(request: Request) -> Wanted:
    """The filters of a timeline. Raises a 400 that names the one at fault."""
    return Wanted(
        parts=several(request, "part", tuple(parts())),
        key=flag_in(request, "key"),
        actor=request.query_params.get("actor", "").replace("\x00", ""),
        since=moment_in(request, "since"),
        until=moment_in(request, "until"),
    )


def flag_in(request: Request, name: str) -> bool:
    """Yes or no in the query string. Raises a 400 that names it."""
    text = request.query_params.get(name, "false").lower()
    if text not in ("true", "false"):
        raise ValidationError({name: ["One of true, false."]})
    return text == "true"


def moment_in(request: Request, name: str) -> datetime | None:
    """A time in the query string, None when it is not given. Raises a 400 that names it."""
    text = request.query_params.get(name)
    if not text:
        return None
    at = read_moment(text)
    if at is None:
        raise ValidationError({name: ["A time in ISO 8601 with its zone."]})
    return at


class FirstRenderer(BaseContentNegotiation):
    """`format` is a parameter of the export itself and does not choose a renderer."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class ExportView(Reading):
    """An incident as a document."""

    content_negotiation_class = FirstRenderer

    @extend_schema(
        operation_id="incidents_export",
        parameters=[
            query("format", "markdown, json or csv.", enum=list(export.FORMATS)),
            *TIMELINE_FILTERS,
        ],
        responses={
            (200, "text/markdown"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, incident: UUID) -> HttpResponse:
        """The incident with the ids of its events; the same log gives the same bytes.

        The filters choose among the events; without any it is the whole record.
        """
        found(incident)
        wanted = request.query_params.get("format", "markdown")
        if wanted not in export.FORMATS:
            raise ValidationError({"format": [f"One of {', '.join(export.FORMATS)}."]})
        return document(incident, wanted, wanted_in(request))


def document(incident: UUID | str, name: str, wanted: Wanted) -> HttpResponse:
    """The export as a file to save."""
    form = export.FORMATS[name]
    response = HttpResponse(form.write(incident, wanted), content_type=form.content_type)
    filename = f"incident-{queries.number_of(incident)}.{form.ending}"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
