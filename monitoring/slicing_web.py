"""The page of the slices that a monitor looks at."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.doors import requires
from monitoring import slicing
from monitoring.frames import TooMuch
from monitoring.kinds.base import figure
from monitoring.web import time_of

SHOWN = 50


@requires("monitors:read")
@never_cache
@require_GET
def slices(request: HttpRequest, id: UUID) -> HttpResponse:
    """Each slice beside the rest, the worst first, fifty at a time."""
    asked = request.GET
    try:
        found = slicing.slices(id, time_of(asked.get("at", ""), "at"))
    except slicing.NotSliced as error:
        raise Http404("There is no such monitor of slices.") from error
    except TooMuch as error:
        raise BadRequest(f"at: {error}") from error
    search, text = asked.get("search", "")[:200], asked.get("from", "0")
    fitting = [each for each in found.slices if search.lower() in each.name.lower()]
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    shown = fitting[start : start + SHOWN]
    page = {
        "found": found,
        "view": found.monitor,
        "url": f"/monitors/{id}",
        "search": search,
        "rows": [_row(each) for each in shown],
        "count": len(fitting),
        "next": start + SHOWN if len(fitting) > start + SHOWN else None,
    }
    return render(request, "monitoring/monitor_slices.html", page)


def _row(each: slicing.Slice) -> dict[str, object]:
    share = each.failed / each.of
    return {
        "slice": each,
        "words": f"{figure(100 * share)} %, of the rest {figure(100 * each.rest)} %",
        "fill": f"{100 * share:.1f}%",
        "mark": f"{100 * min(each.rest, 1):.1f}%",
        "chance": _chance(each.chance),
    }


def _chance(chance: float | None) -> str:
    if chance is None:
        return "not tested"
    return "below 0.0001" if chance < 1e-4 else f"{chance:.4f}"
