"""What the background does: evaluate what is due, keep house."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db import connection

from eventlog.clock import now
from monitoring import evaluation
from monitoring.models import Look

MOMENT = 0.8


@shared_task(name="monitoring.evaluate_due")
def evaluate_due() -> int:
    """Evaluates every monitor that is due, or will be in a moment, and that nobody else evaluates."""
    return evaluation.keep_evaluating(MOMENT)


@shared_task(name="monitoring.adopt")
def adopt() -> int:
    """Makes up for evaluations that were never made because a process died."""
    return evaluation.adopt()


@shared_task(name="monitoring.drop_old_months")
def drop_old_months() -> list[str]:
    """Drops the months whose measurements are past their retention, and what was found in them."""
    horizon = now() - timedelta(days=settings.ENV.measurement_retention_days)
    Look.objects.filter(time__lt=horizon).delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_drop_months(%s)", [horizon])
        return list(cursor.fetchone()[0])
