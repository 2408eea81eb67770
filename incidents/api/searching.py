"""The REST door of search."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.paging import limit_of
from access.doors import actor_of
from access.paging import BadCursor
from access.rights import can
from incidents import queries
from incidents.api.reading import (
    LIMIT,
    STATUSES,
    Reading,
    listed,
    moment_in,
    number_in,
    page_of,
    query,
    several,
)
from incidents.parts import parts
from incidents.queries import Hit, Sought
from incidents.queries.finding import QUERY_LIMIT
from incidents.state import SEVERITIES


class SearchView(Reading):
    """Search over everything that is recorded."""

    @extend_schema(
        operation_id="search",
        parameters=[
            query("q", 'Words as in a search engine: "a phrase", or, -without.', required=True),
            query("part", f"Any of {', '.join(parts())}, separated by commas."),
            query("incident", "Number of the incident.", int),
            query("severity", "Any of 1, 2, 3, 4, separated by commas."),
            query("status", "Any of open, resolved, closed, separated by commas."),
            query("actor", "Ref of who did or wrote it."),
            query("since", "Not before this time.", OpenApiTypes.DATETIME),
            query("until", "Before this time.", OpenApiTypes.DATETIME),
            query("cursor", "Where to go on: the one in `next` of the page before."),
            LIMIT,
        ],
        responses=page_of("HitPage", Hit),
    )
    def get(self, request: Request) -> Response:
        """Incidents, messages, timelines and retrospectives whose words fit, newest first."""
        actor, cursor = actor_of(request), request.query_params.get("cursor")
        try:
            page = queries.find(
                sought_in(request),
                lambda ref: can(actor, "incidents:read", ref),
                cursor,
                limit_of(request),
            )
        except BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from error
        return listed(request, page.hits, "cursor", page.next)


def sought_in(request: Request) -> Sought:
    """What the query string looks for. Raises a 400 that names the parameter at fault."""
    text = request.query_params.get("q", "").strip()
    if not text or len(text) > QUERY_LIMIT:
        raise ValidationError({"q": [f"Words to look for, {QUERY_LIMIT} characters at most."]})
    return Sought(
        text=text,
        parts=several(request, "part", tuple(parts())),
        number=number_in(request, "incident"),
        severities=several(request, "severity", SEVERITIES),
        statuses=several(request, "status", STATUSES),
        actor=request.query_params.get("actor", "").replace("\x00", ""),
        since=moment_in(request, "since"),
        until=moment_in(request, "until"),
    )
