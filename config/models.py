"""Signs of life of the processes, and runs of the verification."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a kind of process last said that it lives; `trouble` is why it could not since then."""

    name = models.CharField(primary_key=True, max_length=50)
    at = models.DateTimeField()
    trouble = models.TextField(default="")

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"


class Verification(models.Model):
    """One run over the whole log, asked for from the log's page."""

    id = models.UUIDField(primary_key=True)
    asked_by = models.TextField()
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    problems = models.JSONField(default=list)
    summary = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="config_latest_verification")]

    def __str__(self) -> str:
        return f"verification of {self.started_at:%Y-%m-%d %H:%M:%S}"
