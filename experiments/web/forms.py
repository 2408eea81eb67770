"""What the pages' forms share: who asks, and what becomes of a command."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from access.doors import actor_of
from access.rights import ACTIONS, can
from eventlog.core import Command, Context, Refused, uuid7
from eventlog.store import Receipt
from experiments import acting


def context_of_form(request: HttpRequest) -> Context:
    """The context of a form's command: sent twice with one key, it is carried out once."""
    return Context.by(actor_of(request).ref, request.POST.get("key") or None)


def carry_out(request: HttpRequest, command: Command[Any], done: str = "") -> Receipt | None:
    """Carries a command out and says so on the next page; None when it was refused."""
    try:
        receipt = acting.carry_out(command, context_of_form(request))
    except Refused as refusal:
        messages.error(request, sentence_of(refusal))
        return None
    if done and receipt.events:
        messages.success(request, done)
    return receipt


def sentence_of(refusal: Refused) -> str:
    """A refusal with the field that it is about, since a banner stands beside none."""
    where = f"{refusal.field}: " if refusal.field and refusal.code != "held" else ""
    return f"{where}{refusal.message}"


def fresh_key() -> str:
    """A key for one sending of a form."""
    return str(uuid7())


def text(request: HttpRequest, name: str) -> str:
    """A field of a form, without blanks around it."""
    return request.POST.get(name, "").strip()


def may_write(request: HttpRequest, action: str = "flags:write") -> bool:
    """Whether to offer forms. Raises `PermissionDenied` for one that is sent all the same."""
    allowed = can(actor_of(request), action)
    if request.method == "POST" and not allowed:
        raise PermissionDenied(f"This needs the right to {ACTIONS[action]}.")
    return allowed
