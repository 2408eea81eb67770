"""What the pages' forms share: who asks, and what becomes of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    with refusals_told(request):
        receipt = acting.carry_out(command, context_of_form(request))
        if done and receipt.events:
            messages.success(request, done)
        return receipt
    return None


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """What is refused inside is said on the next page, and goes no further."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, sentence_of(refusal))


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


def whole(request: HttpRequest, name: str, otherwise: int) -> int:
    """A whole number of a form, `otherwise` where the field is empty. Raises `Refused`."""
    given = text(request, name)
    if not given:
        return otherwise
    if not given.isdecimal() or len(given) > 9:
        raise Refused("Must be a whole number, such as 100.", "bad_value", name)
    return int(given)


def status_of(request: HttpRequest) -> int:
    """The status of a page with a form: one that was sent and is shown again was refused."""
    return 409 if request.method == "POST" else 200


def may_write(request: HttpRequest, action: str = "flags:write") -> bool:
    """Whether to offer forms. Raises `PermissionDenied` for one that is sent all the same."""
    allowed = can(actor_of(request), action)
    if request.method == "POST" and not allowed:
        raise PermissionDenied(f"This needs the right to {ACTIONS[action]}.")
    return allowed
