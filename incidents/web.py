"""Pages: the situation board, one incident, and declaring. What they show is in `pages`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import actor_of, new_id, requires
from access.paging import BadCursor
from access.rights import can
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from incidents import acting, pages
from incidents.commands import Declare, IncidentCommand, RedactMessage
from incidents.forms import Form
from incidents.forms_working import VERBS
from incidents.policy import DEFAULT_SEVERITY
from incidents.queries import by_number, names_of, possible_duplicates


@requires("incidents:read")
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """What is worst, who leads, whether people are told, and what was closed lately."""
    try:
        page = pages.board(
            actor_of(request), request.GET.get("list", "active"), request.GET.get("cursor"), now()
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(request, "incidents/board.html", page)


@requires("incidents:read")
@never_cache
@require_GET
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """State and roles, channel, timeline."""
    return render(request, "incidents/incident.html", _incident(request, number))


@requires("incidents:read")
@never_cache
@require_GET
def parts(request: HttpRequest, number: int) -> HttpResponse:
    """The pieces of the page that show state, for a page that is open already."""
    page = _incident(request, number, whole=False)
    names = ("head", "state", "measured", *(["forms"] if page["may_write"] else []))
    html = {
        name: render_to_string(f"incidents/_{name}.html", page, request=request) for name in names
    }
    return JsonResponse(html)


@requires("incidents:read")
@never_cache
@require_GET
def said(request: HttpRequest, number: int) -> HttpResponse:
    """Rows of the channel before a version."""
    before = request.GET.get("before", "")
    if not before.isdigit() or len(before) > 9:
        raise BadRequest("before: a version is a whole number")
    page = pages.channel(_found(number), before=int(before))
    return render(
        request, "incidents/_rows.html", {**page, "incident": {"url": f"/incidents/{number}"}}
    )


@requires("incidents:write")
@require_POST
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """One command from one form."""
    if verb not in VERBS:
        raise Http404("no such act")
    id, actor = str(_found(number)), actor_of(request)
    context = Context.by(actor.ref, _key(request))
    try:
        command = VERBS[verb](Form(request.POST, id, actor.ref, now(), new_id(context)))
        receipt = acting.carry_out(command, context)
    except Refused as refusal:
        return _refused(request, number, refusal)
    return _done(request, number, receipt.version)


@requires("incidents:write")
@require_POST
def post_message(request: HttpRequest, number: int) -> HttpResponse:
    """What somebody wrote in the composer: the same message when the same key comes again."""
    incident_id, actor = str(_found(number)), actor_of(request)
    text = request.POST.get("text", "")
    key = _key(request) or str(uuid7())
    try:
        receipt = acting.say(
            incident_id, actor.ref, key, text, now(), request.POST.get("reply_to", "")
        )
    except Refused as refusal:
        return _refused(request, number, refusal)
    return _done(request, number, receipt.version)


@requires("incidents:write")
@require_POST
def edit_message(request: HttpRequest, number: int) -> HttpResponse:
    """What somebody writes instead of what they wrote."""
    id, actor, form = str(_found(number)), actor_of(request), request.POST
    command = acting.edited(id, actor.ref, form.get("message", ""), form.get("text", ""), now())
    return _carry_out(request, number, command)


@requires("incidents:write")
@require_POST
def redact_message(request: HttpRequest, number: int) -> HttpResponse:
    """Removing what a message says, for good."""
    actor = actor_of(request)
    command = RedactMessage(
        incident=str(_found(number)),
        at=now(),
        message=request.POST.get("message", ""),
        by=actor.ref,
        reason=request.POST.get("reason", ""),
        privileged=can(actor, "incidents:redact"),
    )
    return _carry_out(request, number, command)


def _carry_out(request: HttpRequest, number: int, command: IncidentCommand) -> HttpResponse:
    try:
        receipt = acting.carry_out(command, Context.by(actor_of(request).ref, _key(request)))
    except Refused as refusal:
        return _refused(request, number, refusal)
    return _done(request, number, receipt.version)


@requires("incidents:read")
@never_cache
@require_GET
def message(request: HttpRequest, message: UUID) -> HttpResponse:
    """One message with what became of it, and what can be done about it."""
    actor, is_dialog = actor_of(request), "X-Fragment" in request.headers
    page = pages.message(message, actor.ref)
    if page is None:
        raise Http404("There is no such message.")
    page |= {
        "may_write": can(actor, "incidents:write"),
        "may_remove": page["may_remove"] or can(actor, "incidents:redact"),
        "key": str(uuid7()),
    }
    template = "incidents/_message_dialog.html" if is_dialog else "incidents/message.html"
    return render(request, template, page)


@requires("incidents:write")
@never_cache
@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """One field is enough. Without a script this is a page of its own."""
    if request.method == "GET":
        return _declare_page(request)
    actor, form = actor_of(request), request.POST
    context = Context.by(actor.ref, _key(request))
    severity = form.get("severity", "")
    command = Declare(
        incident=new_id(context),
        at=now(),
        number=acting.next_number(),
        title=form.get("title", ""),
        severity=int(severity) if severity in ("1", "2", "3", "4") else DEFAULT_SEVERITY,
        declared_by=actor.ref,
        kind="drill" if form.get("drill") else "real",
        commander=actor.ref if form.get("take_command") else "",
    )
    try:
        receipt = acting.declare(command, context)
    except Refused as refusal:
        return _declare_page(request, {"title": readable(refusal)}, status=409)
    declared: Any = receipt.events[0].event
    return redirect("incident", declared.number)


@requires("incidents:read")
@never_cache
@require_GET
def same(request: HttpRequest) -> HttpResponse:
    """Incidents that may be the same as what somebody is about to declare."""
    title = request.GET.get("title", "")[:200]
    return render(request, "incidents/_same.html", {"same": possible_duplicates(title, now())})


def _declare_page(
    request: HttpRequest, errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    is_dialog = "dialog" in request.GET
    page = pages.declaring(request.POST, errors or {}, now()) | {"dialog": is_dialog}
    template = "incidents/_declare.html" if is_dialog else "incidents/declare.html"
    return render(request, template, page, status=status)


def _incident(request: HttpRequest, number: int, whole: bool = True) -> dict[str, Any]:
    actor = actor_of(request)
    page = pages.incident(_found(number), actor.ref, now())
    page |= pages.told_of(page["detail"]) if whole else {}
    return page | {
        "may_write": can(actor, "incidents:write"),
        "key": str(uuid7()),
        "show": "all" if request.GET.get("timeline") == "all" else "key",
    }


def _found(number: int) -> Any:
    found = by_number(number)
    if found is None:
        raise Http404(f"There is no incident #{number}.")
    return found


def _done(request: HttpRequest, number: int, version: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"version": version})
    return redirect("incident", number)


def _refused(request: HttpRequest, number: int, refusal: Refused) -> HttpResponse:
    if _wants_json(request):
        said = {"code": refusal.code, "message": readable(refusal), "field": refusal.field}
        return JsonResponse(said, status=409)
    messages.error(request, readable(refusal))
    return redirect("incident", number)


def readable(refusal: Refused) -> str:
    """A refusal with names in place of refs."""
    words = refusal.message.split(" ")
    refs = [word.strip(".,;:") for word in words if ":" in word]
    text = refusal.message
    for ref, name in names_of(refs).items():
        text = text.replace(ref, name)
    return text


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _key(request: HttpRequest) -> str | None:
    return request.POST.get("key", "")[:200] or None
