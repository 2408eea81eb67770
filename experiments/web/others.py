"""Pages: saved segments of users, live exposure counts, SDK keys and calendar freezes."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from access.doors import new_id, requires
from access.paging import BadCursor
from eventlog.clock import now
from eventlog.core import Context, Refused
from experiments import commands, fields, pages
from experiments.commands.checks import check_environment
from experiments.serving.keys import new_key
from experiments.web.forms import (
    carry_out,
    context_of_form,
    fresh_key,
    may_write,
    refusals_told,
    status_of,
    text,
)
from registry import holds
from registry.commands import LiftHold, PlaceHold

GROUP_FIELDS = ("group", "attribute", "values", "condition", "description")


@requires("flags:read")
@never_cache
@require_http_methods(["GET", "POST"])
def groups(request: HttpRequest) -> HttpResponse:
    """Saved segments of users, and a form for a new one."""
    writes = may_write(request)
    if request.method == "POST" and _save_group(request, text(request, "group")):
        return redirect("groups")
    try:
        page = pages.groups(request.GET.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page |= {"may_write": writes, "key": fresh_key(), "form": _typed(request)}
    return render(request, "experiments/groups.html", page, status=status_of(request))


@requires("flags:read")
@never_cache
@require_http_methods(["GET", "POST"])
def group(request: HttpRequest, group: str) -> HttpResponse:
    """One segment: whom it means, and the flags whose rules use it."""
    page = pages.group(group)
    if page is None:
        raise Http404("There is no such segment.")
    writes = may_write(request)
    if request.method == "POST":
        if request.POST.get("remove"):
            command = commands.RemoveGroup(group=group, at=now(), reason=text(request, "reason"))
            if carry_out(request, command, "It is gone."):
                return redirect("groups")
        elif _save_group(request, group):
            return redirect("group", group)
        else:
            page["form"] = _typed(request)
    page |= {"may_write": writes, "key": fresh_key()}
    return render(request, "experiments/group.html", page, status=status_of(request))


def _typed(request: HttpRequest) -> dict[str, str]:
    """What a form about a segment says; a dictionary, since `values` of a query is a method."""
    return {name: request.POST.get(name, "") for name in GROUP_FIELDS}


def _save_group(request: HttpRequest, key: str) -> bool:
    """Saves what a form says; says what is wrong with it otherwise."""
    condition = text(request, "condition")
    with refusals_told(request):
        command = commands.SaveGroup(
            group=key,
            at=now(),
            attribute=text(request, "attribute"),
            values=fields.members_of(text(request, "values"), "values"),
            condition=fields.read_json(condition, "condition") if condition else None,
            description=text(request, "description"),
        )
        return carry_out(request, command, "Saved.") is not None
    return False


@requires("flags:read")
@never_cache
@require_GET
def exposures(request: HttpRequest) -> HttpResponse:
    """How many units met each variation, looked at again every few seconds."""
    page = pages.exposures(now())
    part = request.headers.get("X-Fragment")
    return render(request, f"experiments/{'_exposures' if part else 'exposures'}.html", page)


@requires("flags:read")
@never_cache
@require_http_methods(["GET", "POST"])
def sdk_keys(request: HttpRequest) -> HttpResponse:
    """Keys by which SDKs ask, and how to."""
    writes = may_write(request)
    if request.method == "POST":
        context = context_of_form(request)
        command: commands.RevokeSdkKey | commands.IssueSdkKey
        if request.POST.get("revoke"):
            command = commands.RevokeSdkKey(key=text(request, "revoke"), at=now())
        else:
            command = commands.IssueSdkKey(
                key=new_key(new_id(context)),
                at=now(),
                environment=text(request, "environment"),
                name=text(request, "name"),
                encrypted=bool(request.POST.get("encrypted")),
            )
        if carry_out(request, command, "Done."):
            return redirect("sdk_keys")
    page = pages.sdk_keys() | {"may_write": writes, "key": fresh_key(), "given": request.POST}
    return render(request, "experiments/sdk_keys.html", page, status=status_of(request))


@requires("holds:read")
@never_cache
@require_http_methods(["GET", "POST"])
def freezes(request: HttpRequest) -> HttpResponse:
    """Calendar freezes: what may not change in an environment between two times."""
    writes = may_write(request, "holds:write")
    if request.method == "POST":
        with refusals_told(request):
            _place_or_lift(request, context_of_form(request))
            return redirect("freezes")
    page = pages.freezes(now()) | {
        "may_write": writes,
        "key": fresh_key(),
        "given": request.POST,
    }
    return render(request, "experiments/freezes.html", page, status=status_of(request))


def _place_or_lift(request: HttpRequest, context: Context) -> None:
    if lifted := text(request, "lift"):
        if not pages.is_freeze(lifted):
            raise Refused("There is no such freeze.", "unknown", "lift")
        holds.carry_out(LiftHold(hold=lifted, at=now(), why=text(request, "why")), context)
        return
    environment, name = text(request, "environment"), text(request, "name")
    check_environment(environment)
    command = PlaceHold(
        hold=new_id(context),
        at=now(),
        entity=f"environment:{environment}",
        reason=f"calendar:{'-'.join(name.split())[:200]}",
        sentence=text(request, "sentence"),
        since=_moment(text(request, "since"), "since"),
        until=_moment(text(request, "until"), "until"),
    )
    holds.carry_out(command, context)


def _moment(given: str, field: str) -> datetime:
    """A time of a form, in UTC as the page says. Raises `Refused`."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise Refused("Must be a time such as 2026-12-24T00:00.", "bad_value", field) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
