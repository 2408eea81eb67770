"""Pages of follow-ups: the list over all incidents, the board, and one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from access.doors import actor_of, new_id, person_of, requires
from access.moments import read_moment
from access.paging import BadCursor
from access.queries import people
from access.rights import can
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from incidents import acting, commands, queries
from incidents.commands import IncidentCommand
from incidents.forms import Form
from incidents.queries import Asked, FollowUpCard
from incidents.state import AREAS, FEASIBILITIES, INTENTS, PRIORITIES, VALUES
from incidents.web import readable

LISTS = {
    "open": "Open",
    "overdue": "Overdue",
    "review": "To review",
    "shelf": "Valuable but very hard",
    "done": "Done",
    "dropped": "Not doing",
}
ON_BOARD = 200
CHOICES = {"priority": PRIORITIES, "intent": INTENTS, "area": AREAS}


@requires("incidents:read")
@never_cache
@require_GET
def follow_ups(request: HttpRequest) -> HttpResponse:
    """Every follow-up that meets the conditions, page by page."""
    asked, form = _asked(request)
    try:
        found = queries.follow_ups(asked, now(), request.GET.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page = _around(asked, form) | {"rows": found.cards, "next": found.next}
    return render(request, "incidents/follow_ups.html", page)


@requires("incidents:read")
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Value against feasibility, never their product; what is very hard has a shelf of its own."""
    asked, form = _asked(request)
    cards = queries.board_of(asked, now(), ON_BOARD + 1)
    shown = cards[:ON_BOARD]
    places = [place for place in FEASIBILITIES if place != "very hard"]
    grid = [
        (value, [[c for c in shown if (c.value, c.feasibility) == (value, p)] for p in places])
        for value in VALUES
    ]
    page = _around(asked, form) | {
        "grid": grid,
        "places": places,
        "shelf": [card for card in shown if card.feasibility == "very hard"],
        "unplaced": [card for card in shown if not card.value],
        "cut": len(cards) > ON_BOARD,
    }
    return render(request, "incidents/follow_up_board.html", page)


@requires("incidents:read")
@never_cache
@require_GET
def follow_up(request: HttpRequest, id: UUID) -> HttpResponse:
    """One follow-up with its evidence."""
    return render(request, "incidents/follow_up.html", _page(request, id))


@requires("incidents:write")
@require_POST
def act(request: HttpRequest, id: UUID, verb: str) -> HttpResponse:
    """One command on a follow-up from one form."""
    if verb not in VERBS:
        raise Http404("no such act")
    found = queries.follow_up(id, now())
    if found is None:
        raise Http404("There is no such follow-up.")
    context = Context.by(actor_of(request).ref, request.POST.get("key", "")[:200] or None)
    form = Form(request.POST, str(found.card.incident), person_of(request), now(), new_id(context))
    try:
        acting.carry_out(VERBS[verb](form, found.card), context)
    except Refused as refusal:
        messages.error(request, readable(refusal))
    return redirect("follow_up", id)


def _asked(request: HttpRequest) -> tuple[Asked, dict[str, str]]:
    names = ("list", "owner", "priority", "intent", "area", "incident", "q")
    form = {name: request.GET.get(name, "").replace("\x00", "") for name in names}
    for name, allowed in {**CHOICES, "list": tuple(LISTS)}.items():
        if form[name] and form[name] not in allowed:
            raise BadRequest(f"{name}: one of {', '.join(allowed)}")
    number = form["incident"].lstrip("#")
    if number and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise BadRequest("incident: a whole number")
    owner = person_of(request) if form["owner"] == "me" else form["owner"]
    asked = Asked(
        which=form["list"] or "open",
        owner=owner,
        priority=form["priority"],
        intent=form["intent"],
        area=form["area"],
        number=int(number) if number else None,
        text=form["q"],
    )
    return asked, form


def _around(asked: Asked, form: dict[str, str]) -> dict[str, Any]:
    counts = queries.follow_up_counts(now())
    kept = {name: value for name, value in form.items() if value and name != "list"}
    return {
        "asked": asked,
        "form": form,
        "filters": urlencode({**kept, "list": asked.which}),
        "filtered": bool(kept),
        "tabs": [
            (words, getattr(counts, name), "?" + urlencode({**kept, "list": name}), name)
            for name, words in LISTS.items()
        ],
        "unowned": counts.unowned,
        "choices": CHOICES,
        "people": people(),
    }


def _page(request: HttpRequest, id: UUID) -> dict[str, Any]:
    found = queries.follow_up(id, now())
    if found is None:
        raise Http404("There is no such follow-up.")
    return {
        "card": found.card,
        "evidence": found.evidence,
        "url": f"/follow-ups/{id}",
        "may_write": can(actor_of(request), "incidents:write"),
        "key": str(uuid7()),
        "people": people(),
        "choices": CHOICES,
        "values": VALUES,
        "feasibilities": FEASIBILITIES,
    }


Builder = Callable[[Form, FollowUpCard], IncidentCommand]


def _on(form: Form, card: FollowUpCard) -> dict[str, Any]:
    return {**form.about, "follow_up": str(card.id)}


def _change(form: Form, card: FollowUpCard) -> IncidentCommand:
    return commands.ChangeFollowUp(
        **_on(form, card),
        **_texts(form, ("title", "priority", "intent", "area", "owner", "done_when", "tracker")),
        due_at=_due(form, card),
        reason=form.text("reason"),
    )


def _texts(form: Form, names: Sequence[str]) -> dict[str, str]:
    return {name: form.text(name) for name in names if name in form.fields}


def _due(form: Form, card: FollowUpCard) -> datetime | None:
    """The day in the form, at its end in UTC; None when it is the one that stands."""
    given = form.text("due_on").strip()
    if not given or (card.due_at and given == f"{card.due_at:%Y-%m-%d}"):
        return None
    day = read_moment(given, utc=True)
    if day is None:
        raise Refused("A due date is a day such as 2026-03-02.", "not_a_time", "due_on")
    return day.replace(hour=23, minute=59)


VERBS: dict[str, Builder] = {
    "change": _change,
    "place": lambda f, c: commands.PlaceFollowUp(
        **_on(f, c), value=f.text("value"), feasibility=f.text("feasibility"), person=f.me
    ),
    "evidence": lambda f, c: commands.AddFollowUpEvidence(
        **_on(f, c),
        evidence=f.new,
        text=f.text("text"),
        url=f.text("url"),
        sha256=f.text("sha256").strip().lower(),
    ),
    "done": lambda f, c: commands.CompleteFollowUp(**_on(f, c), note=f.text("note")),
    "drop": lambda f, c: commands.DropFollowUp(**_on(f, c), reason=f.text("reason")),
    "reopen": lambda f, c: commands.ReopenFollowUp(**_on(f, c), reason=f.text("reason")),
}
