"""Page: the rules of a flag in one environment, edited and tried out before they are saved."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access.doors import new_id, person_of, requires
from eventlog.clock import now
from eventlog.core import Refused
from experiments import acting, commands, editing, fields, pages, simulator
from experiments.queries import FlagView, Served
from experiments.web.flags import view_or_404
from experiments.web.forms import context_of_form, fresh_key, text, whole


@requires("flags:write")
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, flag: str) -> HttpResponse:
    """Cards of rules. Only the button that saves changes what is served."""
    view = view_or_404(flag)
    served = _served(view, request.GET.get("environment", "") or text(request, "environment"))
    if request.method == "GET":
        cards = [editing.card_of(view.kind, rule) for rule in served.rules]
        return _show(request, view, served, cards)
    cards = editing.cards_in(request.POST)
    action = request.POST.get("action", "save")
    try:
        if action == "try":
            return _try(request, view, served, cards)
        if action == "save":
            return _save(request, view, served, cards)
    except Refused as refusal:
        return _show(request, view, served, cards, refusal=refusal)
    return _show(request, view, served, editing.changed(cards, action, view.kind, view.key))


def _served(view: FlagView, environment: str) -> Served:
    """How the flag is served in an environment, the first one without a name."""
    found = [one for one in view.environments if environment in ("", one.environment)]
    if not found or view.archived:
        raise Http404("The flag is not served there.")
    return found[0]


def _show(
    request: HttpRequest,
    view: FlagView,
    served: Served,
    cards: list[editing.Card],
    refusal: Refused | None = None,
    answer: simulator.Answer | None = None,
) -> HttpResponse:
    page = pages.editor(view, served, cards, request.POST, refusal, answer)
    page["key"] = request.POST.get("key") if refusal else fresh_key()
    return render(request, "experiments/edit.html", page, status=409 if refusal else 200)


def _default(request: HttpRequest, view: FlagView) -> object:
    return fields.value_of(view.kind, text(request, "default"), "default")


def _try(
    request: HttpRequest, view: FlagView, served: Served, cards: list[editing.Card]
) -> HttpResponse:
    attributes = pages.attributes_of(request.POST.get("attributes", ""))
    answer = simulator.ask(
        view.key,
        served.environment,
        attributes,
        _default(request, view),
        editing.rules_of(view.kind, cards),
    )
    return _show(request, view, served, cards, answer=answer)


def _save(
    request: HttpRequest, view: FlagView, served: Served, cards: list[editing.Card]
) -> HttpResponse:
    context = context_of_form(request)
    command = commands.SetRules(
        flag=view.key,
        at=now(),
        environment=served.environment,
        proposal=new_id(context, "proposal"),
        default=_default(request, view),
        rules=editing.rules_of(view.kind, cards),
        comment=text(request, "comment"),
        expected=whole(request, "expected", served.revision),
        by=person_of(request),
    )
    receipt = acting.carry_out(command, context)
    waits = any(event.type == "flag.change_proposed" for event in receipt.events)
    said = "It waits for a second person." if waits else "Saved; it is served from now on."
    if receipt.events:
        messages.success(request, said)
    response = redirect("flag", view.key)
    response["Location"] += f"?environment={served.environment}"
    return response
