"""Problem documents (RFC 9457): the one shape of everything that goes wrong at a REST door."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be understood",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "No acceptable answer",
    409: "The rules say no",
    412: "It has changed since",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "A fault on our side",
    503: "Not available now",
}


class PreconditionFailed(exceptions.APIException):
    """The resource is no longer at the version that If-Match names."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"


class TooLarge(exceptions.APIException):
    """A body, or what it decompresses to, is over the limit."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def problem(status_code: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """A problem document. `code` is stable and for programs, `detail` one sentence for people."""
    title = TITLES.get(status_code) or HTTPStatus(status_code).phrase
    kind = f"urn:dropstitch:problem:{code}"
    document = {"type": kind, "title": title, "status": status_code, "detail": detail}
    return document | {"code": code} | more


def problem_response(status_code: int, code: str, detail: str, **more: Any) -> HttpResponse:
    """A problem document for code that runs outside DRF: middleware and error handlers."""
    body = JSONRenderer().render(problem(status_code, code, detail, **more))
    return HttpResponse(body, status=status_code, content_type=MEDIA_TYPE)
