"""What the background does about experiments."""

from __future__ import annotations

from celery import shared_task

from eventlog.clock import now
from experiments import tending


@shared_task(name="experiments.tend")
def tend() -> dict[str, int]:
    """Starts what is queued, looks at what runs, and counts what was exposed before."""
    at = now()
    return {
        "started": len(tending.start_queued(at)),
        "done": len(tending.tend(at)),
        "filled": tending.backfill(at),
    }


@shared_task(name="experiments.observe")
def observe() -> int:
    """Sees to it that what was stopped is served no more."""
    return len(tending.observe(now()))
