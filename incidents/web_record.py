"""Pages of what is recorded: the whole timeline of one incident."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.doors import requires
from access.moments import read_moment
from access.queries import people
from incidents import queries
from incidents.parts import parts
from incidents.queries import Wanted, by_number

BEFORE = 20  # events that a permalink shows before the one it is about
MAX_VERSION = 2**31 - 1


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
        "exported": urlencode({**filters, "key": "true"} if wanted.key else filters),
        "parts": parts(),
        "people": people(),
    }
    return render(request, "incidents/timeline.html", page)


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


def _whole(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "0")
    if not (text.isascii() and text.isdigit() and int(text[:10]) <= MAX_VERSION and len(text) < 11):
        raise BadRequest(f"{name}: a version is a whole number")
    return int(text)
