"""What the REST doors of incidents take. Rules are in the commands; these check types and sizes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from access.api.commands import ReceiptSerializer
from access.queries import UNKNOWN, names
from incidents.policy import DEFAULT_SEVERITY, TEXT_LIMIT, TITLE_LIMIT, URL_LIMIT
from incidents.state import (
    AREAS,
    AUDIENCES,
    CONFIDENCES,
    FEASIBILITIES,
    FUNCTIONS,
    INTENTS,
    KINDS,
    LIVE_PHASES,
    OUTCOMES,
    PRIORITIES,
    REACTIONS,
    ROLES,
    SEVERITIES,
    VALUES,
)

REF = r"^[a-z][a-z0-9_-]{0,39}:[^\s\x00]{1,200}\Z"
CLIENT_ID = r"^[\x21-\x7e]{1,100}\Z"


def text(required: bool = True) -> serializers.CharField:
    return serializers.CharField(max_length=TEXT_LIMIT, required=required, allow_blank=not required)


def title() -> serializers.CharField:
    return serializers.CharField(max_length=TITLE_LIMIT)


def choice(values: tuple[Any, ...], **options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(values, **options)


class ActorField(serializers.CharField):
    """The ref of a person or token that exists."""

    default_error_messages = {"unknown": "There is nobody with this ref."}

    def to_internal_value(self, data: Any) -> str:
        ref = super().to_internal_value(data)
        if ref and names([ref]).get(ref, UNKNOWN) == UNKNOWN:
            self.fail("unknown")
        return str(ref)


class Shape(serializers.Serializer[Any]):
    """Fields that are left out keep the command's own default."""


class OnsetSerializer(Shape):
    """When it began, as far as anybody knows, and who or what says so."""

    earliest = serializers.DateTimeField(required=False)
    best = serializers.DateTimeField()
    latest = serializers.DateTimeField(required=False)
    basis = serializers.CharField(max_length=TITLE_LIMIT)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value if name == "basis" else value.isoformat() for name, value in attrs.items()
        }


class DeclareSerializer(Shape):
    """Only the title is required. `separate` declares beside an open incident with these subjects."""

    title = title()
    severity = choice(SEVERITIES, default=DEFAULT_SEVERITY)
    kind = choice(KINDS, default="real")
    environment = serializers.CharField(max_length=TITLE_LIMIT, default="production")
    subjects = serializers.ListField(child=serializers.RegexField(REF), max_length=20, default=list)
    onset = OnsetSerializer(required=False)
    take_command = serializers.BooleanField(default=False)
    separate = serializers.BooleanField(default=False)


class DeclaredSerializer(ReceiptSerializer):
    """A receipt with the number by which people call the incident."""

    number = serializers.IntegerField()


class RoleSerializer(Shape):
    role = choice(ROLES)


class TakeRoleSerializer(RoleSerializer):
    """`instead_of` names the holder one takes over from, with a reason."""

    instead_of = serializers.CharField(max_length=100, required=False, allow_blank=True)
    reason = text(required=False)


class OfferRoleSerializer(RoleSerializer):
    to = ActorField(max_length=100)
    summary = text(required=False)


class DeclineRoleSerializer(RoleSerializer):
    reason = text(required=False)


class JoinSerializer(Shape):
    function = choice(FUNCTIONS, default="observer")


class PhaseSerializer(Shape):
    phase = choice(LIVE_PHASES)


class SeveritySerializer(Shape):
    severity = choice(SEVERITIES)
    reason = text(required=False)


class TitleSerializer(Shape):
    title = title()


class ImpactSerializer(Shape):
    """`low` to `high` around `best`, in `unit`; all optional beside the text."""

    text = text()
    unit = serializers.CharField(max_length=TITLE_LIMIT, required=False, allow_blank=True)
    low = serializers.FloatField(required=False, allow_null=True)
    best = serializers.FloatField(required=False, allow_null=True)
    high = serializers.FloatField(required=False, allow_null=True)


class UpdateSerializer(Shape):
    text = text()
    audience = choice(AUDIENCES, default="internal")


class NoteSerializer(Shape):
    text = text()


class MessageSerializer(Shape):
    """The same `client_id` of the same sender is one message, for ever."""

    text = text()
    client_id = serializers.RegexField(CLIENT_ID, required=False)
    reply_to = serializers.UUIDField(required=False)


class EditSerializer(Shape):
    text = text()


class ReactionSerializer(Shape):
    reaction = choice(tuple(REACTIONS))


class PostedSerializer(ReceiptSerializer):
    """A receipt with the message's id; null for a slash command."""

    message = serializers.UUIDField(allow_null=True)


class RedactSerializer(Shape):
    reason = serializers.CharField(max_length=TITLE_LIMIT, required=False, allow_blank=True)


def address() -> serializers.CharField:
    return serializers.CharField(max_length=URL_LIMIT, required=False, allow_blank=True)


class FollowUpSerializer(Shape):
    """Due by its priority, or at `due_at`; `tracker` is the address of the same work elsewhere."""

    title = title()
    priority = choice(PRIORITIES, default="P2")
    intent = choice(INTENTS, default="fix")
    area = choice(("", *AREAS), required=False)
    owner = ActorField(max_length=100, required=False, allow_blank=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True)
    done_when = text(required=False)
    tracker = address()


class ChangeFollowUpSerializer(Shape):
    """What is left out stays. Putting it off needs a `reason`."""

    title = serializers.CharField(max_length=TITLE_LIMIT, required=False)
    priority = choice(PRIORITIES, required=False)
    intent = choice(INTENTS, required=False)
    area = choice(("", *AREAS), required=False)
    owner = ActorField(max_length=100, required=False, allow_blank=True)
    due_at = serializers.DateTimeField(required=False)
    done_when = text(required=False)
    tracker = address()
    reason = text(required=False)


class PlaceSerializer(Shape):
    value = choice(VALUES)
    feasibility = choice(FEASIBILITIES)


class FollowUpEvidenceSerializer(Shape):
    """`sha256` is of what stands at the address."""

    text = text()
    url = address()
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}\Z", required=False, allow_blank=True)


class FollowUpEvidencedSerializer(ReceiptSerializer):
    """A receipt with the evidence's id."""

    evidence = serializers.UUIDField()


class DoneSerializer(Shape):
    """`note` says what shows that it is done."""

    note = text(required=False)


class FollowedUpSerializer(ReceiptSerializer):
    """A receipt with the follow-up's id."""

    follow_up = serializers.UUIDField()


class ResolveSerializer(Shape):
    """`duplicate_of` is the number of the incident that a duplicate repeats."""

    outcome = choice(OUTCOMES)
    confidence = choice(CONFIDENCES, default="medium")
    verified = serializers.BooleanField(default=False)
    summary = text(required=False)
    duplicate_of = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class ReopenSerializer(Shape):
    reason = text()


class CloseSerializer(Shape):
    """`exception` is the reason to close although something is missing."""

    exception = text(required=False)
