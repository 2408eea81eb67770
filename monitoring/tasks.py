"""What the background does: evaluate what is due, keep house."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from celery import shared_task
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from eventlog.clock import now
from monitoring import evaluation, hooks
from monitoring.models import Look

log = structlog.get_logger(__name__)

MOMENT = 0.8


@shared_task(name="monitoring.evaluate_due")
def evaluate_due() -> int:
    """Evaluates every monitor that is due, or will be in a moment, and that nobody else evaluates.

    One process of a worker at a time: what a breach leads to is for the others, and must not wait
    behind evaluations. More workers evaluate more.
    """
    with _only_one_of_us() as is_free:
        done = evaluation.keep_evaluating(MOMENT) if is_free else 0
    if is_free:
        _come_back()
    return done


def _come_back() -> None:
    """Has the work gone on with if some is due in a moment.

    Whoever was nudged for it meanwhile found this process at work, and went home.
    """
    pause = evaluation.next_due_in()
    if pause is not None and pause < MOMENT:
        try:
            evaluate_due.apply_async(countdown=max(pause, 0), expires=5, retry=False)
        except OperationalError as error:
            log.warning("monitoring.broker_away", error=repr(error))


@contextmanager
def _only_one_of_us() -> Iterator[bool]:
    """Whether no other process of this worker is within. One that is killed leaves it free."""
    path = Path(tempfile.gettempdir()) / f"dropstitch-evaluator-{os.getuid()}-{os.getppid()}"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        # Somebody else's file must not keep monitors from being evaluated; only latency is at stake.
        log.warning("monitoring.no_lock_file", error=repr(error))
        yield True
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)


@shared_task(name="monitoring.adopt")
def adopt() -> int:
    """Makes up for evaluations that were never made because a process died."""
    return evaluation.adopt()


@shared_task(name="monitoring.relax")
def relax() -> int:
    """Ends the close watching after changes whose time is over."""
    return hooks.relax(now())


@shared_task(name="monitoring.drop_old_months")
def drop_old_months() -> list[str]:
    """Condenses and drops the months whose measurements are past their retention.

    What was found in them goes with them, and hours when they are past theirs.
    """
    at = now()
    horizon = at - timedelta(days=settings.ENV.measurement_retention_days)
    Look.objects.filter(time__lt=horizon).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM monitoring_hour WHERE hour < %s",
            [at - timedelta(days=settings.ENV.hour_retention_days)],
        )
        cursor.execute("SELECT monitoring_drop_months(%s)", [horizon])
        return list(cursor.fetchone()[0])
