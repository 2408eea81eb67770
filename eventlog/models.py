"""The log's tables as Django sees them: to read, never to write. Their DDL is in `sql/`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Stream(models.Model):
    """The head of one entity's story."""

    stream = models.TextField(primary_key=True)
    version = models.IntegerField()
    head_hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "eventlog_stream"

    def __str__(self) -> str:
        return f"{self.stream}@{self.version}"


class StoredEvent(models.Model):
    """One event as stored."""

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField()
    stream = models.TextField()
    version = models.IntegerField()
    type = models.TextField()
    schema = models.SmallIntegerField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    command_id = models.UUIDField()
    correlation_id = models.UUIDField(null=True)
    causation_id = models.UUIDField(null=True)
    refs = ArrayField(models.TextField())
    payload = models.JSONField()
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "eventlog_event"

    def __str__(self) -> str:
        return f"{self.type} {self.stream}@{self.version}"


class Checkpoint(models.Model):
    """A signed statement about the whole log up to a size."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    key_id = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "eventlog_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint at {self.size}"


class FollowerPosition(models.Model):
    """How far a reader of the log has come."""

    name = models.TextField(primary_key=True)
    position = models.BigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "eventlog_follower"

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class ParkedEvent(models.Model):
    """An event that a follower could not digest, or one that waits behind it."""

    position = models.BigIntegerField(primary_key=True)  # with the follower, as far as SQL goes
    follower = models.TextField()
    stream = models.TextField()
    attempts = models.IntegerField()
    retry_at = models.DateTimeField(null=True)
    error = models.TextField()
    parked_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "eventlog_parked"

    def __str__(self) -> str:
        return f"{self.position} for {self.follower}"
