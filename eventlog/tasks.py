"""Background work of the log: reactions and following read models."""

from __future__ import annotations

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from eventlog import followers

log = structlog.get_logger(__name__)


@shared_task(name="eventlog.catch_up", ignore_result=True)
def catch_up() -> int:
    """Runs every follower to the end of the sealed log. Harmless at any time, in any number."""
    return followers.catch_up()


def ring(types: frozenset[str]) -> bool:
    """Wakes a worker if some follower waits for one of these event types.

    A hint and nothing more: the schedule wakes a worker anyway, so a broker that is away costs a
    second and no event.
    """
    if types.isdisjoint(followers.wanted_types()):
        return False
    try:
        catch_up.apply_async(retry=False, expires=30)
    except OperationalError as error:
        log.warning("doorbell.broker_away", error=repr(error))
        return False
    return True
