"""Forms of objectives: create, change, retire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from access.doors import actor_of, requires
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from eventlog.store import Receipt
from monitoring import commands, promising, slo_forms, slo_pages, slos
from monitoring.commands.objectives import refused
from monitoring.models import SloRow
from monitoring.slo.exact import BadSlo
from monitoring.slo.openslo import key_of


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A form of a whole objective."""
    page: dict[str, Any] = {"title": "New objective", "path": "/new-slo", "back": "/slos/"}
    if request.method == "GET":
        return _form(request, page | slo_forms.form({}, new=True))

    def carried_out(context: Context) -> Receipt:
        fields = slo_forms.fields_of(request.POST.dict())  # type: ignore[arg-type]
        key = request.POST.get("key", "").strip() or key_of(fields["name"])
        return promising.define(commands.CreateSlo(slo=key, at=now(), **fields), context)

    return _sent(request, page, carried_out)


@requires("monitors:write")
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, key: str) -> HttpResponse:
    """The same form with what an objective is, and why it changes."""
    row = _row(key)
    url = slo_pages.url_of(key)
    page = {"title": f"Change {row.name}", "path": f"{url}/change", "back": url, "row": row}
    if request.method == "GET":
        page |= {"version": row.version, "left_out": slo_pages.left_out(row)}
        return _form(request, page | slo_forms.form(slo_forms.values_of(row)))

    def carried_out(context: Context) -> Receipt:
        fields = slo_forms.fields_of(request.POST.dict())  # type: ignore[arg-type]
        reason, seen = request.POST.get("reason", "").strip(), request.POST.get("version", "")
        command = commands.ChangeSlo(slo=key, at=now(), reason=reason, **fields)
        version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None
        return promising.define(command, context, version)

    return _sent(request, page, carried_out)


@requires("monitors:write")
@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponse:
    """Ends an objective, for a reason."""
    reason = request.POST.get("reason", "").strip()
    try:
        promising.retire(commands.RetireSlo(slo=key, at=now(), reason=reason), _context(request))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(slo_pages.url_of(key)) if slos.slo(key) else redirect("slos")


@requires("monitors:write")
@require_POST
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Notes what somebody found who looked at an objective again, and when to look next."""
    found, following = (request.POST.get(name, "").strip() for name in ("reason", "review_on"))
    row = _row(key)
    command = commands.ReviewSlo(slo=row.key, at=now(), reason=found, review_on=following)
    try:
        store.execute(command, _context(request))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(slo_pages.url_of(key))


def _sent(
    request: HttpRequest, page: dict[str, Any], carried_out: Callable[[Context], Receipt]
) -> HttpResponse:
    """The objective's page, or the form again with what was refused."""
    try:
        receipt = carried_out(_context(request))
    except (Refused, BadSlo) as fault:
        refusal = refused(fault) if isinstance(fault, BadSlo) else fault
        given: Any = request.POST.dict()
        page |= slo_forms.form(given, _sentence(refusal), refusal.field, new="row" not in page)
        page["version"] = given.get("version", "")
        return _form(request, page, status=409)
    return redirect(slo_pages.url_of(receipt.stream.partition(":")[2]))


def _sentence(refusal: Refused) -> str:
    """The reason without the path, which the field's place says already."""
    text = refusal.message.removeprefix(f"{refusal.field}: ")
    return text[:1].upper() + text[1:]


def _form(request: HttpRequest, page: dict[str, Any], status: int = 200) -> HttpResponse:
    page["once"] = request.POST.get("once") or str(uuid7())
    return render(request, "monitoring/slo_form.html", page, status=status)


def _context(request: HttpRequest) -> Context:
    return Context.by(actor_of(request).ref, request.POST.get("once") or None)


def _row(key: str) -> SloRow:
    row = slos.slo(key)
    if row is None or row.retired_at is not None:
        raise Http404("There is no such objective in force.")
    return row
