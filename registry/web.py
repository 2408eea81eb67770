"""Pages: what is registered, and one thing with where it came from and what came of it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.doors import requires
from access.moments import read_moment
from access.paging import BadCursor
from eventlog.clock import now
from registry import pages
from registry.queries import lineage, things

STEPS = range(4)


@requires("lineage:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Things of a kind, by name."""
    asked = request.GET
    try:
        page = pages.listed(asked.get("kind", ""), asked.get("search", ""), asked.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(request, "registry/things.html", page)


@requires("lineage:read")
@never_cache
@require_GET
def shown(request: HttpRequest, ref: str) -> HttpResponse:
    """One thing, now or as of a past instant."""
    row = things.entity(ref)
    if row is None:
        raise Http404("There is no such thing.")
    at, known_at = _instant(request, "at"), _instant(request, "known_at")
    up, down = _steps(request, "up"), _steps(request, "down")
    try:
        page = pages.thing(row, at, known_at, up, down, now())
    except lineage.TooSlow as error:
        raise BadRequest(str(error)) from error
    given = {name: request.GET.get(name, "") for name in ("at", "known_at")}
    return render(request, "registry/thing.html", page | {"given": given})


def _instant(request: HttpRequest, name: str) -> datetime | None:
    """A time in the query, in UTC unless it says otherwise. Raises a 400."""
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    at = read_moment(text, utc=True)
    if at is None:
        raise BadRequest(f"{name} is no time such as 2026-03-01 12:00.")
    return at


def _steps(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "2")
    if text not in map(str, STEPS):
        raise BadRequest(f"{name} is a number of steps from {STEPS.start} to {STEPS.stop - 1}.")
    return int(text)
