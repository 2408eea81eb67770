"""Pages of what is recorded: the whole timeline of one incident, and search over all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.doors import actor_of, requires
from access.moments import read_moment
from access.paging import BadCursor
from access.queries import people
from access.rights import can
from incidents import queries
from incidents.parts import parts
from incidents.queries import Sought, Wanted, by_number
from incidents.state import SEVERITIES

BEFORE = 20  # events that a permalink shows before the one it is about
MAX_VERSION = 2**31 - 1
STATUSES = ("open", "resolved", "closed")


@requires("incidents:read")
@never_cache
@require_GET
def timeline(request: HttpRequest, number: int) -> HttpResponse:
    """Every event of one incident, with filters; `event` is the one that a link is about."""
    id = by_number(number)
    if id is None:
        raise Http404(f"There is no incident #{number}.")
    form = {name: request.GET.get(name, "") for name in ("part", "key", "actor", "since", "until")}
    wanted = wanted_in(form)
    event = _whole(request, "event")
    after = max(event - BEFORE, 0) if event else _whole(request, "after")
    found = queries.timeline(id, after, wanted=wanted)
    filters = {name: value for name, value in form.items() if value}
    page: dict[str, Any] = {
        "id": id,
        "number": number,
        "url": f"/incidents/{number}/timeline",
        "entries": found.entries,
        "next": found.next,
        "earlier": bool(after),
        "form": form,
        "filters": urlencode(filters),
        "exported": _as_api(wanted),
        "parts": parts(),
        "people": people(),
    }
    return render(request, "incidents/timeline.html", page)


@requires("incidents:read")
@never_cache
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Everything whose words fit, newest first, of what the reader may read."""
    names = ("q", "part", "incident", "severity", "status", "actor", "since", "until")
    form = {name: request.GET.get(name, "").replace("\x00", "") for name in names}
    actor = actor_of(request)
    try:
        found = queries.find(
            sought_in(form),
            lambda ref: can(actor, "incidents:read", ref),
            request.GET.get("cursor"),
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page = {
        "form": form,
        "hits": found.hits,
        "next": found.next,
        "filters": urlencode({name: value for name, value in form.items() if value}),
        "filtered": any(value for name, value in form.items() if name != "q"),
        "parts": parts(),
        "people": people(),
        "severities": [str(level) for level in SEVERITIES],
        "statuses": STATUSES,
    }
    return render(request, "incidents/search.html", page)


def sought_in(form: dict[str, str]) -> Sought:
    """What a form looks for. Raises `BadRequest`, which names the field at fault."""
    wanted = wanted_in({**form, "key": ""})
    number = form["incident"].lstrip("#")
    if number and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise BadRequest("incident: a whole number")
    if form["severity"] and form["severity"] not in map(str, SEVERITIES):
        raise BadRequest("severity: one of 1, 2, 3, 4")
    if form["status"] and form["status"] not in STATUSES:
        raise BadRequest(f"status: one of {', '.join(STATUSES)}")
    return Sought(
        text=form["q"],
        parts=wanted.parts,
        number=int(number) if number else None,
        severities=[int(form["severity"])] if form["severity"] else (),
        statuses=[form["status"]] if form["status"] else (),
        actor=form["actor"],
        since=wanted.since,
        until=wanted.until,
    )


def wanted_in(form: dict[str, str]) -> Wanted:
    """The filters of a form. Raises `BadRequest`, which names the one at fault."""
    if form["part"] and form["part"] not in parts():
        raise BadRequest(f"part: one of {', '.join(parts())}")
    if "\x00" in form["actor"]:
        raise BadRequest("actor: a ref of somebody")
    since, until = (read_moment(form[name], utc=True) for name in ("since", "until"))
    for name, at in (("since", since), ("until", until)):
        if form[name] and at is None:
            raise BadRequest(f"{name}: a time such as 2026-03-02T09:30")
    return Wanted(
        parts=(form["part"],) if form["part"] else (),
        key=bool(form["key"]),
        actor=form["actor"],
        since=since,
        until=until,
    )


def _as_api(wanted: Wanted) -> str:
    """The same choice as the REST doors want it."""
    chosen = {
        "part": ",".join(wanted.parts),
        "key": "true" if wanted.key else "",
        "actor": wanted.actor,
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
    }
    return urlencode({name: value for name, value in chosen.items() if value})


def _whole(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "0")
    if not (text.isascii() and text.isdigit() and int(text[:10]) <= MAX_VERSION and len(text) < 11):
        raise BadRequest(f"{name}: a version is a whole number")
    return int(text)
