"""Rows about monitors, which are read models of the log, and about measurements, which are not.

Measurements are telemetry: what is concluded from them is a story, they themselves are rows. So
are the evaluation's own notes (how far a monitor has read, what it remembers). Keys of the read
models come from events and no foreign key ties one table to another.
"""

from __future__ import annotations

from django.db import models


class MonitorRow(models.Model):
    """One monitor in service. `breach` is the ref of its open breach, or empty."""

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    revision = models.IntegerField()
    name = models.TextField()
    kind = models.TextField()
    parameters = models.JSONField()
    series = models.TextField()
    labels = models.JSONField()
    fingerprint = models.TextField()
    subjects = models.JSONField()
    urgency = models.TextField()
    severity = models.SmallIntegerField(null=True)
    environment = models.TextField()
    description = models.TextField()
    signal = models.TextField(default="")
    paused = models.BooleanField(default=False)
    pause_reason = models.TextField(default="")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    breach = models.TextField(default="")
    breached_since = models.DateTimeField(null=True)
    breaches = models.IntegerField(default=0)

    class Meta:
        db_table = "monitoring_monitor"
        indexes = [
            models.Index(fields=["name", "id"], name="monitoring_by_name"),
            models.Index(fields=["fingerprint"], name="monitoring_by_series"),
        ]

    def __str__(self) -> str:
        return self.name


class BreachRow(models.Model):
    """One breach. `onset` and `closed_at` are in event time, `opened_at` is when it was recorded.

    `judgement` is what people said it was, or empty, with their `note`.
    """

    id = models.UUIDField(primary_key=True)
    monitor = models.UUIDField()
    name = models.TextField()
    kind = models.TextField()
    urgency = models.TextField()
    subjects = models.JSONField()
    onset = models.DateTimeField()
    opened_at = models.DateTimeField()
    sentence = models.TextField()
    evidence = models.JSONField()
    closed_at = models.DateTimeField(null=True)
    closing_sentence = models.TextField(default="")
    closing_reason = models.TextField(default="")
    judgement = models.TextField(default="")
    judged_at = models.DateTimeField(null=True)
    judged_by = models.TextField(default="")
    note = models.TextField(default="")

    class Meta:
        db_table = "monitoring_breach"
        indexes = [
            models.Index(fields=["monitor", "-onset"], name="monitoring_breach_of"),
            models.Index(fields=["-onset", "-id"], name="monitoring_breach_latest"),
            models.Index(
                fields=["-onset", "-id"],
                condition=models.Q(judgement="", closed_at__isnull=False),
                name="monitoring_breach_unjudged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} since {self.onset:%Y-%m-%d %H:%M}"


class MissRow(models.Model):
    """Something that a monitor should have noticed. `about` is the ref of what happened."""

    id = models.UUIDField(primary_key=True)
    monitor = models.UUIDField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    note = models.TextField()
    about = models.TextField(default="")
    recorded_at = models.DateTimeField()
    recorded_by = models.TextField()

    class Meta:
        db_table = "monitoring_miss"
        indexes = [models.Index(fields=["monitor", "-since"], name="monitoring_miss_of")]

    def __str__(self) -> str:
        return f"missed {self.since:%Y-%m-%d %H:%M}: {self.note}"


class HappeningRow(models.Model):
    """Something outside that shows in measurements; `until` is null while its end is not known."""

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    title = models.TextField()
    category = models.TextField()
    regions = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    source = models.TextField()
    url = models.TextField()
    note = models.TextField()
    subjects = models.JSONField()
    noted_at = models.DateTimeField()
    noted_by = models.TextField()

    class Meta:
        db_table = "monitoring_happening"
        indexes = [models.Index(fields=["-since", "-id"], name="monitoring_happening_latest")]

    def __str__(self) -> str:
        return self.title


class FreshnessRow(models.Model):
    """A budget of freshness; `plan` is the plain form of `monitoring.freshness`."""

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    name = models.TextField()
    plan = models.JSONField()
    subjects = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.TextField()

    class Meta:
        db_table = "monitoring_freshness"
        indexes = [models.Index(fields=["name", "key"], name="monitoring_freshness_by_name")]

    def __str__(self) -> str:
        return self.name


class SloRow(models.Model):
    """One service level objective. `targets` are (since, share) as they changed, oldest first.

    `review` is what somebody found who last looked at it again.
    """

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    revision = models.IntegerField()
    name = models.TextField()
    description = models.TextField()
    owner = models.TextField()
    layer = models.TextField()
    subjects = models.JSONField()
    environment = models.TextField()
    severity = models.SmallIntegerField(null=True)
    review_on = models.DateField()
    settings = models.JSONField()
    document = models.JSONField()
    targets = models.JSONField()
    reason = models.TextField(default="")
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.TextField(default="")
    review = models.TextField(default="")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "monitoring_slo"
        indexes = [models.Index(fields=["name", "key"], name="monitoring_slo_by_name")]

    def __str__(self) -> str:
        return self.name


class NoticeRow(models.Model):
    """What owners were told of one change. `owners` are objects with `owner`, `of` and `count`."""

    id = models.UUIDField(primary_key=True)
    monitor = models.UUIDField()
    name = models.TextField()
    change = models.UUIDField()
    entity = models.TextField()
    family = models.TextField()
    sentence = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.TextField()
    owners = models.JSONField()
    subjects = models.JSONField()
    unowned = models.IntegerField()
    others = models.IntegerField()
    whole = models.BooleanField()
    watched_until = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        db_table = "monitoring_notice"
        indexes = [models.Index(fields=["-made_at", "-id"], name="monitoring_notice_latest")]

    def __str__(self) -> str:
        return f"{self.entity}: {self.sentence}"


class Series(models.Model):
    """A name with labels under which measurements arrive. `source` is who sent the first one."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    labels = models.JSONField()
    fingerprint = models.TextField(unique=True)
    unit = models.TextField(default="")
    source = models.TextField(default="")
    first_wins = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "monitoring_series"
        indexes = [
            models.Index(fields=["source"], name="monitoring_series_source"),
            models.Index(fields=["name", "id"], name="monitoring_series_name"),
        ]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        inner = ", ".join(f"{key}={value}" for key, value in sorted(self.labels.items()))
        return f"{self.name}{{{inner}}}" if inner else self.name


class Source(models.Model):
    """How far a source of measurements has come: the latest time it sent, and when it did."""

    ref = models.TextField(primary_key=True)
    latest = models.DateTimeField()
    heard_at = models.DateTimeField()

    class Meta:
        db_table = "monitoring_source"

    def __str__(self) -> str:
        return self.ref


class Evaluation(models.Model):
    """How far a monitor has been evaluated, what it remembers, and what it last said.

    `cursor` is the time of the last point judged, `cadence` the usual seconds between points.
    `checkpoints` are earlier states to go back to when a measurement arrives late. `breached` is
    what stands, whatever `status` says meanwhile. `error` is why the last attempt failed. A kind
    that looks at fixed instants has nothing to judge before event time comes to `wakes_at`.
    `urgent` ones are evaluated first: somebody is paged by them, or what they speak for depends on
    something that was changed and is watched closely until `closely_until`. `alone` are those that read more
    than the points of their own series, and so are not evaluated together with others.
    """

    monitor = models.UUIDField(primary_key=True)
    series = models.BigIntegerField()
    revision = models.IntegerField()
    cursor = models.DateTimeField(null=True)
    state = models.JSONField(default=dict)
    checkpoints = models.JSONField(default=list)
    status = models.TextField(default="no_data")
    breached = models.BooleanField(default=False)
    verdict = models.JSONField(default=dict)
    status_since = models.DateTimeField()
    due_at = models.DateTimeField()
    evaluated_at = models.DateTimeField(null=True)
    seen = models.BigIntegerField(default=0)
    cadence = models.FloatField(null=True)
    late = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    error = models.TextField(default="")
    wakes_at = models.DateTimeField(null=True)
    urgent = models.BooleanField(default=False)
    closely_until = models.DateTimeField(null=True)
    alone = models.BooleanField(default=False)

    class Meta:
        db_table = "monitoring_evaluation"
        indexes = [
            models.Index(fields=["alone", "-urgent", "due_at"], name="monitoring_due"),
            models.Index(fields=["series"], name="monitoring_eval_series"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor} {self.status}"


class Band(models.Model):
    """What was acceptable from `time` on, noted whenever it changed."""

    pk = models.CompositePrimaryKey("monitor", "time")
    monitor = models.UUIDField()
    time = models.DateTimeField()
    expected = models.FloatField(null=True)
    lo = models.FloatField(null=True)
    hi = models.FloatField(null=True)

    class Meta:
        db_table = "monitoring_band"

    def __str__(self) -> str:
        return f"{self.lo} … {self.hi}"


class Watched(models.Model):
    """A series that a monitor looks at beside others, so that its points can wake the monitor."""

    pk = models.CompositePrimaryKey("series", "monitor")
    series = models.BigIntegerField()
    monitor = models.UUIDField()

    class Meta:
        db_table = "monitoring_watched"
        indexes = [models.Index(fields=["monitor"], name="monitoring_watched_by")]

    def __str__(self) -> str:
        return f"{self.monitor} watches {self.series}"


class Look(models.Model):
    """What a monitor found at one tick: the numbers of its verdict."""

    pk = models.CompositePrimaryKey("monitor", "time")
    monitor = models.UUIDField()
    time = models.DateTimeField()
    status = models.TextField()
    value = models.FloatField(null=True)
    expected = models.FloatField(null=True)
    lo = models.FloatField(null=True)
    hi = models.FloatField(null=True)
    score = models.FloatField(null=True)
    n = models.BigIntegerField()

    class Meta:
        db_table = "monitoring_look"
        indexes = [models.Index(fields=["time"], name="monitoring_look_by_time")]

    def __str__(self) -> str:
        return f"{self.monitor} {self.time} {self.status}"
