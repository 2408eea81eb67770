"""Pages about series: the catalogue, one series, and the board of a launch."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from access.doors import actor_of, requires
from access.paging import BadCursor
from access.rights import can
from eventlog.clock import now
from monitoring import series_pages
from monitoring.labels import BadSeries, check_unit
from monitoring.models import Series
from monitoring.web import time_of


@requires("measurements:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The catalogue of series by name."""
    asked = request.GET
    try:
        page = series_pages.listed(asked.get("search", ""), asked.get("cursor"), now())
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(request, "monitoring/series_list.html", page)


@requires("measurements:read")
@never_cache
@require_GET
def launch(request: HttpRequest) -> HttpResponse:
    """The newest values of some series; with the header X-Fragment only what changes."""
    page = series_pages.launch(request.GET.get("search", ""), now())
    part = "_launch" if request.headers.get("X-Fragment") else "launch"
    return render(request, f"monitoring/{part}.html", page)


@requires("measurements:read")
@never_cache
@require_GET
def series(request: HttpRequest, id: int) -> HttpResponse:
    """Chart, figures, monitors and corrections of one series."""
    row, asked = get_object_or_404(Series, id=id), request.GET
    page = series_pages.one(row, asked.get("range", ""), time_of(asked.get("until", "")), now())
    actor = actor_of(request)
    page["may_watch"] = can(actor, "monitors:write")
    page["may_describe"] = can(actor, "measurements:write")
    return render(request, "monitoring/series.html", page)


@requires("measurements:write")
@require_POST
def describe(request: HttpRequest, id: int) -> HttpResponse:
    """Sets the unit of a series, and whether its first value of a time stands."""
    row, given = get_object_or_404(Series, id=id), request.POST
    unit = given.get("unit", "").strip()
    try:
        check_unit(unit)
    except BadSeries as error:
        messages.error(request, error.message)
    else:
        changes = {"unit": unit, "first_wins": bool(given.get("first_wins"))}
        Series.objects.filter(id=row.id).update(**changes)
        messages.success(request, "That is how the series is described from now on.")
    return redirect("series", row.id)
