"""Request bodies: gzip or plain, within the limits, and JSON of them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser

from access.api.problems import TooLarge
from eventlog.core import null_character_at

GZIP = 16 + zlib.MAX_WBITS


def read_body(request: HttpRequest) -> bytes:
    """The body as it was meant, decompressed when `Content-Encoding` is gzip.

    Raises `TooLarge`, `ParseError` for what is no gzip, and `UnsupportedMediaType` for other
    encodings.
    """
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise TooLarge(f"A body has {settings.ENV.max_body_bytes} bytes at most.") from error
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise UnsupportedMediaType(encoding, detail="Send the body as it is, or as gzip.")
    return gunzip(body, settings.ENV.max_decompressed_bytes)


def gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip file, never more than `limit` bytes of them in memory."""
    parts, size = [], 0
    while body:
        member = zlib.decompressobj(GZIP)
        try:
            part = member.decompress(body, limit - size + 1)
        except zlib.error as error:
            raise ParseError("The body is not gzip.") from error
        size += len(part)
        if size > limit:
            raise TooLarge(f"A body has {limit} bytes at most once decompressed.")
        if not member.eof:
            raise ParseError("The gzip body ends too early.")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts)


class JSONParser(BaseParser):
    """JSON, plain or gzip. Refuses NaN, infinity, absurd depth and the null character."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body. Raises `ParseError` or `ValidationError` with the place of the fault."""
        request = (parser_context or {})["request"]
        body = read_body(request._request) or b"{}"
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
        # No event and no text of PostgreSQL can hold it; in JSON it can only stand escaped.
        if b"\\u0000" in body and (place := null_character_at(data)) is not None:
            raise ValidationError({place or "body": ["May not hold the null character."]})
        return data
