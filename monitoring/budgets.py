"""Budgets of freshness as they stand, and carrying out what is asked about them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from eventlog import store
from eventlog.core import Context
from eventlog.store import Receipt
from monitoring import commands, evaluation, freshness, queries
from monitoring.commands.freshness import monitor_id
from monitoring.commands.objectives import check_key
from monitoring.models import FreshnessRow, MonitorRow
from monitoring.promising import forget
from monitoring.queries import MonitorView, without_nul

BY_NAME = ("name", "key")


@dataclass(frozen=True, slots=True)
class Watched:
    """A stage and the monitor of its output, None where nothing tells its age."""

    stage: freshness.Stage
    monitor: MonitorView | None


def budgets(search: str = "") -> QuerySet[FreshnessRow]:
    """Budgets whose name or key contains a text; a page of them is read in the order `BY_NAME`."""
    text = without_nul(search)
    return FreshnessRow.objects.filter(Q(name__icontains=text) | Q(key__icontains=text))


def stages(row: FreshnessRow) -> list[Watched]:
    """The stages of a budget, in their order."""
    stream, plan = f"freshness:{row.key}", freshness.read(row.plan)
    ids = [monitor_id(stream, stage.name) for stage in plan.stages]
    rows = MonitorRow.objects.filter(id__in=ids)
    known = {str(view.id): view for view in queries.views(rows)}
    return [Watched(stage, known.get(id)) for stage, id in zip(plan.stages, ids, strict=True)]


def plan(command: commands.PlanFreshness, context: Context) -> Receipt:
    """Sets a budget and gives its stages their monitors, in one transaction. Raises `Refused`."""
    check_key(command.freshness)
    with transaction.atomic():
        kept = commands.stage_monitors(command, _had(command.stream), command.at)
        receipt = store.execute_together([command, *kept], context)[0]
        for monitor in MonitorRow.objects.filter(id__in=[one.monitor for one in kept]):
            evaluation.watch(monitor)
        forget([one.monitor for one in kept if isinstance(one, commands.DropMonitor)])
    return receipt


def retire(command: commands.RetireFreshness, context: Context) -> Receipt:
    """Ends a budget and takes its monitors out of service. Raises `Refused`."""
    check_key(command.freshness)
    with transaction.atomic():
        had = _had(command.stream)
        dropped = commands.stage_monitors(None, had, command.at)
        receipt = store.execute_together([command, *dropped], context)[0]
        forget(had)
    return receipt


def _had(stream: str) -> list[str]:
    """Ids of the monitors that a budget has; its row is locked, so that two do not change it."""
    key = stream.partition(":")[2]
    row = FreshnessRow.objects.select_for_update().filter(key=key).first()
    if row is None:
        return []
    return [
        monitor_id(stream, stage.name)
        for stage in freshness.read(row.plan).stages
        if stage.series is not None
    ]
