"""Upkeep of the installation itself."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from celery import shared_task
from django.conf import settings

from config import outgoing
from config.models import Heartbeat, Verification
from eventlog import erasures
from eventlog.checkpoints import trusted_verifiers
from eventlog.clock import now
from eventlog.direct import connect
from eventlog.verification import Report, verify

PROBLEMS_KEPT = 20


@shared_task(name="config.beat")
def beat() -> None:
    """Says that the scheduler and a worker live; `/readyz` listens."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": now()})


@shared_task(name="config.send_heartbeat", ignore_result=True)
def send_heartbeat() -> bool:
    """Tells whoever listens outside that all is well, if it is."""
    return outgoing.send_heartbeat()


@shared_task(name="config.verify_log", ignore_result=True)
def verify_log(run: str) -> None:
    """Proves the whole log and keeps what was found; the page shows how far it has come."""
    asked = Verification.objects.get(id=UUID(run))
    if asked.ended_at is not None:
        return  # delivered twice
    named = settings.ENV.log_anchor_file
    try:
        with connect("verification") as connection:
            row = connection.execute("SELECT position FROM eventlog_head").fetchone()
            asked.total = int(row[0]) if row else 0
            step = _Progress(asked)
            anchor = Path(named) if named else None
            report = verify(connection, trusted_verifiers(), anchor, step)
        report.problems += [f"{s} was erased and has its key again" for s in erasures.returned()]
        _keep(asked, report)
    except Exception as error:
        asked.problems, asked.summary = [f"The verification itself failed: {error}"], "not finished"
        raise
    finally:
        asked.ended_at = asked.moved_at = now()
        asked.save()


class _Progress:
    def __init__(self, asked: Verification):
        self._asked = asked

    def __call__(self, count: int) -> None:
        self._asked.done += count
        self._asked.moved_at = now()
        self._asked.save(update_fields=["done", "total", "moved_at"])


def _keep(asked: Verification, report: Report) -> None:
    more = len(report.problems) - PROBLEMS_KEPT
    asked.problems = report.problems[:PROBLEMS_KEPT] + ([f"and {more:,} more"] if more > 0 else [])
    asked.done = report.events
    asked.summary = (
        f"{report.events:,} events, {report.sealed:,} sealed, {report.checkpoints:,} checkpoints, "
        f"{report.anchors:,} anchors; root {report.root.hex()}"
    )
