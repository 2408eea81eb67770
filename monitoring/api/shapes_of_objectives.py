"""Shapes of objectives, their budgets, periods and slices on the REST doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from eventlog.clock import now
from monitoring import slos
from monitoring.models import SloRow
from monitoring.state import Layer


class SloFields(serializers.Serializer[Any]):
    """An objective: what is promised, by whom, for what."""

    name = serializers.CharField(max_length=180)
    description = serializers.CharField(max_length=2000, allow_blank=True, default="")
    owner = serializers.CharField(
        max_length=2000, allow_blank=True, default="", help_text="Who answers for it."
    )
    layer = serializers.ChoiceField([str(layer) for layer in Layer], default=str(Layer.SERVING))
    subjects = serializers.ListField(
        child=serializers.CharField(), default=list, help_text="Refs such as service:checkout."
    )
    environment = serializers.CharField(max_length=200, default="production")
    severity = serializers.IntegerField(
        min_value=1, max_value=4, allow_null=True, default=None, help_text="A hint; 1 is worst."
    )
    review_on = serializers.CharField(
        max_length=10, allow_blank=True, default="", help_text="A date; 90 days from now if empty."
    )
    settings = serializers.DictField(help_text="target, window, indicator and alerts.")


class NewSlo(SloFields):
    """An objective and its key; without one, the name makes it."""

    key = serializers.CharField(max_length=100, allow_blank=True, default="")


class ChangedSlo(SloFields):
    """An objective as it shall be, and why."""

    reason = serializers.CharField(max_length=2000)


class ReviewedSlo(serializers.Serializer[Any]):
    """What somebody found who looked at an objective again."""

    reason = serializers.CharField(max_length=2000, help_text="What was found.")
    review_on = serializers.CharField(
        max_length=10, allow_blank=True, default="", help_text="A date; 90 days from now if empty."
    )


class SloSerializer(SloFields):
    """An objective as it is."""

    key = serializers.CharField()
    ref = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    revision = serializers.IntegerField()
    review_on = serializers.DateField()  # type: ignore[assignment]
    review_due = serializers.SerializerMethodField()
    reason = serializers.CharField(help_text="Why it was last changed or retired.")
    reviewed_at = serializers.DateTimeField(allow_null=True)
    reviewed_by = serializers.CharField(help_text="Ref of who last reviewed it, or empty.")
    review = serializers.CharField(help_text="What they found.")
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)

    def get_ref(self, row: SloRow) -> str:
        """The objective's ref."""
        return f"slo:{row.key}"

    def get_review_due(self, row: SloRow) -> bool:
        """Whether its review date has come."""
        return slos.review_is_due(row, now().date())


class BudgetSerializer(serializers.Serializer[Any]):
    """The error budget of the window."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    events = serializers.IntegerField()
    bad = serializers.IntegerField()
    error = serializers.FloatField(allow_null=True, help_text="Share that was bad.")
    spent = serializers.FloatField(help_text="Share of the budget; above 1 it is overspent.")
    remaining = serializers.FloatField()
    burn = serializers.FloatField(
        allow_null=True, help_text="Times as fast as allowed, in the last 24 h."
    )
    coverage = serializers.FloatField(help_text="Share of the time that has counts.")
    exhaustion = serializers.DateTimeField(
        allow_null=True, help_text="When it was, or at this rate will be, used up."
    )


class PairSerializer(serializers.Serializer[Any]):
    """What one pair of windows says."""

    name = serializers.CharField()
    urgency = serializers.CharField()
    state = serializers.CharField(help_text="firing, held, quiet or unknown.")
    fraction = serializers.FloatField()
    factor = serializers.FloatField()
    long = serializers.CharField()
    short = serializers.CharField()
    long_burn = serializers.FloatField(allow_null=True)
    short_burn = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField()
    events = serializers.IntegerField()
    bad = serializers.IntegerField()


class RemainingSerializer(serializers.Serializer[Any]):
    """A point of the burn-down."""

    time = serializers.DateTimeField()
    remaining = serializers.FloatField()


class StandingSerializer(serializers.Serializer[Any]):
    """How an objective stands."""

    status = serializers.CharField(help_text="firing, quiet, unknown or not_connected.")
    urgency = serializers.CharField()
    at = serializers.DateTimeField()
    budget = BudgetSerializer(allow_null=True)
    alerts = PairSerializer(many=True)
    burn_down = RemainingSerializer(many=True)
    wrong = serializers.IntegerField(help_text="Minutes whose measurements cannot be counts.")
    monitors = serializers.ListField(child=serializers.CharField())


class KeptSerializer(serializers.Serializer[Any]):
    """What became of an objective in one period, by what was counted in it."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="How far it was looked at.")
    whole = serializers.BooleanField(help_text="Whether the period has ended.")
    outcome = serializers.CharField(help_text="met, missed or unknown; so far, while it runs.")
    good = serializers.IntegerField()
    bad = serializers.IntegerField()
    total = serializers.IntegerField()
    objective = serializers.CharField(help_text="The target at the end, exactly.")
    attained = serializers.FloatField(allow_null=True, help_text="As the target counts.")
    counted_bad = serializers.CharField(help_text="Bad events or slices, exactly.")
    allowed_bad = serializers.CharField(help_text="As many could have been bad, exactly.")
    spent = serializers.FloatField(
        allow_null=True, help_text="Share of the budget of what was counted; above 1 if missed."
    )
    coverage = serializers.FloatField(help_text="Share of the time so far that has counts.")


class ComplianceSerializer(serializers.Serializer[Any]):
    """Whether an objective was kept, newest period first."""

    key = serializers.CharField()
    period = serializers.CharField()
    items = KeptSerializer(many=True)


class SloSliceSerializer(serializers.Serializer[Any]):
    """One slice, over the window that slices are ordered by."""

    slice = serializers.CharField()
    events = serializers.IntegerField()
    bad = serializers.IntegerField()
    of_traffic = serializers.FloatField(help_text="Share of the events of all slices.")
    of_bad = serializers.FloatField(allow_null=True, help_text="Share of their bad events.")
    attained = serializers.FloatField(allow_null=True)
    burn = serializers.FloatField(allow_null=True, help_text="Times as fast as allowed.")
    alerts = PairSerializer(many=True)


class SloSlicesSerializer(serializers.Serializer[Any]):
    """An objective by the values of one label, the worst first."""

    labels = serializers.ListField(child=serializers.CharField(), help_text="Choices of `by`.")
    by = serializers.CharField()
    windows = serializers.ListField(child=serializers.CharField(), help_text="Choices of `over`.")
    over = serializers.CharField()
    minimum = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True)
    small = serializers.IntegerField(help_text="Slices of fewer events than `minimum`.")
    silent = serializers.IntegerField(help_text="Slices without a count in that time.")
    items = SloSliceSerializer(many=True)


class ImportSerializer(serializers.Serializer[Any]):
    """OpenSLO documents, or what Sloth reads, as text."""

    text = serializers.CharField(max_length=200_000, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would happen.")


class ImportedSerializer(serializers.Serializer[Any]):
    """What became of one objective of an import."""

    key = serializers.CharField()
    name = serializers.CharField()
    action = serializers.ChoiceField(["create", "change", "none"])
    location = serializers.CharField()


class WarnedSerializer(serializers.Serializer[Any]):
    """Something that is kept as it was and not acted on."""

    field = serializers.CharField()
    message = serializers.CharField()


class ImportReport(serializers.Serializer[Any]):
    """What an import did, or would do."""

    items = ImportedSerializer(many=True)
    warnings = WarnedSerializer(many=True)
    dry_run = serializers.BooleanField()
