"""Deny by default: a view that declares no `required_action` is closed to everybody."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from access.doors import PUBLIC, actor_of
from access.rights import ACTIONS, can


class MayDo(BasePermission):
    """Asks `can` about the view's `required_action`.

    That is one action, or a dict from HTTP method to action. A view may define `subject()`, which
    returns the ref of what, or whose, the request is about.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller may; the refusal names the missing right."""
        action = action_for(view, request.method or "GET")
        if action == PUBLIC:
            return True
        subject = view.subject() if hasattr(view, "subject") else None
        if action and can(actor_of(request), action, subject):
            return True
        self.message = f"This needs the right to {ACTIONS.get(action or '', 'do that')}."
        self.code = "forbidden"
        return False


def action_for(view: Any, method: str) -> str | None:
    """The action that a view declares for an HTTP method; HEAD and OPTIONS count as GET."""
    declared = getattr(view, "required_action", None)
    if isinstance(declared, dict):
        return declared.get("GET" if method in {"HEAD", "OPTIONS"} else method)
    return declared
