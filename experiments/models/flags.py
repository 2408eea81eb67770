"""Rows about flags and layers, which are read models of the log, and about exposures, which are not.

Keys of the read models come from events and no foreign key ties one table to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models.functions import Now
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range


class FlagRow(models.Model):
    """One flag. `proposals` are the changes that wait for approval, by id."""

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    kind = models.TextField()
    owner = models.TextField()
    description = models.TextField()
    expires_on = models.DateField(null=True)
    needs_approval = models.BooleanField()
    archived = models.BooleanField(default=False)
    proposals = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_flag"

    def __str__(self) -> str:
        return self.key


class ServingRow(models.Model):
    """How a flag is served in an environment. `served` is false once the flag is archived."""

    pk = models.CompositePrimaryKey("environment", "flag")
    environment = models.TextField()
    flag = models.TextField()
    enabled = models.BooleanField(default=False)
    served = models.BooleanField(default=True)
    default = models.JSONField(null=True)
    rules = models.JSONField(default=list)
    revision = models.IntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.TextField()

    class Meta:
        db_table = "experiments_serving"
        indexes = [models.Index(fields=["flag"], name="experiments_serving_flag")]

    def __str__(self) -> str:
        return f"{self.flag} in {self.environment}"


class GroupRow(models.Model):
    """One saved group, as SDKs read it."""

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    definition = models.JSONField()
    description = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_group"

    def __str__(self) -> str:
        return self.key


class LayerRow(models.Model):
    """One layer. `cooling` holds until when freed segments rest, by segment."""

    key = models.TextField(primary_key=True)
    version = models.IntegerField()
    unit = models.TextField()
    salt = models.TextField()
    size = models.IntegerField()
    cool_down = models.IntegerField()
    is_holdout = models.BooleanField()
    description = models.TextField()
    cooling = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_layer"

    def __str__(self) -> str:
        return self.key


class SegmentsField(models.Field):  # type: ignore[type-arg]
    """A set of whole numbers, kept as ``int4multirange``; in Python a list of [start, end) pairs."""

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "int4multirange"

    def from_db_value(self, value: Any, *rest: Any) -> list[tuple[int, int]]:
        """Pairs in order."""
        return [(part.lower, part.upper) for part in value]

    def get_prep_value(self, value: Any) -> Any:
        """The multirange; PostgreSQL joins pairs that touch."""
        return Multirange(Range(start, end) for start, end in value)


def runs(segments: Iterable[int]) -> list[tuple[int, int]]:
    """Segments as [start, end) pairs of neighbours."""
    pairs: list[tuple[int, int]] = []
    for segment in sorted(segments):
        if pairs and pairs[-1][1] == segment:
            pairs[-1] = (pairs[-1][0], segment + 1)
        else:
            pairs.append((segment, segment + 1))
    return pairs


class AllocationRow(models.Model):
    """Segments of a layer that an experiment owns; the database lets nobody else own one of them."""

    pk = models.CompositePrimaryKey("layer", "experiment")
    layer = models.TextField()
    experiment = models.TextField()
    segments = SegmentsField()
    since = models.DateTimeField()

    class Meta:
        db_table = "experiments_allocation"
        constraints = [
            ExclusionConstraint(
                name="experiments_one_owner", expressions=[("layer", "="), ("segments", "&&")]
            )
        ]

    def __str__(self) -> str:
        return f"{self.experiment} in {self.layer}"


class SdkKeyRow(models.Model):
    """One SDK key in force or revoked."""

    key = models.TextField(primary_key=True)
    environment = models.TextField()
    name = models.TextField()
    encrypted = models.BooleanField()
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "experiments_sdk_key"

    def __str__(self) -> str:
        return f"{self.name} in {self.environment}"


class EnvironmentRow(models.Model):
    """How often anything that is served in an environment has changed, and when; ``*`` is for all."""

    name = models.TextField(primary_key=True)
    revision = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_environment"

    def __str__(self) -> str:
        return f"{self.name} {self.revision}"


class Exposure(models.Model):
    """A unit met an experiment: the first time in a phase, and with which variation.

    `exposed_at` is when it happened and `recorded_at` when we were told; `probability` is the
    chance with which it was logged at all. `several` marks units seen with more than one
    variation, which an analysis leaves out and counts.
    """

    pk = models.CompositePrimaryKey("experiment", "phase", "unit")
    experiment = models.TextField()
    phase = models.TextField()
    unit = models.TextField()
    variation = models.TextField()
    environment = models.TextField()
    exposed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    probability = models.FloatField()
    several = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict)

    class Meta:
        db_table = "experiments_exposure"  # partitioned by a hash of experiment and phase

    def __str__(self) -> str:
        return f"{self.unit} in {self.experiment}"


class ExposureCount(models.Model):
    """How many units met a variation in a phase, kept with each batch that is written.

    `several` of the `units` met more than one variation; `in_hour` were recorded since `hour`.
    """

    pk = models.CompositePrimaryKey("experiment", "phase", "variation")
    experiment = models.TextField()
    phase = models.TextField()
    variation = models.TextField()
    units = models.BigIntegerField()
    several = models.BigIntegerField()
    hour = models.DateTimeField()
    in_hour = models.BigIntegerField()
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "experiments_exposure_count"

    def __str__(self) -> str:
        return f"{self.units} in {self.variation} of {self.experiment}"


class FlagUse(models.Model):
    """When a flag was last asked for in an environment, and how often since it began."""

    pk = models.CompositePrimaryKey("environment", "flag")
    environment = models.TextField()
    flag = models.TextField()
    asked = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "experiments_flag_use"

    def __str__(self) -> str:
        return f"{self.flag} {self.asked}"
