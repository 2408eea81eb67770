"""Pages: monitors, one monitor, and creating one; objectives. What they show is in `pages`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import actor_of, new_id, requires
from access.moments import read_moment
from access.paging import BadCursor
from access.rights import can
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from monitoring import (
    commands,
    honesty_pages,
    kinds,
    pages,
    queries,
    slicing,
    slo_pages,
    slos,
    trying,
)
from monitoring.evaluation import watch
from monitoring.kinds.describe import Parameter, parameters
from monitoring.models import MonitorRow
from monitoring.slo.exact import BadSlo
from monitoring.slo.slices import MINIMUM

SERIES = re.compile(r"\s*([^{}\s]+)\s*(?:\{([^{}]*)\})?\s*")


@requires("monitors:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Monitors by name, with what each says."""
    asked = request.GET
    try:
        page = pages.listed(asked.get("search", ""), asked.get("status", ""), asked.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page["may_write"] = can(actor_of(request), "monitors:write")
    return render(request, "monitoring/list.html", page)


@requires("monitors:read")
@never_cache
@require_GET
def monitor(request: HttpRequest, id: UUID) -> HttpResponse:
    """Chart, breaches, definition and history."""
    view = queries.monitor(id)
    if view is None:
        raise Http404("There is no such monitor.")
    asked = request.GET
    until = time_of(asked.get("until", ""))
    try:
        page = pages.monitor(view, asked.get("range", "1d"), until, asked.get("cursor"), now())
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page |= honesty_pages.of_monitor(id, now())
    page |= {"may_write": can(actor_of(request), "monitors:write"), "key": str(uuid7())}
    page["sliced"] = slicing.is_sliced(view)
    return render(request, "monitoring/monitor.html", page)


@requires("monitors:write")
@require_POST
def pause(request: HttpRequest, id: UUID) -> HttpResponse:
    """Stops breaches from opening, for a reason."""
    reason = request.POST.get("reason", "").strip()
    return _carry_out(request, commands.PauseMonitor(monitor=str(id), at=now(), reason=reason))


@requires("monitors:write")
@require_POST
def resume(request: HttpRequest, id: UUID) -> HttpResponse:
    """Lets breaches open again."""
    return _carry_out(request, commands.ResumeMonitor(monitor=str(id), at=now()))


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A form made from the kind's own description of its parameters; first, which kind."""
    kind = request.GET.get("kind", "")
    if kind not in kinds.kinds():
        return render(request, "monitoring/gallery.html", pages.gallery())
    if request.method == "GET":
        page = pages.form(kind, request.GET if "series" in request.GET else {}, "", "")
        return render(request, "monitoring/new.html", page | {"key": str(uuid7())})
    context = Context.by(actor_of(request).ref, request.POST.get("key") or None)
    try:
        command = _definition(kind, request.POST, new_id(context))
        receipt = store.execute(command, context)
    except Refused as refusal:
        page = pages.form(kind, request.POST, refusal.message, refusal.field)
        page["key"] = request.POST.get("key", "")
        return render(request, "monitoring/new.html", page, status=409)
    made = MonitorRow.objects.get(id=receipt.stream.partition(":")[2])
    watch(made)
    return redirect("monitor", made.id)


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def try_out(request: HttpRequest) -> HttpResponse:
    """The form of a new monitor, with what it would have said of the past. Nothing is written."""
    kind, given = request.GET.get("kind", ""), request.POST
    if kind not in kinds.kinds() or request.method == "GET":
        return redirect(f"{reverse('monitor_new')}?{urlencode({'kind': kind})}")
    found: dict[str, Any] = {}
    problem = field = ""
    try:
        series, labels = _series(given.get("series", ""))
        over = given.get("over", "")
        found = trying.tried(kind, _parameters(kind, given), series, labels, over)
    except Refused as refusal:
        problem, field = refusal.message, refusal.field
    page = pages.form(kind, given, problem, field, posted=True)
    page |= {"trial": found, "key": given.get("key", "")}
    return render(request, "monitoring/new.html", page, status=409 if problem else 200)


@requires("monitors:read")
@never_cache
@require_GET
def objectives(request: HttpRequest) -> HttpResponse:
    """Service level objectives by name, with what their monitors say."""
    asked = request.GET
    search, layer = asked.get("search", ""), asked.get("layer", "")
    try:
        due = asked.get("review") == "due"
        page = slo_pages.listed(search, layer, asked.get("cursor"), now(), due)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page["may_write"] = can(actor_of(request), "monitors:write")
    return render(request, "monitoring/slos.html", page)


@requires("monitors:read")
@never_cache
@require_GET
def objective(request: HttpRequest, key: str) -> HttpResponse:
    """Budget, alert windows, definition and history of one objective."""
    row = slos.slo(key)
    if row is None:
        raise Http404("There is no such objective.")
    as_of = time_of(request.GET.get("as_of", ""), "as_of")
    page = slo_pages.objective(row, as_of, now())
    page |= {"may_write": can(actor_of(request), "monitors:write")}
    page |= {"key": str(uuid7()), "once": str(uuid7())}
    return render(request, "monitoring/slo.html", page)


@requires("monitors:read")
@never_cache
@require_GET
def compliance(request: HttpRequest, key: str) -> HttpResponse:
    """Whether one objective was kept, month by month, quarter by quarter, window by window."""
    row = slos.slo(key)
    if row is None:
        raise Http404("There is no such objective.")
    frame = request.GET.get("period", "month")
    return render(request, "monitoring/compliance.html", slo_pages.compliance(row, frame))


@requires("monitors:read")
@never_cache
@require_GET
def slices(request: HttpRequest, key: str) -> HttpResponse:
    """One objective by the values of a label, the worst slices first."""
    row = slos.slo(key)
    if row is None:
        raise Http404("There is no such objective.")
    asked = request.GET
    minimum = asked.get("minimum", "") or str(MINIMUM)
    number = int(minimum) if minimum.isascii() and minimum.isdigit() and len(minimum) < 11 else 0
    try:
        page = slo_pages.slices(row, asked.get("by", ""), asked.get("over", ""), number)
    except BadSlo as fault:
        raise BadRequest(f"{fault.field}: {fault.message}.") from None
    return render(request, "monitoring/slices.html", page)


def _carry_out(request: HttpRequest, command: commands.MonitorCommand) -> HttpResponse:
    context = Context.by(actor_of(request).ref, request.POST.get("key") or None)
    try:
        store.execute(command, context)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("monitor", command.monitor)


def _definition(kind: str, given: Mapping[str, str], id: str) -> commands.CreateMonitor:
    series, labels = _series(given.get("series", ""))
    severity = given.get("severity", "")
    return commands.CreateMonitor(
        monitor=id,
        at=now(),
        name=given.get("name", "").strip(),
        kind=kind,
        parameters=_parameters(kind, given),
        series=series,
        labels=labels,
        subjects=given.get("subjects", "").replace(",", " ").split(),
        urgency=given.get("urgency", ""),
        severity=int(severity) if severity in ("1", "2", "3", "4") else None,
        description=given.get("description", "").strip(),
        signal=given.get("signal", ""),
        watch_from=queries.watched_until(series, labels),
    )


def _series(text: str) -> tuple[str, dict[str, str]]:
    """Name and labels of ``click_through{page=search}``. Raises `Refused`."""
    match = SERIES.fullmatch(text)
    if match is None:
        raise Refused("A series is a name, with labels in braces.", "bad_series", "series")
    labels = {}
    for part in filter(None, (match[2] or "").split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise Refused(f"{part.strip()!r} is no label=value.", "bad_labels", "series")
        labels[name.strip()] = value.strip().strip('"')
    return match[1], labels


def _parameters(kind: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The kind's parameters as it wants them typed; what was left empty is left to its default."""
    found = {}
    for about in parameters(kinds.named(kind)) if kind in kinds.kinds() else []:
        name = f"parameters.{about.name}"
        text = given.get(name, "").strip()
        if about.type is bool:
            found[about.name] = bool(text)
        elif text:
            found[about.name] = _typed(about, text, name)
    return found


def _typed(about: Parameter, text: str, name: str) -> Any:
    if about.type is str:
        return text
    try:
        return about.type(text.replace("−", "-").replace(",", "."))
    except ValueError as error:
        wanted = "a whole number" if about.type is int else "a number"
        raise Refused(f"{about.name}: must be {wanted}.", "bad_parameter", name) from error


def time_of(text: str, name: str = "until") -> datetime | None:
    """A time of an address, None for none. Raises `BadRequest`."""
    if not text:
        return None
    at = read_moment(text)
    if at is None:
        raise BadRequest(f"{name}: a time with a zone, such as 2026-03-01T12:00:00Z")
    return at
