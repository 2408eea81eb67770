"""Shapes of flags, groups, layers and SDK keys on the REST doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from experiments.state import Kind

KINDS = [str(kind) for kind in Kind]


class DescriptionSerializer(serializers.Serializer[Any]):
    """What people say about a flag."""

    owner = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text="Ref such as person:… or team:…"
    )
    description = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    expires_on = serializers.CharField(
        allow_blank=True, default="", help_text="The day by which it should be gone: 2027-03-31."
    )
    needs_approval = serializers.BooleanField(
        default=False, help_text="Changes of rules wait for a second person."
    )


class CreateFlagSerializer(DescriptionSerializer):
    """A flag to begin."""

    flag = serializers.CharField(help_text="Its key: letters, digits and . _ ~ -")
    kind = serializers.ChoiceField(KINDS)
    default = serializers.JSONField(help_text="What everybody gets while it is off.")
    environments = serializers.ListField(
        child=serializers.CharField(), default=lambda: ["production"], max_length=20
    )


class RulesSerializer(serializers.Serializer[Any]):
    """What a flag serves in an environment: GrowthBook rules, the first that applies decides."""

    environment = serializers.CharField()
    default = serializers.JSONField()
    rules = serializers.ListField(child=serializers.JSONField(), default=list)
    comment = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    expected = serializers.IntegerField(
        required=False, allow_null=True, help_text="The revision that this change was made from."
    )


class TurnSerializer(serializers.Serializer[Any]):
    """On or off."""

    environment = serializers.CharField()
    enabled = serializers.BooleanField()
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class RollBackSerializer(serializers.Serializer[Any]):
    """The revision to go back to."""

    environment = serializers.CharField()
    revision = serializers.IntegerField(min_value=1)
    comment = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class WhySerializer(serializers.Serializer[Any]):
    """Why, if there is anything to say."""

    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class ServedSerializer(serializers.Serializer[Any]):
    """A flag in one environment."""

    environment = serializers.CharField()
    enabled = serializers.BooleanField()
    default = serializers.JSONField()
    rules = serializers.ListField(child=serializers.JSONField())
    revision = serializers.IntegerField()
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField()
    asked = serializers.IntegerField(help_text="How often it was asked for.")
    last_asked_at = serializers.DateTimeField(allow_null=True)


class ProposalSerializer(serializers.Serializer[Any]):
    """A change that waits for a second person."""

    id = serializers.CharField()
    environment = serializers.CharField()
    by = serializers.CharField()
    at = serializers.CharField()
    based_on = serializers.IntegerField()
    default = serializers.JSONField()
    rules = serializers.ListField(child=serializers.JSONField())
    comment = serializers.CharField(allow_blank=True)


class FlagSerializer(serializers.Serializer[Any]):
    """A flag; `stale` says in words why it should be looked at."""

    key = serializers.CharField()
    ref = serializers.CharField()
    version = serializers.IntegerField()
    kind = serializers.ChoiceField(KINDS)
    owner = serializers.CharField()
    description = serializers.CharField()
    expires_on = serializers.DateField(allow_null=True)
    needs_approval = serializers.BooleanField()
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    environments = ServedSerializer(many=True)
    proposals = ProposalSerializer(many=True)
    stale = serializers.ListField(child=serializers.CharField())


class AskSerializer(serializers.Serializer[Any]):
    """A subject to try a flag on; with `rules`, these instead of what is served."""

    environment = serializers.CharField()
    attributes = serializers.DictField(default=dict)
    default = serializers.JSONField(required=False)
    rules = serializers.ListField(child=serializers.JSONField(), required=False)


class StepSerializer(serializers.Serializer[Any]):
    """What one rule said: no reason for the rule that gave the value."""

    index = serializers.IntegerField()
    rule = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class AnswerSerializer(serializers.Serializer[Any]):
    """What the subject gets, and why."""

    value = serializers.JSONField()
    source = serializers.CharField()  # type: ignore[assignment]
    rule = serializers.CharField(allow_blank=True)
    variation = serializers.CharField(allow_null=True)
    steps = StepSerializer(many=True)


class SaveGroupSerializer(serializers.Serializer[Any]):
    """Either the values of an attribute, or a condition."""

    attribute = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    values = serializers.ListField(child=serializers.JSONField(), required=False, default=list)  # type: ignore[assignment]
    condition = serializers.DictField(required=False, allow_null=True, default=None)
    description = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class GroupSerializer(serializers.Serializer[Any]):
    """A saved group."""

    key = serializers.CharField()
    version = serializers.IntegerField()
    definition = serializers.DictField()
    description = serializers.CharField()
    changed_at = serializers.DateTimeField()


class CreateLayerSerializer(serializers.Serializer[Any]):
    """A layer to begin."""

    layer = serializers.CharField()
    unit = serializers.CharField(default="id", help_text="The attribute that places a unit.")
    size = serializers.IntegerField(default=1_000, help_text="Number of segments.")
    cool_down = serializers.IntegerField(default=7, help_text="Days that freed segments rest.")
    is_holdout = serializers.BooleanField(
        default=False, help_text="Units in its allocated segments take part in no experiment."
    )
    description = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class AllocateSerializer(serializers.Serializer[Any]):
    """How many segments an experiment is to have in all."""

    experiment = serializers.CharField()
    segments = serializers.IntegerField()


class ReleaseSerializer(WhySerializer):
    """Whose segments are freed."""

    experiment = serializers.CharField()


class AllocationSerializer(serializers.Serializer[Any]):
    """Segments of an experiment, as [start, end) pairs."""

    experiment = serializers.CharField()
    segments = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    count = serializers.IntegerField()
    since = serializers.DateTimeField()


class LayerSerializer(serializers.Serializer[Any]):
    """A layer, who owns what of it, and what is free."""

    key = serializers.CharField()
    ref = serializers.CharField()
    version = serializers.IntegerField()
    unit = serializers.CharField()
    size = serializers.IntegerField()
    cool_down = serializers.IntegerField()
    is_holdout = serializers.BooleanField()
    description = serializers.CharField()
    allocations = AllocationSerializer(many=True)
    cooling = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    free = serializers.IntegerField()


class IssueSdkKeySerializer(serializers.Serializer[Any]):
    """A key for SDKs of an environment."""

    environment = serializers.CharField()
    name = serializers.CharField(max_length=200)
    encrypted = serializers.BooleanField(default=False, help_text="Seal the features.")


class SdkKeySerializer(serializers.Serializer[Any]):
    """An SDK key. It is no secret: browsers carry it. `decryption_key` is for SDKs that unseal."""

    key = serializers.CharField()
    environment = serializers.CharField()
    name = serializers.CharField()
    encrypted = serializers.BooleanField()
    issued_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    decryption_key = serializers.SerializerMethodField()

    def get_decryption_key(self, row: Any) -> str | None:
        """For keys whose features are sealed."""
        from experiments.serving.keys import decryption_key

        return decryption_key(row.key) if row.encrypted else None


class ExposureCountSerializer(serializers.Serializer[Any]):
    """Units of one variation in one phase; `several` of them met more than one."""

    phase = serializers.CharField()
    variation = serializers.CharField()
    units = serializers.IntegerField()
    several = serializers.IntegerField()
