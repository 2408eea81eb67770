"""Django's administration pages: to look, never to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver

from access.doors import actor_of, public, requires
from access.rights import can

PASSWORDS = {"password_change", "password_change_done"}


class Site(admin.AdminSite):
    """Open to `admin:read`; people sign in, and change passwords, where they always do."""

    site_header = site_title = "Dropstitch administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may look."""
        return can(actor_of(request), "admin:read")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's guard behind ours, which sends strangers to the one sign-in page."""
        return requires("admin:read")(super().admin_view(view, cacheable))

    @public
    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """There is no second sign-in."""
        if actor_of(request).is_authenticated:
            raise PermissionDenied("This needs the right to look at the administration pages.")
        return redirect_to_login(request.GET.get("next", self.name))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's addresses without those for passwords, marked with the right they need."""
        urls = [url for url in super().get_urls() if getattr(url, "name", None) not in PASSWORDS]
        _mark(urls)
        return urls


def _mark(urls: Iterable[URLPattern | URLResolver]) -> None:
    for url in urls:
        if isinstance(url, URLResolver):
            _mark(url.url_patterns)
        elif url.name != "login":
            url.callback.required_action = "admin:read"  # type: ignore[attr-defined]
