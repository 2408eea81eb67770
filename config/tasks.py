"""Upkeep of the installation itself."""

from __future__ import annotations

from celery import shared_task

from config.models import Heartbeat
from eventlog.clock import now


@shared_task(name="config.beat")
def beat() -> None:
    """Says that the scheduler and a worker live; `/readyz` listens."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": now()})
