"""The installation's own metrics, in Prometheus' exposition format at /metrics.

Apps add theirs by defining prometheus-client metrics, or registering collectors, at import.
"""

from __future__ import annotations

import ipaddress
import os

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

from access.api.problems import problem_response
from access.doors import actor_of
from access.rights import can
from access.tokens import identify
from eventlog.metrics import LogFigures

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
QUIET = {"healthz", "readyz", "metrics", "static"}

disable_created_metrics()

REQUESTS = Histogram(
    "dropstitch_request_seconds",
    "Time to answer HTTP requests, by method, route and status.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything measured, to this machine itself and to those with `metrics:read`."""
    if not (_from_here(request) or _may_read(request)):
        return problem_response(403, "forbidden", "This needs the right `metrics:read`.")
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


metrics.required_action = "metrics:read"  # type: ignore[attr-defined]


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(LogFigures())
    return registry


def _from_here(request: HttpRequest) -> bool:
    # Behind a proxy on this machine everybody comes from the loopback: then a token is needed.
    if "Forwarded" in request.headers or "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _may_read(request: HttpRequest) -> bool:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    actor = identify(text) if scheme.lower() == "bearer" else actor_of(request)
    return actor is not None and can(actor, "metrics:read")
