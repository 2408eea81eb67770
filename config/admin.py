"""Django's administration pages: to look, never to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from access.doors import actor_of
from access.rights import can


class Site(admin.AdminSite):
    """Open to `admin:read`; people sign in where they always do."""

    site_header = site_title = "Dropstitch administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may look."""
        return can(actor_of(request), "admin:read")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's guard, which the walk over all routes recognises."""
        guarded = super().admin_view(view, cacheable)
        guarded.required_action = "admin:read"  # type: ignore[attr-defined]
        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Sends strangers to the one sign-in page."""
        from django.contrib.auth.views import redirect_to_login
        from django.core.exceptions import PermissionDenied

        if actor_of(request).is_authenticated:
            raise PermissionDenied("This needs the right to look at the administration pages.")
        return redirect_to_login(request.get_full_path())
