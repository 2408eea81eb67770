"""What doors for facts in bulk share: reading many of them, and saying what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.bodies import read_body
from access.api.problems import TooLarge, problem

MOST = 20_000
MAX_ERRORS = 1_000
LINES = {"application/x-ndjson", "application/ndjson", "application/jsonl"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one item was refused."""

    index: int
    field: str
    code: str
    message: str


class FaultSerializer(serializers.Serializer[Any]):
    """Why one item was refused."""

    index = serializers.IntegerField()
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class TakenSerializer(serializers.Serializer[Any]):
    """What became of the items: `known` ones were there already."""

    accepted = serializers.IntegerField()
    known = serializers.IntegerField()
    rejected = serializers.IntegerField()
    errors = FaultSerializer(many=True)  # type: ignore[assignment]


class AnyBody(BaseParser):
    """Leaves the body alone: it is read by its own parser."""

    media_type = "*/*"


def items_of(request: Request, name: str) -> list[Any]:
    """The items of a body: a list, an object with `name`, or one a line (NDJSON)."""
    media = (request.content_type or "").partition(";")[0].strip().lower()
    body = read_body(request._request)
    try:
        if media in LINES:
            items = [orjson.loads(line) for line in body.split(b"\n") if line.strip()]
        else:
            said = orjson.loads(body)
            items = said.get(name) if isinstance(said, dict) else said
    except orjson.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    if not isinstance(items, list):
        raise ParseError(f'Send a list of {name}, or {{"{name}": [...]}}.')
    if len(items) > MOST:
        raise TooLarge(f"At most {MOST:,} {name} in one request; these are {len(items):,}.")
    return items


def taken(name: str, sound: Sequence[Any], new: int, faults: Sequence[Fault]) -> Response:
    """The answer: 400 when nothing could be used, and otherwise 200 with what was refused."""
    counts = {
        "accepted": new,
        "known": len(sound) - new,
        "rejected": len(faults),
        "errors": [asdict(fault) for fault in faults[:MAX_ERRORS]],
    }
    if faults and not sound:
        detail = f"None of the {name} can be used."
        return Response(problem(400, "all_rejected", detail, **counts), status=400)
    return Response(counts)
