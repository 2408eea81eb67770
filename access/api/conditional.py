"""Conditional requests: an entity's version in its stream is its entity tag."""

from __future__ import annotations

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import PreconditionFailed


def etag_of(version: int) -> str:
    """The entity tag of a version."""
    return f'"v{version}"'


def answer(request: Request, version: int, body: object) -> Response:
    """200 with the body and its tag, or 304 without one when `If-None-Match` has it already."""
    headers = {"ETag": etag_of(version), "Cache-Control": "private, no-cache"}
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or etag_of(version) in [tag.removeprefix("W/") for tag in known]:
        return Response(status=304, headers=headers)
    return Response(body, headers=headers)


def require_match(request: Request, version: int) -> None:
    """Raises `PreconditionFailed` when `If-Match` is given and names another version."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if wanted and "*" not in wanted and etag_of(version) not in wanted:
        raise PreconditionFailed(f"This is now at version {version}; read it again.")
