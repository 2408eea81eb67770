"""Signs of life of the processes."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a kind of process last said that it lives."""

    name = models.CharField(primary_key=True, max_length=50)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
