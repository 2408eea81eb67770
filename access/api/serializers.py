"""Shapes of accounts and tokens on the REST doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from access.api.commands import ReceiptSerializer
from access.commands import MAX_NAME
from access.rights import ACTIONS, SCOPES


class MeSerializer(serializers.Serializer[Any]):
    """Who asks. `actor` is the ref that events record, `rights` what is granted."""

    actor = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    person = serializers.CharField(allow_null=True)
    rights = serializers.ListField(child=serializers.ChoiceField(sorted(ACTIONS)))


class TokenSerializer(serializers.Serializer[Any]):
    """A token, without its secret. `hint` is how the secret begins."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    hint = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    owner = serializers.SerializerMethodField()
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.SerializerMethodField()

    def get_owner(self, token: Any) -> str | None:
        """Ref of the account that owns it."""
        return f"person:{token.owner_id}" if token.owner_id else None

    def get_last_used_at(self, token: Any) -> str | None:
        """ISO 8601, to the minute."""
        return token.use.last_used_at.isoformat() if hasattr(token, "use") else None


class IssueTokenSerializer(serializers.Serializer[Any]):
    """What a new token is to be able to do."""

    name = serializers.CharField(max_length=MAX_NAME)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(sorted(SCOPES)), allow_empty=False, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class IssuedSerializer(ReceiptSerializer):
    """A receipt with the secret. It is shown this once: null when the request is a repeat."""

    token = serializers.CharField(allow_null=True)
