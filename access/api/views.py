"""REST doors of accounts and tokens."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView, ReceiptSerializer
from access.api.serializers import (
    IssuedSerializer,
    IssueTokenSerializer,
    MeSerializer,
    TokenSerializer,
)
from access.commands import IssueToken, RevokeToken
from access.doors import actor_of
from access.models import Token
from access.rights import Actor, can, of_scopes
from access.tokens import Secret, new_secret
from eventlog.store import Receipt


class MeView(APIView):
    """Who asks, and what they may do."""

    required_action = "account:use"

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The caller, as the installation sees them."""
        actor = actor_of(request)
        return Response(
            {
                "actor": actor.ref,
                "name": actor.name,
                "role": actor.role,
                "person": actor.person or None,
                "rights": sorted(actor.granted),
            }
        )


class TokensView(CommandView, ListAPIView[Token]):
    """One's own tokens, or everybody's for those who manage them."""

    required_action = "tokens:own"
    order = ("-issued_at", "-id")
    command = IssueToken
    creates = "token"
    location = "api-token"

    def get_serializer_class(self) -> type[Any]:
        """Tokens out, wishes in."""
        return TokenSerializer if self.request.method == "GET" else IssueTokenSerializer

    serializer_class = IssueTokenSerializer

    def get_queryset(self) -> QuerySet[Token]:
        """Tokens that the caller may see."""
        return visible_tokens(actor_of(self.request))

    @extend_schema(request=IssueTokenSerializer, responses={201: IssuedSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Issues a token that its caller owns. The secret is in this answer and nowhere else."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> IssueToken:
        """The command with a fresh secret. Nobody hands out more than they hold."""
        actor = actor_of(request)
        missing = sorted(of_scopes(data["scopes"]) - actor.granted)
        if missing:
            raise PermissionDenied(f"You do not have the right {missing[0]} yourself.")
        self.secret: Secret = new_secret()
        drawn = {"digest": self.secret.digest, "hint": self.secret.hint, "owner": actor.person}
        return super().build({**data, **drawn}, request)  # type: ignore[return-value]

    def respond(self, receipt: Receipt) -> Response:
        """The receipt with the secret."""
        response = super().respond(receipt)
        response.data["token"] = None if receipt.repeated else self.secret.text
        response["Cache-Control"] = "no-store"
        return response


class TokenView(APIView):
    """One token."""

    required_action = "tokens:own"

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request, token: Any) -> Response:
        """The token, without its secret."""
        row = get_object_or_404(visible_tokens(actor_of(request)), id=token)
        return Response(TokenSerializer(row).data)


class RevokeTokenView(CommandView):
    """Revoking a token."""

    required_action = "tokens:own"
    command = RevokeToken
    location = "api-token"

    @extend_schema(request=None, responses={200: ReceiptSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Makes the token worthless at once."""
        get_object_or_404(visible_tokens(actor_of(request)), id=path["token"])
        return super().post(request, **path)


def visible_tokens(actor: Actor) -> QuerySet[Token]:
    """The tokens that somebody may see and revoke."""
    tokens = Token.objects.select_related("use")
    if can(actor, "tokens:manage"):
        return tokens
    return tokens.filter(owner__in=[actor.person.removeprefix("person:")] if actor.person else [])
