"""How the REST doors find out who asks: a bearer token, or the session of a signed-in person."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from access.rights import Actor
from access.tokens import identify


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer ds_…`. `request.user` becomes the token's `Actor`."""

    def authenticate(self, request: Request) -> tuple[Actor, str] | None:
        """None when the header is for somebody else; 401 when the token opens nothing."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        actor = identify(text.strip())
        if actor is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked.", "bad_token")
        return actor, actor.ref

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401, and not 403, to callers that show nothing."""
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The session cookie; whatever changes something must carry the CSRF token too."""


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """An OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ds_…"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """An OpenAPI security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
