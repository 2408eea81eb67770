"""Pages: the flags, one flag with its history and simulator, and what is done with it."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import actor_of, person_of, requires
from access.paging import BadCursor
from access.rights import can
from eventlog.clock import now
from eventlog.core import Refused
from experiments import acting, commands, fields, pages, queries
from experiments.queries import FlagView
from experiments.web.forms import (
    carry_out,
    context_of_form,
    fresh_key,
    refusals_told,
    text,
    whole,
)


@requires("flags:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Flags by key; with ``?list=stale``, those that should be looked at and why."""
    asked = request.GET
    try:
        page = pages.listed(
            asked.get("search", ""), asked.get("list", ""), asked.get("cursor"), now()
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page["may_write"] = can(actor_of(request), "flags:write")
    return render(request, "experiments/flags.html", page)


@requires("flags:read")
@never_cache
@require_GET
def shown(request: HttpRequest, flag: str) -> HttpResponse:
    """Rules, history, what waits for approval, and what somebody would get."""
    view = view_or_404(flag)
    page = pages.flag(view, request.GET, now())
    page |= {
        "may_write": can(actor_of(request), "flags:write"),
        "key": fresh_key(),
        "me": person_of(request),
    }
    return render(request, "experiments/flag.html", page)


@requires("flags:write")
@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Begins a flag, off everywhere."""
    problem, field = "", ""
    if request.method == "POST":
        try:
            command = _created(request)
            acting.carry_out(command, context_of_form(request))
            return redirect("flag", command.flag)
        except Refused as refusal:
            problem, field = refusal.message, refusal.field
    page = pages.creation(request.POST, problem, field) | {"key": fresh_key()}
    return render(request, "experiments/new.html", page, status=409 if problem else 200)


def _created(request: HttpRequest) -> commands.CreateFlag:
    kind = text(request, "kind")
    return commands.CreateFlag(
        flag=text(request, "flag"),
        at=now(),
        kind=kind,
        default=fields.value_of(kind, text(request, "default"), "default"),
        environments=text(request, "environments").replace(",", " ").split(),
        owner=text(request, "owner"),
        description=text(request, "description"),
        expires_on=text(request, "expires_on"),
        needs_approval=bool(request.POST.get("needs_approval")),
    )


@requires("flags:write")
@require_POST
def describe(request: HttpRequest, flag: str) -> HttpResponse:
    """Says who owns it, what it is for, until when it is wanted and whether two must agree."""
    view_or_404(flag)
    command = commands.DescribeFlag(
        flag=flag,
        at=now(),
        owner=text(request, "owner"),
        description=text(request, "description"),
        expires_on=text(request, "expires_on"),
        needs_approval=bool(request.POST.get("needs_approval")),
    )
    carry_out(request, command, "Saved.")
    return _back(request, flag)


@requires("flags:write")
@require_POST
def turn(request: HttpRequest, flag: str) -> HttpResponse:
    """Turns it on or off in an environment; off gives everybody the default at once."""
    view_or_404(flag)
    enabled = request.POST.get("enabled") == "yes"
    command = commands.TurnFlag(
        flag=flag,
        at=now(),
        environment=text(request, "environment"),
        enabled=enabled,
        reason=text(request, "reason"),
    )
    carry_out(
        request, command, "It is on." if enabled else "It is off: everybody gets the default."
    )
    return _back(request, flag)


@requires("flags:write")
@require_POST
def roll_back(request: HttpRequest, flag: str) -> HttpResponse:
    """Serves an earlier revision again, as a new one."""
    view_or_404(flag)
    with refusals_told(request):
        command = commands.RollBackFlag(
            flag=flag,
            at=now(),
            environment=text(request, "environment"),
            revision=whole(request, "revision", 0),
            comment=text(request, "comment"),
        )
        carry_out(request, command, f"Revision {command.revision} is served again.")
    return _back(request, flag)


@requires("flags:write")
@require_POST
def decide(request: HttpRequest, flag: str) -> HttpResponse:
    """Approves or rejects a change that waits for a second person."""
    view_or_404(flag)
    proposal, reason = text(request, "proposal"), text(request, "reason")
    if request.POST.get("verdict") == "approve":
        command: commands.ApproveChange | commands.RejectChange = commands.ApproveChange(
            flag=flag, at=now(), proposal=proposal, by=person_of(request)
        )
    else:
        command = commands.RejectChange(flag=flag, at=now(), proposal=proposal, reason=reason)
    carry_out(request, command, "Decided.")
    return _back(request, flag)


@requires("flags:write")
@require_POST
def archive(request: HttpRequest, flag: str) -> HttpResponse:
    """Takes a flag that is off out of service, or brings it back."""
    view = view_or_404(flag)
    command: commands.RestoreFlag | commands.ArchiveFlag = commands.RestoreFlag(flag=flag, at=now())
    if not view.archived:
        command = commands.ArchiveFlag(flag=flag, at=now(), reason=text(request, "reason"))
    carry_out(request, command, "It is back, and off." if view.archived else "It is archived.")
    return _back(request, flag)


def view_or_404(flag: str) -> FlagView:
    """The flag with this key."""
    view = queries.flag(flag, now())
    if view is None:
        raise Http404("There is no such flag.")
    return view


def _back(request: HttpRequest, flag: str) -> HttpResponse:
    response = redirect("flag", flag)
    environment = text(request, "environment")
    if environment in [one.environment for one in view_or_404(flag).environments]:
        response["Location"] += f"?environment={environment}"
    return response
