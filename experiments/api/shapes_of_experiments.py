"""Shapes of metrics, experiments and results on the REST doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from experiments.commands.experiments import CAUSES, DECISIONS, FINDINGS
from experiments.planning import KINDS


class MetricDefinitionSerializer(serializers.Serializer[Any]):
    """A metric: how it is counted is explained in the documentation of experiments."""

    definition = serializers.JSONField(
        help_text="name, aggregation, source, denominator, direction, unit, cap, window_hours, …"
    )


class MetricSerializer(serializers.Serializer[Any]):
    """A metric of the library."""

    key = serializers.CharField()
    version = serializers.IntegerField()
    definition = serializers.JSONField()
    changed_at = serializers.DateTimeField()


class DesignSerializer(serializers.Serializer[Any]):
    """What is written down before there are data; with a reason, while it runs."""

    design = serializers.JSONField(
        help_text="title, hypothesis, flag, variations, metrics, alpha, power, days, ramp, …"
    )
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class NewExperimentSerializer(DesignSerializer):
    """An experiment to begin."""

    experiment = serializers.CharField(help_text="Its key: letters, digits and . _ ~ -")


class ReviewSerializer(serializers.Serializer[Any]):
    """What somebody else thinks of the design."""

    approve = serializers.BooleanField()
    comment = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class QueueSerializer(serializers.Serializer[Any]):
    """When it may start by itself."""

    not_before = serializers.DateTimeField(required=False, allow_null=True, default=None)
    rank = serializers.IntegerField(default=100, help_text="Low ones start first.")


class ShareSerializer(serializers.Serializer[Any]):
    """How many of the units take part."""

    coverage = serializers.FloatField(help_text="A share above 0.")
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class StopSerializer(serializers.Serializer[Any]):
    """Why it is stopped."""

    cause = serializers.ChoiceField(CAUSES, default="person")
    reason = serializers.CharField(max_length=2_000)


class ClearSerializer(serializers.Serializer[Any]):
    """What was found behind a failed check."""

    check = serializers.CharField(max_length=100)
    finding = serializers.ChoiceField(FINDINGS)
    reason = serializers.CharField(max_length=2_000)


class DecideSerializer(serializers.Serializer[Any]):
    """What comes of it."""

    decision = serializers.ChoiceField(DECISIONS)
    reason = serializers.CharField(max_length=2_000)
    variation = serializers.CharField(
        allow_blank=True, default="", help_text="The one to ship, and none otherwise."
    )


class ExperimentSerializer(serializers.Serializer[Any]):
    """One experiment and where it is in its life."""

    key = serializers.CharField()
    ref = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    status = serializers.CharField()
    title = serializers.CharField()
    owner = serializers.CharField()
    flag = serializers.CharField()
    environment = serializers.CharField()
    layer = serializers.CharField()
    design = serializers.JSONField()
    designed_by = serializers.CharField()
    designed_at = serializers.DateTimeField()
    changed_in_run = serializers.BooleanField(
        help_text="Whether the design changed after there were data."
    )
    reviewed_by = serializers.CharField()
    not_before = serializers.DateTimeField(allow_null=True)
    rank = serializers.IntegerField()
    phase = serializers.IntegerField()
    coverage = serializers.FloatField()
    started_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    stop = serializers.JSONField()
    observed_at = serializers.DateTimeField(
        allow_null=True, help_text="When every process was seen to serve without it."
    )
    cleared = serializers.JSONField()
    decision = serializers.JSONField()

    def get_ref(self, row: Any) -> str:
        """The entity's ref."""
        return f"experiment:{row.key}"


class CheckSerializer(serializers.Serializer[Any]):
    """Whether the results may be read."""

    key = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField()
    sentence = serializers.CharField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """A treatment beside the control; effects are shares of the control's value."""

    metric = serializers.CharField()
    name = serializers.CharField()
    part = serializers.CharField()
    unit = serializers.CharField()
    variation = serializers.CharField()
    slice = serializers.CharField()
    n_control = serializers.IntegerField()
    n = serializers.IntegerField()
    control = serializers.FloatField(allow_null=True)
    treatment = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True)
    lo = serializers.FloatField(allow_null=True)
    hi = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    is_fixed = serializers.BooleanField(help_text="The interval holds for one look only.")
    is_harm = serializers.BooleanField()
    reading = serializers.CharField()
    sentence = serializers.CharField()


class VerdictSerializer(serializers.Serializer[Any]):
    """What may be said."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    variation = serializers.CharField()


class SlicesSerializer(serializers.Serializer[Any]):
    """A metric within slices."""

    metric = serializers.CharField()
    attribute = serializers.CharField()
    variation = serializers.CharField()
    p_value = serializers.FloatField(allow_null=True)
    sentence = serializers.CharField()
    rows = ComparisonSerializer(many=True)


class ReportSerializer(serializers.Serializer[Any]):
    """The report as it stands. A failed check takes the place of the verdict."""

    verdict = VerdictSerializer()
    checks = CheckSerializer(many=True)
    comparisons = ComparisonSerializer(many=True)
    slices = SlicesSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    units = serializers.IntegerField()
    planned = serializers.IntegerField()
    days_left = serializers.IntegerField(allow_null=True)


class LookSerializer(serializers.Serializer[Any]):
    """What was seen at one look."""

    at = serializers.DateTimeField()
    variation = serializers.CharField()
    n = serializers.IntegerField()
    effect = serializers.FloatField()
    lo = serializers.FloatField()
    hi = serializers.FloatField()
    p_value = serializers.FloatField()


class QuestionSerializer(serializers.Serializer[Any]):
    """What is to be found; shares are from 0 to 1."""

    kind = serializers.ChoiceField(KINDS, default="share")
    baseline = serializers.FloatField(help_text="What is there now.")
    sd = serializers.FloatField(default=0.0, help_text="Standard deviation, unless a share.")
    effect = serializers.FloatField(help_text="The smallest worth having.")
    relative = serializers.BooleanField(default=True, help_text="As a share of the baseline.")
    alpha = serializers.FloatField(default=0.05)
    power = serializers.FloatField(default=0.8)
    arms = serializers.IntegerField(default=2)
    metrics = serializers.IntegerField(default=1, help_text="How many decide.")
    explained = serializers.FloatField(default=0.0, help_text="Variance explained from before.")
    correlation = serializers.FloatField(default=0.5, help_text="Of two periods.")
    units_a_day = serializers.IntegerField(default=0)
    coverage = serializers.FloatField(default=1.0)


class PlanSerializer(serializers.Serializer[Any]):
    """What it takes."""

    kind = serializers.CharField()
    an_arm = serializers.IntegerField(help_text="For one look at the end.")
    pooled = serializers.IntegerField(allow_null=True, help_text="With the pooled variance.")
    looking = serializers.IntegerField(help_text="For looks at any time.")
    extra = serializers.FloatField(help_text="What looking costs, as a share.")
    total = serializers.IntegerField()
    days = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    alpha = serializers.FloatField()
    weeks = serializers.ListField(child=serializers.ListField())
