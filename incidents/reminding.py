"""The clock of follow-ups: which reminders are due, each decided once.

When the next one is due stands in the row, and which one it is follows from the stream and the
time. So late ticks, restarts and two schedulers beside each other decide each step once.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from eventlog.core import Context, Refused
from eventlog.store import execute
from incidents.commands import RemindFollowUp
from incidents.models import FollowUpRow

ACTOR = "system:incidents.remind"
AT_ONCE = 200

log = structlog.get_logger(__name__)


def remind(at: datetime) -> int:
    """Decides the reminders that are due at a time; returns how many."""
    due = FollowUpRow.objects.filter(remind_at__lte=at).order_by("remind_at", "id")[:AT_ONCE]
    return sum(_remind(row, at) for row in due)


def _remind(row: FollowUpRow, at: datetime) -> bool:
    command = RemindFollowUp(incident=str(row.incident), at=at, follow_up=str(row.id))
    try:
        return bool(execute(command, Context.by(ACTOR)).events)
    except Refused as refusal:
        # Others keep writing to this incident: the next tick asks again.
        log.warning("reminder.refused", follow_up=str(row.id), code=refusal.code)
        return False
