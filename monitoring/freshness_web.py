"""Pages of budgets of freshness: the list, and one with its stages and the form that changes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import actor_of, requires
from access.paging import BadCursor, page_of
from access.rights import can
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from monitoring import budgets, commands, freshness, pages
from monitoring.models import FreshnessRow
from monitoring.slo.exact import spelled
from monitoring.slo.openslo import key_of

SHOWN = 50
LINE = re.compile(r"\s*([^:]+?)\s*:\s*(\S+)(?:\s+(\S.*?))?\s*")
SPANS = ("target", "repair", "detection", "remake")


@requires("monitors:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Budgets by name, with what they leave and what a fault would cost."""
    search = request.GET.get("search", "")
    try:
        found = page_of(budgets.budgets(search), budgets.BY_NAME, request.GET.get("cursor"), SHOWN)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page = {
        "rows": [_shown(row) for row in found.rows],
        "next": found.next,
        "search": search,
        "may_write": can(actor_of(request), "monitors:write"),
    }
    return render(request, "monitoring/freshness_list.html", page)


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a budget that is not there yet."""
    if request.method == "GET":
        return _form(request, None, {}, {})
    return _plan(request, None)


@requires("monitors:read")
@never_cache
@require_GET
def budget(request: HttpRequest, key: str) -> HttpResponse:
    """One budget, stage by stage."""
    row = get_object_or_404(FreshnessRow, key=key)
    page = {**_shown(row), "may_write": can(actor_of(request), "monitors:write")}
    return render(request, "monitoring/freshness.html", page | {"key": str(uuid7())})


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, key: str) -> HttpResponse:
    """The form that changes it."""
    row = get_object_or_404(FreshnessRow, key=key)
    if request.method == "GET":
        return _form(request, row, _filled(row), {})
    return _plan(request, row)


@requires("monitors:write")
@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponse:
    """Ends it; its monitors go with it."""
    get_object_or_404(FreshnessRow, key=key)
    reason = request.POST.get("reason", "").strip()
    command = commands.RetireFreshness(freshness=key, at=now(), reason=reason)
    context = Context.by(actor_of(request).ref, request.POST.get("key") or None)
    try:
        budgets.retire(command, context)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("freshness", key)
    messages.success(request, "The budget and its monitors are out of service.")
    return redirect("freshness_list")


def _plan(request: HttpRequest, row: FreshnessRow | None) -> HttpResponse:
    given = request.POST
    context = Context.by(actor_of(request).ref, given.get("key") or None)
    try:
        key = row.key if row else key_of(given.get("name", ""))
        if row is None and FreshnessRow.objects.filter(key=key).exists():
            raise Refused("There is a budget of this name already.", "exists", "name")
        budgets.plan(_command(key, given), context)
    except Refused as refusal:
        field = str(refusal.field).partition(".")[0]
        return _form(request, row, given, {field: refusal.message})
    return redirect("freshness", key)


def _command(key: str, given: Mapping[str, str]) -> commands.PlanFreshness:
    stages = []
    for line in filter(str.strip, given.get("stages", "").splitlines()):
        found = LINE.fullmatch(line)
        if found is None:
            sentence = f"{line.strip()!r} is no “name: 6h” with a series behind it."
            raise Refused(sentence, "bad_value", "stages")
        stages.append({"name": found[1], "within": found[2], "series": found[3] or ""})
    return commands.PlanFreshness(
        freshness=key,
        at=now(),
        name=given.get("name", "").strip(),
        stages=stages,
        subjects=given.get("subjects", "").replace(",", " ").split(),
        **{name: given.get(name, "").strip() for name in SPANS},
    )


def _shown(row: FreshnessRow) -> dict[str, Any]:
    plan = freshness.read(row.plan)
    return {
        "row": row,
        "url": f"/freshness/{row.key}",
        "warning": plan.warning,
        "target": spelled(plan.target),
        "repair": spelled(plan.repair) if plan.repair else "nothing",
        "left": spelled(plan.left) if plan.left else "nothing",
        "worst": spelled(plan.worst),
        "stages": [_stage(each, plan.target) for each in budgets.stages(row)],
    }


def _stage(each: budgets.Watched, target: int) -> dict[str, Any]:
    stage = each.stage
    return {
        "name": stage.name,
        "within": spelled(stage.within),
        "until": spelled(stage.until),
        "fill": f"{100 * stage.within / target:.1f}%",
        "start": f"{100 * (stage.until - stage.within) / target:.1f}%",
        "monitor": each.monitor,
        "state": pages.state_of(each.monitor.status) if each.monitor else None,
    }


def _form(
    request: HttpRequest, row: FreshnessRow | None, given: Mapping[str, str], errors: dict[str, str]
) -> HttpResponse:
    fields: list[dict[str, Any]] = [
        {"name": "name", "label": "What has to be fresh", "input": "text", "required": True},
        {
            "name": "target",
            "label": "How old it may be",
            "input": "text",
            "required": True,
            "help": "A span such as 48h",
        },
        {"name": "repair", "label": "Kept for repairs", "input": "text", "help": "Such as 12h"},
        {
            "name": "stages",
            "label": "Stages, one a line, in their order",
            "input": "textarea",
            "required": True,
            "help": "Name, what it may take, and the series that tells up to when its output has"
            ' the data: training: 12h model_data_until{model="ranker"}',
        },
        {
            "name": "detection",
            "label": "Until a fault is noticed",
            "input": "text",
            "help": "Such as 18h; empty if that is within the repair",
        },
        {
            "name": "remake",
            "label": "Until everything is made anew",
            "input": "text",
            "help": "What all stages take, if empty",
        },
        {
            "name": "subjects",
            "label": "What it speaks for",
            "input": "text",
            "help": "Refs with spaces between, the root first",
        },
    ]
    for field in fields:
        field["value"], field["error"] = given.get(field["name"], ""), errors.get(field["name"], "")
    page = {
        "row": row,
        "fields": fields,
        "problem": next(iter(errors.values()), ""),
        "url": f"/freshness/{row.key}/change" if row else "/freshness/new",
        "back": f"/freshness/{row.key}" if row else "/freshness/",
        "key": given.get("key") or str(uuid7()),
    }
    return render(request, "monitoring/freshness_form.html", page, status=409 if errors else 200)


def _filled(row: FreshnessRow) -> dict[str, str]:
    lines = [
        f"{each['name']}: {each['within']} {each['series']}".strip() for each in row.plan["stages"]
    ]
    spans = {name: row.plan[name] for name in SPANS}
    return {
        "name": row.name,
        "stages": "\n".join(lines),
        "subjects": " ".join(row.subjects),
        **spans,
    }
