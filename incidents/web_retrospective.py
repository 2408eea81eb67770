"""Pages of retrospectives: the whole, one section's history, writing and review."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from access.doors import actor_of, person_of, requires
from access.rights import can
from eventlog.clock import now
from eventlog.core import Command, Context, Refused, uuid7
from incidents import acting, commands, queries
from incidents.commands.closing import WRITTEN_BY_PEOPLE
from incidents.forms import Form
from incidents.queries import by_number
from incidents.sentences import SECTION_WORDS
from incidents.state import SECTIONS
from incidents.web import readable

REVIEWS: dict[str, type[commands.IncidentCommand]] = {
    "submit": commands.SubmitRetrospective,
    "accept": commands.AcceptRetrospective,
    "return": commands.ReturnRetrospective,
}
STAGES = ("draft", "review", "accepted")
HINTS = {
    "summary": "What happened, in a few sentences for somebody who was not there.",
    "causes": "Root and contributing causes, with what shows them.",
    "questions": "Conditions before, how the start is known, fixing or improving.",
}


@requires("incidents:read")
@never_cache
@require_GET
def retrospective(request: HttpRequest, number: int) -> HttpResponse:
    """What the log says and what people wrote, section by section."""
    return render(request, "incidents/retrospective.html", _page(request, number))


@requires("incidents:read")
@never_cache
@require_GET
def history(request: HttpRequest, number: int, section: str) -> HttpResponse:
    """Every revision of one section, newest first."""
    id = _found(number)
    if section not in SECTIONS:
        raise Http404("There is no such section.")
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 10):
        raise BadRequest("before: a revision is a whole number")
    revisions, more = queries.revisions(id, section, int(before) if before else None)
    page = {
        "number": number,
        "section": section,
        "title": SECTION_WORDS[section],
        "revisions": revisions,
        "more": more,
        "may_write": can(actor_of(request), "incidents:write"),
        "key": str(uuid7()),
    }
    return render(request, "incidents/revisions.html", page)


@requires("incidents:write")
@require_POST
def write(request: HttpRequest, number: int, section: str) -> HttpResponse:
    """One section anew; whoever comes second keeps their text and sees the newer one."""
    form = _form(request, number)
    try:
        command = commands.WriteSection(
            **form.about,
            section=section,
            text=form.text("text"),
            revision=form.whole("revision"),
            person=person_of(request),
        )
        acting.carry_out(command, _context(request))
    except Refused as refusal:
        mine = {"section": section, "text": form.text("text"), "problem": readable(refusal)}
        page = _page(request, number) | {"mine": mine}
        return render(request, "incidents/retrospective.html", page, status=409)
    return redirect(f"/incidents/{number}/retrospective#{section}")


@requires("incidents:write")
@require_POST
def review(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Submits, accepts or returns the retrospective."""
    if verb not in REVIEWS:
        raise Http404("no such step of a review")
    form = _form(request, number)
    fields: dict[str, Any] = {"person": person_of(request)}
    if verb == "return":
        fields["reason"] = form.text("reason")
    _do(request, REVIEWS[verb](**form.about, **fields))
    return redirect(f"/incidents/{number}/retrospective")


@requires("incidents:write")
@require_POST
def remove(request: HttpRequest, number: int, section: str) -> HttpResponse:
    """Removes what one revision said, for good."""
    form = _form(request, number)
    try:
        revision = form.whole("revision")
    except Refused as refusal:
        raise BadRequest(refusal.message) from refusal
    command = commands.RedactSection(
        **form.about,
        section=section,
        revision=revision,
        by=person_of(request),
        privileged=can(actor_of(request), "incidents:redact"),
    )
    _do(request, command)
    return redirect(f"/incidents/{number}/retrospective/{section}")


def _do(request: HttpRequest, command: Command[Any]) -> None:
    try:
        acting.carry_out(command, _context(request))
    except Refused as refusal:
        messages.error(request, readable(refusal))


def _page(request: HttpRequest, number: int) -> dict[str, Any]:
    view = queries.retrospective(_found(number))
    assert view is not None, "an incident with a number is in the log"
    me = person_of(request)
    return {
        "view": view,
        "url": f"/incidents/{number}/retrospective",
        "stages": [(stage, stage == view.stage) for stage in STAGES],
        "hints": HINTS,
        "needed": WRITTEN_BY_PEOPLE,
        "may_write": can(actor_of(request), "incidents:write") and not _closed(view),
        "closed": _closed(view),
        "mine_to_accept": view.submitted_by is not None and view.submitted_by.ref != me,
        "key": str(uuid7()),
    }


def _closed(view: queries.RetrospectiveView) -> bool:
    return view.phase == "closed"


def _form(request: HttpRequest, number: int) -> Form:
    return Form(request.POST, str(_found(number)), actor_of(request).ref, now(), "")


def _context(request: HttpRequest) -> Context:
    return Context.by(actor_of(request).ref, request.POST.get("key", "")[:200] or None)


def _found(number: int) -> Any:
    found = by_number(number)
    if found is None:
        raise Http404(f"There is no incident #{number}.")
    return found
