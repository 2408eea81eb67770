"""Page: how the interface looks and listens for this browser, and one's tokens."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from access.api.views import visible_tokens
from access.commands import IssueToken, RevokeToken
from access.doors import actor_of, new_id, requires
from access.models import Token
from access.paging import page_of
from access.rights import ACTIONS, SCOPES, Actor, can, of_scopes
from access.tokens import new_secret
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7

THEMES = ("", "light", "dark")
YEAR = timedelta(days=365)
LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Never"))


@requires("account:use")
@never_cache
@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    """Appearance, keyboard, session and tokens."""
    return render(request, "access/settings.html", _page(request))


@requires("account:use")
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Keeps theme and single keys in cookies: they belong to the browser, not to the account."""
    theme, keys = request.POST.get("theme", ""), request.POST.get("keys")
    response = redirect("settings")
    _keep(response, "theme", theme if theme in THEMES else "")
    _keep(response, "keys", "" if keys else "off")
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    if value:
        response.set_cookie(name, value, max_age=YEAR, samesite="Lax", httponly=True)
    else:
        response.delete_cookie(name, samesite="Lax")


@requires("tokens:own")
@never_cache
@require_POST
def issue_token(request: HttpRequest) -> HttpResponse:
    """Issues a token and shows its secret, this once, on the page that answers."""
    actor = actor_of(request)
    scopes = request.POST.getlist("scopes")
    secret = new_secret()
    # A form sent twice would have two secrets; its key makes the second one a refusal.
    context = Context.by(actor.ref, request.POST.get("key") or None)
    command = IssueToken(
        token=new_id(context, "token"),
        at=now(),
        name=request.POST.get("name", "").strip(),
        digest=secret.digest,
        hint=secret.hint,
        scopes=scopes,
        owner=actor.person,
        expires_at=_expiry(request.POST.get("lifetime", "")),
    )
    try:
        _check_own(actor, scopes)
        receipt = store.execute(command, context)
    except Refused as refusal:
        page = _page(request, problem=refusal.message, field=refusal.field)
        return render(request, "access/settings.html", page, status=409)
    if receipt.repeated:
        return redirect("settings")
    return render(request, "access/settings.html", _page(request, secret=secret.text))


@requires("tokens:own")
@require_POST
def revoke_token(request: HttpRequest, token: str) -> HttpResponse:
    """Makes a token worthless at once."""
    actor = actor_of(request)
    row = visible_tokens(actor).filter(id=token).first()
    if row is None:
        raise Http404("no such token")
    store.execute(RevokeToken(token=str(row.id), at=now()), Context.by(actor.ref))
    messages.success(request, f"{row.name} opens nothing any more.")
    return redirect("settings")


def _check_own(actor: Actor, scopes: list[str]) -> None:
    missing = sorted(of_scopes(scopes) - actor.granted)
    if missing:
        raise Refused(
            f"You may not {ACTIONS[missing[0]]} yourself.", code="not_granted", field="scopes"
        )


def _expiry(days: str) -> object:
    return now() + timedelta(days=int(days)) if days.isdigit() and len(days) < 5 else None


def _page(request: HttpRequest, **shown: str) -> dict[str, object]:
    actor = actor_of(request)
    may_issue = can(actor, "tokens:own")
    tokens = page_of(visible_tokens(actor), ("-issued_at", "-id"), request.GET.get("cursor"))
    return {
        **shown,
        "key": str(uuid7()),
        "values": request.POST,
        "chosen": request.POST.getlist("scopes"),
        "themes": [("", "As the system"), ("light", "Light"), ("dark", "Dark")],
        "may_issue": may_issue,
        "tokens": [_row(token) for token in tokens.rows] if may_issue else [],
        "next": tokens.next,
        "scopes": [(name, ACTIONS[name]) for name in sorted(SCOPES) if name in actor.granted],
        "lifetimes": LIFETIMES,
        "actor": actor,
    }


def _row(token: Token) -> dict[str, object]:
    expired = token.expires_at is not None and token.expires_at <= now()
    state = "revoked" if token.revoked_at else "expired" if expired else "in force"
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "last_used_at": token.use.last_used_at if hasattr(token, "use") else None,
        "state": state,
        "live": state == "in force",
    }
