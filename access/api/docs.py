"""The OpenAPI description and the page that shows it, served from this machine."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

from access.doors import PUBLIC, public


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3 description of these doors, as YAML or JSON."""

    required_action = PUBLIC
    authentication_classes: list[Any] = []

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The description."""
        return super().get(request, *args, **kwargs)


@public
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI over the description."""
    response = render(request, "access/api_docs.html")
    # Swagger UI sets style attributes from script; everything else stays under the strict policy.
    response.csp = {"style-src": ["'self'", "'unsafe-inline'"]}  # type: ignore[attr-defined]
    return response
