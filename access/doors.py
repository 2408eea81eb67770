"""What every door needs: who asks, whether they may, and in which context their command runs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID, uuid5

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars

from access.rights import ACTIONS, NOBODY, Actor, can
from eventlog.core import Context

PUBLIC = "public"
KEY = re.compile(r"[\x21-\x7e]{1,200}")
NEW = UUID("0c3f7c2e-70d6-5a6b-9f0e-2f7b4f1c8a55")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class BadKey(ValueError):
    """An Idempotency-Key is 1 to 200 visible ASCII characters."""


def actor_of(request: Any) -> Actor:
    """Who sent a request (Django's or DRF's), or opened a socket (a Channels scope)."""
    user = request.get("user") if isinstance(request, dict) else getattr(request, "user", None)
    if isinstance(user, Actor):
        return user
    return user.as_actor() if user is not None and hasattr(user, "as_actor") else NOBODY


def person_of(request: Any) -> str:
    """Who sent a request, as a person: two tokens of one person are not two people."""
    actor = actor_of(request)
    return actor.person or actor.ref


def context_of(request: HttpRequest) -> Context:
    """The context of the command in a request; the same `Idempotency-Key` is the same command.

    Raises `BadKey` for a header that is no key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise BadKey(BadKey.__doc__)
    context = Context.by(actor_of(request).ref, key)
    bind_contextvars(actor=context.actor, command_id=str(context.command_id))
    return context


def new_id(context: Context, part: str = "") -> str:
    """The id of what a command creates: the same again when the same command is repeated."""
    # Without a key the command id is a fresh UUID version 7 and makes an id that sorts by time.
    if context.command_id.version == 7 and not part:
        return str(context.command_id)
    return str(uuid5(NEW, f"{context.command_id}\n{part}"))


def public(view: V) -> V:
    """Marks a page that everybody may see."""
    view.required_action = PUBLIC  # type: ignore[attr-defined]
    return view


def requires(action: str) -> Callable[[View[P]], View[P]]:
    """A page for those who may do `action`: others sign in, or get 403 if they already have."""
    if action not in ACTIONS:
        raise KeyError(f"unknown action {action!r}")

    def decorate(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            actor = actor_of(request)
            if can(actor, action):
                return view(request, *args, **kwargs)
            if actor.is_authenticated:
                raise PermissionDenied(f"This needs the right to {ACTIONS[action]}.")
            return redirect_to_login(request.get_full_path())

        guarded.required_action = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


class Requires:
    """Mixin of class-based pages: `required_action` says what one has to be allowed."""

    required_action: str

    @classmethod
    def as_view(cls, **options: Any) -> Any:
        """Django's `as_view`, guarded."""
        return requires(cls.required_action)(super().as_view(**options))  # type: ignore[misc]
