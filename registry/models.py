"""Rows about models, data and lineage: read models, and facts in volume."""

from __future__ import annotations

from django.db import models


class HoldRow(models.Model):
    """One hold. It stands from `since` until `until` or until it was lifted."""

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    entity = models.TextField()
    reason = models.TextField()
    sentence = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    placed_at = models.DateTimeField()
    placed_by = models.TextField()
    lifted_at = models.DateTimeField(null=True)
    lifted_why = models.TextField(default="")

    class Meta:
        db_table = "registry_hold"
        indexes = [
            models.Index(fields=["entity", "since"], name="registry_hold_entity"),
            models.Index(fields=["-placed_at", "id"], name="registry_hold_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.entity}: {self.sentence}"
