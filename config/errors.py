"""Errors outside the doors' own handling: a problem document under /api/, a page elsewhere."""

from __future__ import annotations

import structlog
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from access.api.problems import TITLES, problem_response

log = structlog.get_logger("errors")

SENTENCES = {
    400: ("bad_request", "The request was refused as malformed."),
    403: ("forbidden", "You may not do this."),
    404: ("not_found", "There is nothing at this address."),
    500: ("fault", "Something failed here; it is in the log under the request id."),
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Malformed, from an unknown host, or with too many fields."""
    detail = str(exception) if isinstance(exception, BadRequest) else ""
    return _answer(request, 400, detail)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Signed in, but without the right."""
    return _answer(request, 403, str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No route, or a view said so."""
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our fault."""
    return _answer(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old page, or somebody else's."""
    detail = "This form is no longer valid; load the page again."
    return _answer(request, 403, detail, code="csrf")


def _answer(request: HttpRequest, status: int, detail: str = "", code: str = "") -> HttpResponse:
    known_code, sentence = SENTENCES[status]
    detail, code = detail or sentence, code or known_code
    if request.path.startswith("/api/"):
        return problem_response(status, code, detail)
    page = {
        "title": TITLES[status],
        "status": status,
        "sentence": detail,
        "path": request.path,
        "request_id": getattr(request, "request_id", ""),
    }
    try:
        body: str = render_to_string("error.html", page)
    except Exception:
        # Whatever broke the request may break the template too.
        log.exception("error page failed", status=status)
        body = f"{page['title']}. {detail}"
    return HttpResponse(body, status=status)
