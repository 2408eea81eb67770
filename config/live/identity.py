"""Who opens a socket: a browser by its session and origin, a machine by its token.

Both are asked again as long as the socket is open, since sessions end and tokens are revoked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http.request import validate_host

from access.rights import NOBODY, Actor
from access.tokens import identify

Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """A way to find out who it is, each time anew: `ask` runs in a worker thread.

    `session` is the key of a browser's session, empty for a token.
    """

    ask: Callable[[], Actor]
    session: str = ""


def header(scope: Scope, name: bytes) -> str:
    """A request header, empty if it is missing."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def is_browser(scope: Scope) -> bool:
    """Whether a page opened the socket: browsers always name its origin."""
    return bool(header(scope, b"origin"))


def has_own_origin(scope: Scope) -> bool:
    """Whether that page is one of ours: of the very host asked, or of PUBLIC_URL."""
    origin = header(scope, b"origin")
    if origin == "{0.scheme}://{0.netloc}".format(urlsplit(settings.ENV.public_url)):
        return True
    host = header(scope, b"host")
    known = validate_host(urlsplit(f"//{host}").hostname or "", settings.ALLOWED_HOSTS)
    parts = urlsplit(origin)
    return known and parts.scheme in ("http", "https") and parts.netloc == host


def from_session(scope: Scope) -> Identity:
    """By the session cookie. Only for sockets that pass the test of their origin."""
    try:
        cookies = SimpleCookie(header(scope, b"cookie"))
    except CookieError:
        cookies = SimpleCookie()
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    key = morsel.value if morsel else ""
    return Identity(lambda: _of_session(key), key)


def _of_session(key: str) -> Actor:
    if not key:
        return NOBODY
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
    return user.as_actor() if hasattr(user, "as_actor") else NOBODY


def from_header(scope: Scope) -> Identity | None:
    """By `Authorization: Bearer ds_…`, None without such a header."""
    scheme, _, text = header(scope, b"authorization").partition(" ")
    return from_token(text.strip()) if scheme.lower() == "bearer" else None


def from_token(text: str) -> Identity:
    """By a token's text."""
    return Identity(lambda: identify(text) or NOBODY)
