"""Shapes of monitors, breaches and series on the REST doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from monitoring.signal_classes import Signal
from monitoring.state import Judgement, Urgency


class DefinitionSerializer(serializers.Serializer[Any]):
    """What a monitor watches, how, and what for."""

    name = serializers.CharField(max_length=200)
    kind = serializers.CharField(help_text="One of /api/v1/monitor-kinds.")
    parameters = serializers.DictField(default=dict, help_text="By the kind's schema.")
    series = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField(), default=dict)
    subjects = serializers.ListField(
        child=serializers.CharField(), default=list, help_text="Refs such as service:checkout."
    )
    urgency = serializers.ChoiceField(
        [str(u) for u in Urgency],
        default="",
        allow_blank=True,
        help_text="What a breach asks for; that of the kind if it is left out.",
    )
    severity = serializers.IntegerField(
        min_value=1, max_value=4, allow_null=True, default=None, help_text="A hint; 1 is worst."
    )
    environment = serializers.CharField(max_length=200, default="production")
    description = serializers.CharField(max_length=2000, allow_blank=True, default="")
    signal = serializers.ChoiceField(
        [str(signal) for signal in Signal],
        default="",
        allow_blank=True,
        help_text="The class of signal; what its kind or the words of its series say, if left out.",
    )


class ReplayedSerializer(serializers.Serializer[Any]):
    """A breach that would have been."""

    onset = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    sentence = serializers.CharField()


class ReplaySerializer(serializers.Serializer[Any]):
    """What a monitor would have said of the past."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="How far it was judged.")
    whole = serializers.BooleanField(help_text="False where there was too much for one answer.")
    verdicts = serializers.DictField(child=serializers.IntegerField(), help_text="By status.")
    breaches = ReplayedSerializer(many=True)
    breaches_a_month = serializers.FloatField()
    share_without_data = serializers.FloatField()
    seconds = serializers.FloatField(help_text="What it took.")


class QuestionSerializer(serializers.Serializer[Any]):
    """Which monitor, and which past; by default the last 30 days that there are."""

    kind = serializers.CharField(help_text="One of /api/v1/monitor-kinds.")
    parameters = serializers.DictField(default=dict, help_text="By the kind's schema.")
    series = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField(), default=dict)
    since = serializers.DateTimeField(default=None, allow_null=True)
    until = serializers.DateTimeField(default=None, allow_null=True)


class MonitorSerializer(DefinitionSerializer):
    """A monitor, and what its last evaluation said."""

    id = serializers.UUIDField()
    ref = serializers.CharField()
    version = serializers.IntegerField()
    revision = serializers.IntegerField()
    series_id = serializers.IntegerField(allow_null=True)
    paused = serializers.BooleanField()
    pause_reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    status = serializers.CharField(help_text="ok, pending, breached, no_data, error or paused.")
    since = serializers.DateTimeField(allow_null=True, help_text="In event time.")
    sentence = serializers.CharField()
    verdict = serializers.DictField(help_text="value, expected, lo, hi, score and n.")
    last_at = serializers.DateTimeField(allow_null=True, help_text="Last point judged.")
    evaluated_at = serializers.DateTimeField(allow_null=True)
    seen = serializers.IntegerField(help_text="Points judged.")
    late = serializers.IntegerField(help_text="Points that came behind the evaluation.")
    error = serializers.CharField(help_text="Why the last evaluation failed; empty if it did not.")
    breach = serializers.CharField(help_text="Ref of the open breach, or empty.")
    breached_since = serializers.DateTimeField(allow_null=True)
    breaches = serializers.IntegerField()


class ReasonSerializer(serializers.Serializer[Any]):
    """Why something is done."""

    reason = serializers.CharField(max_length=2000)


class MonitorSliceSerializer(serializers.Serializer[Any]):
    """One slice: failures of all, the share of the rest that fails, and what was found."""

    name = serializers.CharField()
    failed = serializers.FloatField()
    of = serializers.FloatField()
    rest = serializers.FloatField(help_text="Share of the other slices that failed.")
    chance = serializers.FloatField(
        allow_null=True,
        help_text="Probability of so many failures if it failed like the rest, adjusted for all "
        "that were tested; null for what is too small to be tested.",
    )
    broken = serializers.BooleanField()
    told_as = serializers.CharField(help_text="The part that stands for it, when broken.")


class MonitorSlicesSerializer(serializers.Serializer[Any]):
    """The slices of one window, the worst first."""

    at = serializers.DateTimeField(help_text="The end of the window.")
    window = serializers.CharField()
    broken = serializers.IntegerField()
    count = serializers.IntegerField(help_text="How many there are that fit the search.")
    items = MonitorSliceSerializer(many=True)


class BreachSerializer(serializers.Serializer[Any]):
    """One breach; `onset` and `closed_at` are in event time."""

    id = serializers.UUIDField()
    ref = serializers.SerializerMethodField()
    monitor = serializers.SerializerMethodField()
    name = serializers.CharField()
    kind = serializers.CharField()
    urgency = serializers.CharField()
    subjects = serializers.ListField(child=serializers.CharField())
    onset = serializers.DateTimeField()
    opened_at = serializers.DateTimeField(help_text="When it was recorded.")
    sentence = serializers.CharField()
    evidence = serializers.DictField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closing_sentence = serializers.CharField()
    closing_reason = serializers.CharField()
    judgement = serializers.CharField(help_text="What people said it was; empty if nothing.")
    judged_at = serializers.DateTimeField(allow_null=True)
    judged_by = serializers.CharField()
    note = serializers.CharField()

    def get_ref(self, row: Any) -> str:
        """The breach's ref."""
        return f"breach:{row.id}"

    def get_monitor(self, row: Any) -> str:
        """The monitor's ref."""
        return f"monitor:{row.monitor}"


class JudgementSerializer(serializers.Serializer[Any]):
    """What a breach was."""

    judgement = serializers.ChoiceField([str(each) for each in Judgement])
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


class MissSerializer(serializers.Serializer[Any]):
    """Something that a monitor should have noticed."""

    id = serializers.UUIDField(read_only=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    note = serializers.CharField(max_length=2000)
    about = serializers.CharField(
        max_length=240, allow_blank=True, default="", help_text="Ref of what happened."
    )
    recorded_at = serializers.DateTimeField(read_only=True)
    recorded_by = serializers.CharField(read_only=True)


class ShareSerializer(serializers.Serializer[Any]):
    """A share of a count, with its exact 95 % interval."""

    hits = serializers.IntegerField()
    of = serializers.IntegerField()
    value = serializers.FloatField()
    interval = serializers.ListField(child=serializers.FloatField())


class RecordSerializer(serializers.Serializer[Any]):
    """A monitor's breaches by what people said of them, and what it missed."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    urgency = serializers.CharField()
    opened = serializers.IntegerField()
    judged = serializers.DictField(child=serializers.IntegerField())
    unjudged = serializers.IntegerField()
    noise = serializers.IntegerField(help_text="Judged false or unactionable.")
    misses = serializers.IntegerField()
    precision = ShareSerializer(allow_null=True, help_text="Null while nothing is judged.")
    recall = ShareSerializer(allow_null=True)


class CalledSerializer(serializers.Serializer[Any]):
    """How often a person was called by breaches, and how often for nothing."""

    person = serializers.CharField()
    called = serializers.IntegerField()
    noise = serializers.IntegerField()
    unjudged = serializers.IntegerField()


class KindSerializer(serializers.Serializer[Any]):
    """A kind of monitor."""

    name = serializers.CharField()
    summary = serializers.CharField()
    schema = serializers.DictField(help_text="JSON Schema of the parameters.")
    form = serializers.ListField(
        child=serializers.DictField(), help_text="Name, label, input, bounds and help of each."
    )


class SeriesSerializer(serializers.Serializer[Any]):
    """A series; `labels` and `name` are its identity."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
    labels = serializers.DictField(read_only=True)
    unit = serializers.CharField(max_length=40, allow_blank=True, required=False)
    source = serializers.CharField(read_only=True)  # type: ignore[assignment]
    first_wins = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(read_only=True)


class BucketSerializer(serializers.Serializer[Any]):
    """Measurements of a stretch of time."""

    time = serializers.DateTimeField()
    lo = serializers.FloatField()
    mean = serializers.FloatField()
    hi = serializers.FloatField()
    n = serializers.IntegerField()


class ChartSerializer(serializers.Serializer[Any]):
    """A stretch of a series, down-sampled to buckets that keep the extremes."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    sampled = serializers.BooleanField()
    buckets = BucketSerializer(many=True)
