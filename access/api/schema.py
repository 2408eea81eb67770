"""What the OpenAPI description says of every operation: problems, keys, conditions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from access.api.permissions import action_for
from access.api.problems import MEDIA_TYPE, TITLES
from access.doors import PUBLIC


class FieldError(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField(help_text="Dotted path, such as points.3.value.")
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="One sentence for people.")
    code = serializers.CharField(help_text="Stable, for programs.")
    field = serializers.CharField(required=False, help_text="The input that a rule refused.")
    current = serializers.JSONField(required=False, help_text="The value that stands.")
    errors = FieldError(many=True, required=False)  # type: ignore[assignment]


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 200 visible characters. A repeat with the same key gets the first answer.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="Carry the command out only at this version (an ETag); else 412.",
)


class Described(AutoSchema):
    """Adds to each operation what the doors do for all of them."""

    def get_override_parameters(self) -> list[Any]:
        """Headers that commands understand."""
        if self.method == "POST" and hasattr(self.view, "command"):
            return [IDEMPOTENCY_KEY, IF_MATCH]
        return []

    def get_tags(self) -> list[str]:
        """The noun in the path."""
        return [self.path.removeprefix("/api/v1/").partition("/")[0]]

    def get_description(self) -> str:  # type: ignore[override]
        """The docstring, and the right that is needed."""
        action = action_for(self.view, self.method)
        needs = "" if action == PUBLIC else f"\n\nNeeds the right `{action}`."
        return (super().get_description() or "") + needs

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction=direction)
        for status in self._problem_statuses():
            response = OpenApiResponse(Problem, description=TITLES[status])
            body = self._get_response_for_code(response, str(status), [MEDIA_TYPE], direction)
            bodies.setdefault(str(status), body)
        return bodies

    def _problem_statuses(self) -> list[int]:
        statuses = [400, 401, 403, 429]
        if "{" in self.path:
            statuses.append(404)
        if self.method not in {"GET", "HEAD"}:
            statuses += [409, 413, 415]
        if self.method == "POST" and hasattr(self.view, "command"):
            statuses.append(412)
        return sorted(statuses)
