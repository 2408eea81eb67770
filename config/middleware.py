"""What happens to every request, whatever page or door it is for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

import structlog
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config import metrics
from eventlog.core import uuid7

Next = Callable[[HttpRequest], HttpResponseBase]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,100}")

log = structlog.get_logger("request")


def request_id(get_response: Next) -> Next:
    """Names every request, by the sender's sane `X-Request-ID` or a new one, in logs and answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        name = given if REQUEST_ID.fullmatch(given) else str(uuid7())
        request.request_id = name  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=name)
        response = get_response(request)
        response["X-Request-ID"] = name
        return response

    return answer


def measure(get_response: Next) -> Next:
    """Counts, times and logs every request under its route's name, never its raw address."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - started
        route = route_of(request)
        method = request.method if request.method in metrics.METHODS else "OTHER"
        metrics.REQUESTS.labels(method, route, response.status_code).observe(seconds)
        if route not in metrics.QUIET:
            log.info(
                "answered",
                method=method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response

    return answer


def route_of(request: HttpRequest) -> str:
    """Name of the route that answered, of which there are few, unlike addresses."""
    if request.path.startswith(settings.STATIC_URL):
        return "static"
    return getattr(request.resolver_match, "view_name", None) or "unknown"


def security_headers(get_response: Next) -> Next:
    """Content-Security-Policy from settings, and Permissions-Policy.

    A response may carry `csp`, a dict of directives that replace those of the setting. Shaped like
    Django 6's `SECURE_CSP`, to be replaced by it.
    """
    policy = policy_text(settings.SECURE_CSP)

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        own = getattr(response, "csp", None)
        response["Content-Security-Policy"] = (
            policy_text({**settings.SECURE_CSP, **own}) if own else policy
        )
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        return response

    return answer


def policy_text(directives: Mapping[str, Sequence[str]]) -> str:
    """A policy as the header has it."""
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


def refuse_null(get_response: Next) -> Next:
    """Answers 400 to a null character in an address: PostgreSQL has no text that could hold one."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("null character in an address")
        return get_response(request)

    return answer


def in_one_thread(get_response: Next) -> Next:
    """Innermost and synchronous, so that a request goes to its thread once.

    Django asks each middleware whether it can be asynchronous, from the inside out. Were this one
    absent, every middleware of Django's own would hop to a thread and back, twice a request.
    """
    return lambda request: get_response(request)
