"""Rows about experiments and metrics, outcomes, and the sums that results are computed from."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

NUMBER = {"max_digits": 1_000, "decimal_places": 100}


class Exact(models.DecimalField):  # type: ignore[type-arg]
    """A decimal of as many digits as it takes: PostgreSQL's ``numeric`` without a limit."""

    def __init__(self, **options: object):
        super().__init__(**{**options, **NUMBER})  # type: ignore[arg-type]

    def db_type(self, connection: object) -> str:
        """The column's type."""
        return "numeric"


class MetricRow(models.Model):
    """A metric of the library."""

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    definition = models.JSONField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_metric"

    def __str__(self) -> str:
        return self.key


class ExperimentRow(models.Model):
    """One experiment. `stop` and `decision` say how it ended, `cleared` what was found behind checks."""

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    status = models.TextField()
    title = models.TextField()
    owner = models.TextField()
    flag = models.TextField()
    environment = models.TextField()
    layer = models.TextField()
    design = models.JSONField()
    designed_by = models.TextField()
    designed_at = models.DateTimeField()
    changed_in_run = models.BooleanField(default=False)
    reviewed_by = models.TextField(default="")
    not_before = models.DateTimeField(null=True)
    rank = models.IntegerField(default=100)
    phase = models.IntegerField(default=0)
    seed = models.TextField(default="")
    coverage = models.FloatField(default=0)
    step = models.IntegerField(default=0)
    step_since = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stop = models.JSONField(default=dict)
    observed_at = models.DateTimeField(null=True)
    observation = models.JSONField(default=dict)
    cleared = models.JSONField(default=dict)
    decision = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_experiment"
        indexes = [models.Index(fields=["status", "key"], name="experiments_experiment_status")]

    def __str__(self) -> str:
        return self.key


class TrackedRow(models.Model):
    """A metric that is kept for a phase of an experiment, as it was defined when it came in.

    What happened at `until`, when the phase was stopped, or later does not count.
    """

    pk = models.CompositePrimaryKey("experiment", "phase", "metric")
    experiment = models.TextField()
    phase = models.TextField()
    metric = models.TextField()
    name = models.TextField()
    aggregation = models.TextField()
    source = models.TextField()
    denominator = models.TextField()
    direction = models.TextField()
    unit = models.TextField()
    cap = Exact(null=True)
    window_hours = models.IntegerField()
    before_days = models.IntegerField()
    slices = ArrayField(models.TextField())
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "experiments_tracked"
        indexes = [models.Index(fields=["source"], name="experiments_tracked_source")]

    def __str__(self) -> str:
        return f"{self.metric} of {self.experiment}"


class Backfill(models.Model):
    """How far the units that were exposed before a metric was tracked have been counted."""

    pk = models.CompositePrimaryKey("experiment", "phase", "metric")
    experiment = models.TextField()
    phase = models.TextField()
    metric = models.TextField()
    last_unit = models.TextField(default="")
    units = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "experiments_backfill"

    def __str__(self) -> str:
        return f"{self.metric} of {self.experiment}: {self.units}"


class Outcome(models.Model):
    """Something that a unit did, with a value. Its `id` names it for ever within unit and source."""

    pk = models.CompositePrimaryKey("unit", "source", "id")
    unit = models.TextField()
    source = models.TextField()
    id = models.TextField()
    time = models.DateTimeField()
    value = Exact()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "experiments_outcome"  # partitioned by a hash of the unit

    def __str__(self) -> str:
        return f"{self.source} of {self.unit}"


class UnitValue(models.Model):
    """What one unit adds to the sums of a metric: its value `x`, and `y`, what it is compared with.

    `y` is the denominator of a ratio and the covariate of anything else.
    """

    pk = models.CompositePrimaryKey("experiment", "phase", "unit", "metric")
    experiment = models.TextField()
    phase = models.TextField()
    metric = models.TextField()
    unit = models.TextField()
    variation = models.TextField()
    day = models.DateField()
    slices = ArrayField(models.TextField())
    x = Exact()
    y = Exact()

    class Meta:
        db_table = "experiments_unit_value"  # partitioned by a hash of experiment and phase

    def __str__(self) -> str:
        return f"{self.unit}: {self.x}"


class Cell(models.Model):
    """Exact sums over the units of a variation that were first exposed on a day, of one slice.

    `slice` is ``name=value``, empty for all of them.
    """

    pk = models.CompositePrimaryKey("experiment", "phase", "metric", "variation", "slice", "day")
    experiment = models.TextField()
    phase = models.TextField()
    metric = models.TextField()
    variation = models.TextField()
    slice = models.TextField()
    day = models.DateField()
    n = models.BigIntegerField()
    x = Exact()
    xx = Exact()
    y = Exact()
    yy = Exact()
    xy = Exact()

    class Meta:
        db_table = "experiments_cell"

    def __str__(self) -> str:
        return f"{self.metric} of {self.experiment}: {self.n}"


class Look(models.Model):
    """What was seen when the results of a phase were looked at, by metric and variation."""

    pk = models.CompositePrimaryKey("experiment", "phase", "metric", "variation", "at")
    experiment = models.TextField()
    phase = models.TextField()
    metric = models.TextField()
    variation = models.TextField()
    at = models.DateTimeField()
    n = models.BigIntegerField()
    effect = models.FloatField()
    lo = models.FloatField()
    hi = models.FloatField()
    p_value = models.FloatField()

    class Meta:
        db_table = "experiments_look"

    def __str__(self) -> str:
        return f"{self.metric} of {self.experiment} at {self.at}"


class ServedRevision(models.Model):
    """The revision of an environment that a process serves flags from, said by itself."""

    pk = models.CompositePrimaryKey("process", "environment")
    process = models.TextField()
    environment = models.TextField()
    revision = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "experiments_served_revision"

    def __str__(self) -> str:
        return f"{self.process} serves {self.environment} {self.revision}"
