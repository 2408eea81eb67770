"""REST doors of the graph: upstream, downstream, the way between two, a neighbourhood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from access.api.paging import limit_of
from access.paging import BadCursor, read_cursor, write_cursor
from eventlog.clock import now
from registry.api.shapes import EDGES, REF_HELP, THINGS
from registry.api.things import AT, KNOWN_AT, instant, thing
from registry.kinds import EDGE_KINDS, KINDS
from registry.models import EntityRow
from registry.queries import lineage
from registry.queries.lineage import Link, Question, Reached
from registry.queries.things import told

OF = OpenApiParameter("of", str, required=True, description=REF_HELP)
KINDS_ASKED = OpenApiParameter(
    "kinds", str, description="Kinds of things to show, with commas between; all by default."
)
THROUGH = OpenApiParameter(
    "through", str, description="Kinds of edges to follow, with commas between; all by default."
)
STOP = OpenApiParameter(
    "stop_at", str, description="Kinds of things to reach and not to go beyond."
)
DEPTH = OpenApiParameter(
    "depth", int, description=f"Steps at most: 1 to {lineage.DEEPEST}, {lineage.DEPTH} by default."
)
FOLLOWED = [THROUGH, STOP, AT, KNOWN_AT]
MOST_DRAWN = 60


class Overloaded(APIException):
    """This part of the graph takes too long to walk."""

    status_code = 503
    default_code = "too_slow"


class NodeSerializer(serializers.Serializer[Any]):
    """A thing in the graph, `distance` steps away."""

    ref = serializers.CharField()
    kind = serializers.ChoiceField(THINGS)
    namespace = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    facts = serializers.DictField()
    distance = serializers.IntegerField()


class LinkSerializer(serializers.Serializer[Any]):
    """An edge of the graph."""

    id = serializers.UUIDField()
    source = serializers.CharField()
    target = serializers.CharField()
    kind = serializers.ChoiceField(EDGES)
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)


class WalkedSerializer(serializers.Serializer[Any]):
    """One page of what was reached, the nearest first.

    `counts` are of all that was reached, by kind; `beyond` lie further away than `depth`. When the
    answer is `truncated` there may be more: follow fewer kinds of edges, or stop at hubs.
    """

    items = NodeSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    beyond = serializers.IntegerField()
    truncated = serializers.BooleanField()
    at = serializers.DateTimeField()
    known_at = serializers.DateTimeField(allow_null=True)


class WaySerializer(serializers.Serializer[Any]):
    """The shortest way, none if there is no way; `between` counts the things on any way."""

    found = serializers.BooleanField()
    nodes = NodeSerializer(many=True)
    edges = LinkSerializer(many=True)
    between = serializers.IntegerField()
    truncated = serializers.BooleanField()


class GraphSerializer(serializers.Serializer[Any]):
    """What is near a thing. `distance` is below 0 upstream and above it downstream."""

    nodes = NodeSerializer(many=True)
    edges = LinkSerializer(many=True)
    hidden_upstream = serializers.IntegerField()
    hidden_downstream = serializers.IntegerField()
    truncated = serializers.BooleanField()


def question(request: Request) -> Question:
    """Which edges are followed. Raises a 400 that names the parameter."""
    return Question(
        at=instant(request, "at") or now(),
        known_at=instant(request, "known_at"),
        through=words(request, "through", EDGE_KINDS) or tuple(EDGE_KINDS),
        stop=words(request, "stop_at", KINDS),
        depth=whole(request, "depth", lineage.DEPTH, 1, lineage.DEEPEST),
    )


def words(request: Request, name: str, known: Any) -> tuple[str, ...]:
    """Words in the query, with commas between, each of those known."""
    asked = tuple(filter(None, request.query_params.get(name, "").split(",")))
    if len(asked) > len(known) or any(word not in known for word in asked):
        raise ValidationError({name: [f"Of {', '.join(known)}, with commas between."]})
    return asked


def whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number in the query, within bounds."""
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most):
        raise ValidationError({name: [f"A whole number from {least} to {most}."]})
    return int(text)


def node(row: EntityRow, distance: int) -> dict[str, Any]:
    """A thing as the doors of the graph tell it."""
    return {
        "ref": row.ref,
        "kind": row.kind,
        "namespace": row.namespace,
        "name": row.name,
        "version": row.version,
        "facts": told(row.facts),
        "distance": distance,
    }


def link(one: Link, things: dict[int, EntityRow]) -> dict[str, Any]:
    """An edge as the doors of the graph tell it."""
    return {
        "id": str(one.edge),
        "source": things[one.source].ref,
        "target": things[one.target].ref,
        "kind": one.kind,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
    }


class GraphView(APIView):
    """A question about the graph, answered within five seconds or not at all."""

    required_action = "lineage:read"

    def handle_exception(self, exc: Exception) -> Response:
        """503 for what takes too long."""
        if isinstance(exc, lineage.TooSlow):
            exc = Overloaded(str(exc))
        return super().handle_exception(exc)


class WalkView(GraphView):
    """Walks the graph one way from a thing."""

    walk: Callable[[EntityRow, Question], Reached]

    def walked(self, request: Request) -> Response:
        """One page of what is reached."""
        asked, limit = question(request), limit_of(request)
        kinds = words(request, "kinds", KINDS)
        found = type(self).walk(thing(request.query_params.get("of", ""), "of"), asked)
        places = sorted(
            (distance, found.things[id].ref, id)
            for id, distance in found.distances.items()
            if id in found.things and (not kinds or found.things[id].kind in kinds)
        )
        rest = [one for one in places if one[:2] > self.after(request)]
        page = rest[:limit]
        following = None
        if len(rest) > limit:
            cursor = write_cursor(page[-1][:2], "lineage")
            following = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
        return Response(
            {
                "items": [node(found.things[id], distance) for distance, _, id in page],
                "next": following,
                "counts": {
                    kind: n for kind, n in found.kinds.items() if not kinds or kind in kinds
                },
                "beyond": found.beyond,
                "truncated": found.truncated,
                "at": asked.at,
                "known_at": asked.known_at,
            }
        )

    def after(self, request: Request) -> tuple[int, str]:
        """Distance and ref after which to go on."""
        cursor = request.query_params.get("cursor")
        if not cursor:
            return (0, "")
        try:
            distance, ref = read_cursor(cursor, "lineage", 2)
        except BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from error
        return int(distance), str(ref)


PAGED = [
    OpenApiParameter("cursor", str, description="The one in `next` of the page before."),
    OpenApiParameter("limit", int, description="Items at most: 1 to 200, 50 by default."),
]


class UpstreamView(WalkView):
    """What a thing came from."""

    walk = staticmethod(lineage.upstream)

    @extend_schema(
        parameters=[OF, KINDS_ASKED, DEPTH, *FOLLOWED, *PAGED], responses=WalkedSerializer
    )
    def get(self, request: Request) -> Response:
        """What a thing came from, at any instant and as it was known at any instant."""
        return self.walked(request)


class DownstreamView(WalkView):
    """What came of a thing."""

    walk = staticmethod(lineage.downstream)

    @extend_schema(
        parameters=[OF, KINDS_ASKED, DEPTH, *FOLLOWED, *PAGED], responses=WalkedSerializer
    )
    def get(self, request: Request) -> Response:
        """What came of a thing and would be hit by a change to it."""
        return self.walked(request)


class PathView(GraphView):
    """The way between two things."""

    @extend_schema(
        parameters=[
            OpenApiParameter("from", str, required=True, description=REF_HELP),
            OpenApiParameter("to", str, required=True, description=REF_HELP),
            *FOLLOWED,
        ],
        responses=WaySerializer,
    )
    def get(self, request: Request) -> Response:
        """The shortest way along which one thing feeds the other."""
        asked = request.query_params
        start, end = thing(asked.get("from", ""), "from"), thing(asked.get("to", ""), "to")
        way = lineage.path(start, end, question(request))
        rows = {row.id: row for row in way.things}
        return Response(
            {
                "found": bool(way.things),
                "nodes": [node(row, step) for step, row in enumerate(way.things)],
                "edges": [link(one, rows) for one in way.links],
                "between": way.between,
                "truncated": way.truncated,
            }
        )


class NeighbourhoodView(GraphView):
    """What is near a thing, for a drawing."""

    @extend_schema(
        parameters=[
            OF,
            OpenApiParameter("up", int, description="Steps upstream: 0 to 10, 2 by default."),
            OpenApiParameter("down", int, description="Steps downstream: 0 to 10, 2 by default."),
            *FOLLOWED,
        ],
        responses=GraphSerializer,
    )
    def get(self, request: Request) -> Response:
        """A thing with what is near it on both sides, 60 things on each at most."""
        start = thing(request.query_params.get("of", ""), "of")
        up, down = whole(request, "up", 2, 0, 10), whole(request, "down", 2, 0, 10)
        near = lineage.neighbourhood(start, question(request), up, down, MOST_DRAWN)
        rows = dict(near.things)
        order = sorted(near.layers.items(), key=lambda item: (item[1], rows[item[0]].ref))
        return Response(
            {
                "nodes": [node(rows[id], layer) for id, layer in order],
                "edges": [link(one, rows) for one in near.links],
                "hidden_upstream": near.hidden[-1],
                "hidden_downstream": near.hidden[1],
                "truncated": near.truncated,
            }
        )
