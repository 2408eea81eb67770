"""Pages of a list on the REST doors: `{"items": […], "next": "https://…?cursor=…" or null}`."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from access.paging import DEFAULT_LIMIT, MAX_LIMIT, BadCursor, page_of


def limit_of(request: Request) -> int:
    """The `limit` asked for. Raises a 400 unless it is 1 to 200."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise ValidationError({"limit": [f"A whole number from 1 to {MAX_LIMIT}."]})
    return int(text)


class CursorPages(BasePagination):
    """DRF's pagination by `access.paging`; the view says `order`, unique together, never null."""

    next: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page that the request asks for."""
        cursor = request.query_params.get("cursor")
        try:
            page = page_of(queryset, view.order, cursor, limit_of(request))
        except BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from error
        if page.next:
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", page.next)
        return page.rows

    def get_paginated_response(self, data: Any) -> Response:
        """The page's body, with the next page as a `Link` header too (RFC 8288)."""
        headers = {"Link": f'<{self.next}>; rel="next"'} if self.next else {}
        return Response({"items": data, "next": self.next}, headers=headers)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The page's shape in OpenAPI."""
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": schema,
                "next": {"type": "string", "format": "uri", "nullable": True},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The query parameters in OpenAPI."""
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "Where to go on: the one in `next` of the page before.",
            },
            {
                "name": "limit",
                "in": "query",
                "schema": limit,
                "description": "How many items at most.",
            },
        ]
