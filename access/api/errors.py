"""Turns whatever a REST door raises into a problem document."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from access.api.problems import MEDIA_TYPE, problem
from access.doors import BadKey
from eventlog.core import Conflict, Refused


class ProblemRenderer(JSONRenderer):
    """JSON under the media type of problem documents."""

    media_type = MEDIA_TYPE


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know becomes a 500 by Django's own handler."""
    document, headers = describe(error)
    if document is None:
        return None
    set_rollback()
    response = Response(document, status=document["status"], headers=headers)
    # The caller may have asked for a type that we cannot give: the reason comes as a problem.
    request = context["request"]
    request.accepted_renderer, request.accepted_media_type = ProblemRenderer(), MEDIA_TYPE
    return response


def describe(error: Exception) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The problem document of an error and the headers that go with it; None if unknown."""
    match error:
        case Refused():
            return _refused(error), {}
        case BadKey():
            return problem(400, "bad_idempotency_key", str(error)), {}
        case Http404():
            return problem(404, "not_found", str(error) or "There is nothing here."), {}
        case PermissionDenied():
            return problem(403, "forbidden", str(error) or "You may not do this."), {}
        case RequestDataTooBig():
            return problem(413, "too_large", "The body is over the limit."), {}
        case SuspiciousOperation():
            return problem(400, "suspicious", "The request was refused as malformed."), {}
        case exceptions.ValidationError():
            return _invalid(error), {}
        case exceptions.APIException():
            return _api(error), _headers(error)
    return None, {}


def _refused(error: Refused) -> dict[str, Any]:
    named = {"field": error.field} if error.field else {}
    document = problem(409, error.code, error.message, **named, current=error.current)
    if isinstance(error, Conflict):
        document["title"] = "Somebody else was first"
    return document


def _api(error: exceptions.APIException) -> dict[str, Any]:
    code = error.get_codes()
    return problem(error.status_code, code if isinstance(code, str) else "error", str(error.detail))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    # DRF's view sets both as attributes, on errors that know nothing of them.
    scheme, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)
    headers = {"WWW-Authenticate": scheme} if scheme else {}
    return headers | ({"Retry-After": str(math.ceil(wait))} if wait else {})


def _invalid(error: exceptions.ValidationError) -> dict[str, Any]:
    errors = list(flatten(error.get_full_details()))
    first = errors[0]
    where = f"{first['field']}: " if first["field"] else ""
    return problem(400, "invalid", f"{where}{first['message']}", errors=errors)


def flatten(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested error details as a flat list of {field, code, message}.

    `field` is a dotted path with indexes, such as ``points.3.value``; empty for the whole body.
    """
    if isinstance(details, dict) and details.keys() == {"message", "code"}:
        yield {"field": path, "code": details["code"], "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            own = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from flatten(inner, path if own else f"{path}.{name}".lstrip("."))
    else:
        nested = any(isinstance(d, dict) and d.keys() != {"message", "code"} for d in details)
        for index, inner in enumerate(details):
            yield from flatten(inner, f"{path}.{index}".lstrip(".") if nested else path)
