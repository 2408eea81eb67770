"""The page of what is indicated of services, and of what two sides measure differently."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.doors import actor_of, requires
from access.rights import can
from monitoring import coverage
from monitoring.kinds.base import figure
from monitoring.signal_classes import Signal

SHOWN = 100


@requires("monitors:read")
@never_cache
@require_GET
def covered(request: HttpRequest) -> HttpResponse:
    """Each service and model by class of signal, what lacks most first."""
    search = request.GET.get("search", "")[:200]
    found = coverage.coverage(search)
    page = {
        "search": search,
        "signals": [str(signal).replace("_", " ") for signal in Signal],
        "rows": [_row(each) for each in found[:SHOWN]],
        "more": max(0, len(found) - SHOWN),
        "complete": sum(not each.missing for each in found),
        "count": len(found),
        "disagreements": [_disagreement(each) for each in coverage.disagreements()[:SHOWN]],
        "may_write": can(actor_of(request), "monitors:write"),
    }
    return render(request, "monitoring/coverage.html", page)


def _row(each: coverage.Covered) -> dict[str, object]:
    return {
        "covered": each,
        "cells": [
            {
                "name": str(signal).replace("_", " "),
                "wanted": signal in each.wanted,
                "indicators": each.indicators.get(signal, []),
            }
            for signal in Signal
        ],
    }


def _disagreement(each: coverage.Disagreement) -> dict[str, object]:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(each.labels.items()))
    return {
        "each": each,
        "labels": labels,
        "client": figure(each.client),
        "server": figure(each.server),
        "gap": f"{figure(100 * each.gap)} %",
    }
