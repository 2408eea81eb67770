"""REST doors of follow-ups: the list over all incidents, one of them, and what is done to it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.paging import limit_of
from access.doors import new_id, person_of
from access.paging import BadCursor
from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.store import Receipt
from incidents import commands, queries
from incidents.api import serializers as shapes
from incidents.api.commands import OnIncident
from incidents.api.reading import LIMIT, Reading, listed, number_in, page_of, query
from incidents.api.shapes import shape_of
from incidents.queries import Asked, FollowUpCard, FollowUpCounts, FollowUpView
from incidents.state import AREAS, INTENTS, PRIORITIES

WHICH = ("open", "overdue", "review", "shelf", "done", "dropped")


class FollowUpListView(Reading):
    """Follow-ups of all incidents."""

    @extend_schema(
        operation_id="follow_ups_list",
        parameters=[
            query("list", "Which ones; open if not given.", enum=list(WHICH)),
            query("owner", "Ref of who owns it, or nobody."),
            query("priority", "Its priority.", enum=list(PRIORITIES)),
            query("intent", "Fix or improvement.", enum=list(INTENTS)),
            query("area", "What it is about.", enum=list(AREAS)),
            query("incident", "Number of the incident.", int),
            query("q", "Words of the title."),
            query("cursor", "Where to go on: the one in `next` of the page before."),
            LIMIT,
        ],
        responses=page_of("FollowUpPage", FollowUpCard),
    )
    def get(self, request: Request) -> Response:
        """Those that meet every condition: open ones by due date, ended ones newest first."""
        try:
            cursor = request.query_params.get("cursor")
            page = queries.follow_ups(asked_in(request), now(), cursor, limit_of(request))
        except BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from error
        return listed(request, page.cards, "cursor", page.next)


def asked_in(request: Request) -> Asked:
    """The filters of the query string. Raises a 400 that names the one at fault."""
    text = {name: request.query_params.get(name, "").replace("\x00", "") for name in ("owner", "q")}
    return Asked(
        which=_one_of(request, "list", WHICH) or "open",
        owner=text["owner"],
        priority=_one_of(request, "priority", PRIORITIES),
        intent=_one_of(request, "intent", INTENTS),
        area=_one_of(request, "area", AREAS),
        number=number_in(request, "incident"),
        text=text["q"],
    )


def _one_of(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    value = request.query_params.get(name, "")
    if value and value not in allowed:
        raise ValidationError({name: [f"One of {', '.join(allowed)}."]})
    return value


class FollowUpCountsView(Reading):
    """Follow-ups in numbers."""

    @extend_schema(operation_id="follow_ups_counts", responses=shape_of(FollowUpCounts))
    def get(self, request: Request) -> Response:
        """How many are open, overdue, unowned, to be reviewed, on the shelf, done or dropped."""
        return Response(asdict(queries.follow_up_counts(now())))


class FollowUpDoor(Reading):
    """One follow-up."""

    @extend_schema(operation_id="follow_ups_retrieve", responses=shape_of(FollowUpView))
    def get(self, request: Request, follow_up: UUID) -> Response:
        """The follow-up with its evidence."""
        found = queries.follow_up(follow_up, now())
        if found is None:
            raise NotFound("There is no such follow-up.")
        return Response(asdict(found))


class FollowUpsView(OnIncident):
    """Adding a follow-up."""

    command = commands.AddFollowUp
    serializer_class = shapes.FollowUpSerializer
    creates = "follow_up"

    @extend_schema(responses={201: shapes.FollowedUpSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Adds a follow-up; its due date comes from its priority, unless one is given."""
        return super().post(request, **path)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        assert isinstance(command, commands.AddFollowUp)
        self.follow_up = command.follow_up
        return super().carry_out(command, context)

    def respond(self, receipt: Receipt) -> Response:
        response = super().respond(receipt)
        response.data["follow_up"] = self.follow_up
        return response


class ChangeFollowUpView(OnIncident):
    """Changing what is given."""

    command = commands.ChangeFollowUp
    serializer_class = shapes.ChangeFollowUpSerializer


class PlaceFollowUpView(OnIncident):
    """Placing it on the board of value against feasibility."""

    command = commands.PlaceFollowUp
    serializer_class = shapes.PlaceSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        return super().build({**data, "person": person_of(request)}, request)


class FollowUpEvidenceView(OnIncident):
    """Adding evidence."""

    command = commands.AddFollowUpEvidence
    serializer_class = shapes.FollowUpEvidenceSerializer

    @extend_schema(responses={200: shapes.FollowUpEvidencedSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Keeps what shows that something was done."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        self.evidence = new_id(self.asked, "evidence")
        return super().build({**data, "evidence": self.evidence}, request)

    def respond(self, receipt: Receipt) -> Response:
        response = super().respond(receipt)
        response.data["evidence"] = self.evidence
        return response


class FollowUpDoneView(OnIncident):
    """Finishing a follow-up."""

    command = commands.CompleteFollowUp
    serializer_class = shapes.DoneSerializer


class DropFollowUpView(OnIncident):
    """Deciding not to do it, with the reason."""

    command = commands.DropFollowUp
    serializer_class = shapes.ReopenSerializer


class ReopenFollowUpView(OnIncident):
    """Opening it again, with the reason."""

    command = commands.ReopenFollowUp
    serializer_class = shapes.ReopenSerializer
