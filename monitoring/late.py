"""Monitors that have something to judge again: what came late is noted, and they become due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce, Greatest, Least

from eventlog.db import fast_cursor
from monitoring import evaluation
from monitoring.judging import INSTANT
from monitoring.measurements import EPOCH
from monitoring.models import Evaluation


def judge_again(monitors: Collection[UUID], since: datetime, now: datetime) -> None:
    """Has monitors go back to `since`, those that have judged it, as for a late point.

    Those whose checkpoints do not reach as far go back to the first of them.
    """
    past = Evaluation.objects.filter(monitor__in=monitors, cursor__gte=since)
    late = [
        (monitor, max(since, _first(checkpoints) + INSTANT))
        for monitor, checkpoints in past.order_by("monitor").values_list("monitor", "checkpoints")
    ]
    if late:
        note_late(late)
        make_due([monitor for monitor, _ in late], now)


def _first(checkpoints: Sequence[dict[str, str]]) -> datetime:
    return datetime.fromisoformat(checkpoints[0]["cursor"]) if checkpoints else EPOCH


def note_late(late: list[tuple[UUID, datetime]]) -> None:
    """Notes for monitors at which times something came that they had judged."""
    with fast_cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring_late (monitor_id, time)"
            " SELECT * FROM unnest(%s::uuid[], %s::timestamptz[]) AS l(monitor_id, time)"
            " ORDER BY 1, 2 ON CONFLICT DO NOTHING",
            ([monitor for monitor, _ in late], [when for _, when in late]),
        )


def make_due(monitors: list[UUID], now: datetime) -> None:
    """Makes monitors due soon, except those that are being evaluated just now.

    Their evaluator looks again when it is done.
    """
    with transaction.atomic():
        waiting = Evaluation.objects.select_for_update(skip_locked=True).filter(
            monitor__in=monitors, due_at__gt=now + evaluation.SETTLE, failures=0
        )
        ids = list(waiting.values_list("monitor", flat=True))
        lately = Coalesce(F("evaluated_at"), Value(EPOCH)) + Value(evaluation.SETTLE)
        soon = Greatest(Value(now), lately, output_field=DateTimeField())
        Evaluation.objects.filter(monitor__in=ids).update(due_at=Least("due_at", soon))
