"""Pages: layers with the map of who owns which segments."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import requires
from access.paging import BadCursor
from eventlog.clock import now
from experiments import commands, pages, queries
from experiments.web.forms import (
    carry_out,
    fresh_key,
    may_write,
    refusals_told,
    status_of,
    text,
    whole,
)


@requires("flags:read")
@never_cache
@require_http_methods(["GET", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Every layer with its map, and a form for a new one."""
    writes = may_write(request)
    if request.method == "POST":
        with refusals_told(request):
            command = _created(request)
            if carry_out(request, command, "The layer is there."):
                return redirect("layer", command.layer)
    try:
        page = pages.layers(request.GET.get("cursor"), now())
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page |= {"may_write": writes, "key": fresh_key(), "given": request.POST}
    return render(request, "experiments/layers.html", page, status=status_of(request))


def _created(request: HttpRequest) -> commands.CreateLayer:
    return commands.CreateLayer(
        layer=text(request, "layer"),
        at=now(),
        unit=text(request, "unit") or "id",
        size=whole(request, "size", 1_000),
        cool_down=whole(request, "cool_down", 7),
        is_holdout=bool(request.POST.get("is_holdout")),
        description=text(request, "description"),
    )


@requires("flags:read")
@never_cache
@require_GET
def shown(request: HttpRequest, layer: str) -> HttpResponse:
    """One layer: map, owners, what is free and what rests, and its history."""
    view = queries.layer(layer, now())
    if view is None:
        raise Http404("There is no such layer.")
    page = pages.layer(view)
    page |= {"may_write": may_write(request), "key": fresh_key()}
    return render(request, "experiments/layer.html", page)


@requires("flags:write")
@require_POST
def allocate(request: HttpRequest, layer: str) -> HttpResponse:
    """Gives an experiment segments, resizes it, or takes all of them back."""
    if queries.layer(layer, now()) is None:
        raise Http404("There is no such layer.")
    with refusals_told(request):
        carry_out(request, _allocated(request, layer), "Done.")
    return redirect("layer", layer)


def _allocated(request: HttpRequest, layer: str) -> commands.Release | commands.Allocate:
    experiment, at = text(request, "experiment"), now()
    if request.POST.get("release"):
        return commands.Release(layer, at, experiment=experiment, reason=text(request, "reason"))
    segments = whole(request, "segments", 0)
    return commands.Allocate(layer, at, experiment=experiment, segments=segments)
