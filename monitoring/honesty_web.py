"""Pages about honest monitors: the review, and what is said on a monitor's own page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from access.doors import actor_of, new_id, requires
from access.moments import read_moment
from access.paging import BadCursor
from access.rights import can
from eventlog import store
from eventlog.clock import now
from eventlog.core import Command, Context, Refused, uuid7
from monitoring import commands, honesty_pages, pages
from monitoring.models import BreachRow


@requires("monitors:read")
@never_cache
@require_GET
def review(request: HttpRequest) -> HttpResponse:
    """What is still to be judged, how honest each monitor is, and whom it called for nothing."""
    asked = request.GET
    try:
        page = honesty_pages.review(
            asked.get("list", ""), asked.get("days", ""), asked.get("cursor"), now()
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page |= {"may_write": can(actor_of(request), "monitors:write"), "key": str(uuid7())}
    return render(request, "monitoring/review.html", page)


@requires("monitors:write")
@require_POST
def judge(request: HttpRequest, id: UUID) -> HttpResponse:
    """Says what a breach was."""
    row = get_object_or_404(BreachRow, id=id)
    command = commands.JudgeBreach(
        breach=str(id),
        at=now(),
        monitor=f"monitor:{row.monitor}",
        subjects=row.subjects,
        judgement=request.POST.get("judgement", ""),
        note=request.POST.get("note", "").strip(),
    )
    word = pages.JUDGEMENTS.get(command.judgement, ("",))[0]
    said = f"“{row.name}”, {row.onset:%-d %b %H:%M} UTC: {word}. Its page lets you change that."
    return _carry_out(request, command, said, f"/monitors/{row.monitor}")


@requires("monitors:write")
@require_POST
def record_miss(request: HttpRequest, id: UUID) -> HttpResponse:
    """Says that a monitor should have noticed something."""
    given, back = request.POST, f"/monitors/{id}"
    context = Context.by(actor_of(request).ref, given.get("key") or None)
    since, until = (read_moment(given.get(name, ""), utc=True) for name in ("since", "until"))
    if since is None or until is None:
        messages.error(request, "A time such as 2026-03-01 12:00, in UTC.")
        return redirect(back)
    command = commands.RecordMiss(
        monitor=str(id),
        at=now(),
        miss=new_id(context),
        since=since,
        until=until,
        note=given.get("note", "").strip(),
        about=given.get("about", "").strip(),
    )
    return _carry_out(request, command, "The miss is noted.", back)


@requires("monitors:write")
@require_POST
def withdraw_miss(request: HttpRequest, id: UUID, miss: UUID) -> HttpResponse:
    """Takes a miss back."""
    reason = request.POST.get("reason", "").strip()
    command = commands.WithdrawMiss(monitor=str(id), at=now(), miss=str(miss), reason=reason)
    return _carry_out(request, command, "The miss is taken back.", f"/monitors/{id}")


def _carry_out(
    request: HttpRequest, command: Command[object], said: str, back: str
) -> HttpResponse:
    context = Context.by(actor_of(request).ref, request.POST.get("key") or None)
    try:
        store.execute(command, context)
        messages.success(request, said)
    except Refused as refusal:
        messages.error(request, refusal.message)
    wanted = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return redirect(wanted if is_ours else back)
