"""What the background does about incidents."""

from __future__ import annotations

from celery import shared_task

from eventlog.clock import now
from incidents import reminding


@shared_task(name="incidents.remind")
def remind() -> int:
    """Decides the reminders of follow-ups that are due."""
    return reminding.remind(now())
