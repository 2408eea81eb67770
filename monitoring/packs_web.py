"""Pages of packs: which there are, and installing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from access.doors import actor_of, requires
from eventlog.core import Context, Refused, uuid7
from monitoring import pages
from monitoring.installing import Planned, install, plan, suggested
from monitoring.packs import Pack, packs

PREFIX = "series."
STATES = {
    # state: chip, icon, words
    "installed": ("good", "check", "is there"),
    "ready": ("", "plus", "will be made"),
    "waits": ("warn", "clock", "waits for"),
}


@requires("monitors:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The packs that there are."""
    return render(request, "monitoring/packs.html", {"packs": packs().values()})


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def pack(request: HttpRequest, name: str) -> HttpResponse:
    """A pack, the series that play its roles here, and what installing it would do."""
    found = packs().get(name)
    if found is None:
        raise Http404("There is no such pack.")
    given = request.POST if request.method == "POST" else request.GET
    subject, chosen = given.get("subject", "").strip(), _chosen(found, given)
    planned: Sequence[Planned] = []
    problem = field = ""
    try:
        if subject or request.method == "POST":
            planned = plan(found, subject, chosen)
        if request.method == "POST":
            context = Context.by(actor_of(request).ref, given.get("key") or None)
            whole = bool(given.get("whole"))
            done = install(found, subject, chosen, context, whole=whole)
            count = len(done)
            messages.success(request, f"{count} monitor{'' if count == 1 else 's'} made.")
            return redirect(f"/monitors/?search={subject}")
    except Refused as refusal:
        problem, field = refusal.message, refusal.field
    page = {
        "pack": found,
        "fields": _fields(found, subject, chosen, problem, field),
        "planned": [_row(each) for each in planned],
        "ready": sum(each.state == "ready" for each in planned),
        "suggested": suggested(),
        "problem": problem,
        "key": str(uuid7()),
    }
    return render(request, "monitoring/pack.html", page, status=409 if problem else 200)


def _chosen(found: Pack, given: Mapping[str, str]) -> dict[str, str]:
    named = {role.name: given.get(f"{PREFIX}{role.name}", "").strip() for role in found.roles}
    return {role: text for role, text in named.items() if text}


def _fields(
    found: Pack, subject: str, chosen: Mapping[str, str], problem: str, field: str
) -> list[dict[str, Any]]:
    usual = found.usual()
    fields: list[dict[str, Any]] = [
        {
            "name": "subject",
            "label": "What it watches",
            "input": "text",
            "required": True,
            "value": subject,
            "help": "A ref such as service:checkout or model:search-ranking.",
            "error": problem if field == "subject" else "",
        }
    ]
    for role in found.roles:
        name = f"{PREFIX}{role.name}"
        by = f" One series for each {', '.join(role.by)}." if role.by else ""
        fields.append(
            {
                "name": name,
                "label": role.name.replace("_", " ").capitalize(),
                "input": "text",
                "value": chosen.get(role.name, usual[role.name]),
                "help": role.says + by,
                "error": problem if field == name else "",
            }
        )
    return fields


def _row(each: Planned) -> dict[str, Any]:
    chip, icon, words = STATES[each.state]
    return {
        "planned": each,
        "url": pages.url_of(each.made.id) if each.state == "installed" else "",
        "chip": chip,
        "icon": icon,
        "words": f"{words} {', '.join(each.missing)}" if each.state == "waits" else words,
    }
