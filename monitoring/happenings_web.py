"""The page of what happens outside: the list, and forms to note, correct and withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import actor_of, new_id, requires
from access.moments import read_moment
from access.paging import BadCursor, page_of
from access.queries import names
from access.rights import can
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from monitoring import commands, happenings
from monitoring.models import HappeningRow
from monitoring.state import Category

SHOWN = 50


@requires("monitors:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The latest first."""
    return _list(request, {}, {})


@requires("monitors:write")
@require_POST
def note(request: HttpRequest) -> HttpResponse:
    """Another one."""
    return _note(request, None)


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def happening(request: HttpRequest, id: UUID) -> HttpResponse:
    """One, with the form that corrects it."""
    row = get_object_or_404(HappeningRow, id=id)
    if request.method == "POST":
        return _note(request, row)
    return _one(request, row, _filled(row), {})


@requires("monitors:write")
@require_POST
def withdraw(request: HttpRequest, id: UUID) -> HttpResponse:
    """Takes it back."""
    get_object_or_404(HappeningRow, id=id)
    reason = request.POST.get("reason", "").strip()
    command = commands.WithdrawHappening(happening=str(id), at=now(), reason=reason)
    try:
        store.execute(command, Context.by(actor_of(request).ref, request.POST.get("key") or None))
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("happening", id)
    messages.success(request, "It is taken back.")
    return redirect("happenings")


def _note(request: HttpRequest, row: HappeningRow | None) -> HttpResponse:
    given = request.POST
    context = Context.by(actor_of(request).ref, given.get("key") or None)
    try:
        id = str(row.id) if row else new_id(context)
        store.execute(_command(id, given, row.subjects if row else []), context)
    except Refused as refusal:
        errors = {refusal.field: refusal.message}
        return _one(request, row, given, errors) if row else _list(request, given, errors)
    return redirect("happenings")


def _command(id: str, given: Mapping[str, str], subjects: list[str]) -> commands.NoteHappening:
    since, until = (
        read_moment(given.get(name, ""), utc=True) if given.get(name) else None
        for name in ("since", "until")
    )
    for name, at in (("since", since), ("until", until)):
        if at is None and (given.get(name) or name == "since"):
            raise Refused("A time such as 2026-03-01 12:00, in UTC.", "bad_value", name)
    assert since is not None, "was refused"
    return commands.NoteHappening(
        happening=id,
        at=now(),
        title=given.get("title", "").strip(),
        category=given.get("category", ""),
        since=since,
        until=until,
        regions=[name for part in given.get("regions", "").split(",") if (name := part.strip())],
        source=given.get("source", "").strip(),
        url=given.get("url", "").strip(),
        note=given.get("note", "").strip(),
        subjects=subjects,
    )


def _list(request: HttpRequest, given: Mapping[str, str], errors: dict[str, str]) -> HttpResponse:
    asked = request.GET
    category, search = asked.get("category", ""), asked.get("search", "")
    rows = happenings.happenings(category=category, search=search)
    try:
        found = page_of(rows, happenings.LATEST, asked.get("cursor"), SHOWN)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    called = names(row.noted_by for row in found.rows)
    page = {
        "rows": [{"row": row, "by": called.get(row.noted_by, row.noted_by)} for row in found.rows],
        "next": found.next,
        "category": category,
        "search": search,
        "now": now(),
        **_form(request, given, errors),
    }
    return render(request, "monitoring/happenings.html", page, status=409 if errors else 200)


def _one(
    request: HttpRequest, row: HappeningRow, given: Mapping[str, str], errors: dict[str, str]
) -> HttpResponse:
    page = {"row": row, **_form(request, given, errors)}
    return render(request, "monitoring/happening.html", page, status=409 if errors else 200)


def _form(
    request: HttpRequest, given: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": "title", "label": "What happens", "input": "text", "required": True},
        {
            "name": "category",
            "label": "What sort of thing",
            "input": "select",
            "required": True,
            "choices": [str(each) for each in Category],
        },
        {"name": "since", "label": "From (UTC)", "input": "text", "required": True},
        {"name": "until", "label": "Until (UTC)", "input": "text", "help": "Empty: not known yet"},
        {
            "name": "regions",
            "label": "Where",
            "input": "text",
            "help": "As the labels of series have it, with commas between; empty for everywhere",
        },
        {"name": "source", "label": "Who says so", "input": "text"},
        {"name": "url", "label": "Address of more about it", "input": "text"},
        {"name": "note", "label": "Note", "input": "textarea"},
    ]
    for field in fields:
        field["value"] = given.get(field["name"], "")
        field["error"] = errors.get(field["name"], "")
    return {
        "fields": fields,
        "problem": next(iter(errors.values()), ""),
        "categories": [str(each) for each in Category],
        "may_write": can(actor_of(request), "monitors:write"),
        "key": given.get("key") or str(uuid7()),
    }


def _filled(row: HappeningRow) -> dict[str, str]:
    return {
        "title": row.title,
        "category": row.category,
        "since": _plain(row.since),
        "until": _plain(row.until) if row.until else "",
        "regions": ", ".join(row.regions),
        "source": row.source,
        "url": row.url,
        "note": row.note,
    }


def _plain(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
