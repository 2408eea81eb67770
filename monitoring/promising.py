"""Carrying out what is asked about objectives: each change together with that of its monitors.

Every door comes through here, so that an objective never stands without the monitors it wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from eventlog import store
from eventlog.core import Conflict, Context
from eventlog.store import Receipt
from monitoring import commands, evaluation, queries
from monitoring.commands.objectives import check_key, ids_of
from monitoring.models import Evaluation, MonitorRow, SloRow

Defined = commands.CreateSlo | commands.ChangeSlo


def define(defined: Defined, context: Context, version: int | None = None) -> Receipt:
    """Defines an objective and gives it its monitors, in one transaction.

    With `version`, the objective has to be at that version still. Raises `Refused`.
    """
    check_key(defined.slo)
    with transaction.atomic():
        row = SloRow.objects.select_for_update().filter(key=defined.slo).first()
        had = ids_of(defined.stream, row.settings) if row and row.retired_at is None else []
        kept = commands.monitors_kept(defined, had, defined.at, _watch_from(defined))
        receipt = store.execute_together([defined, *kept], context)[0]
        _check_version(receipt, version)
        for monitor in MonitorRow.objects.filter(id__in=[one.monitor for one in kept]):
            evaluation.watch(monitor)
        forget([one.monitor for one in kept if isinstance(one, commands.DropMonitor)])
    return receipt


def retire(command: commands.RetireSlo, context: Context) -> Receipt:
    """Ends an objective and takes its monitors out of service. Raises `Refused`."""
    check_key(command.slo)
    with transaction.atomic():
        row = SloRow.objects.select_for_update().filter(key=command.slo).first()
        had = ids_of(command.stream, row.settings) if row else []
        dropped = commands.monitors_kept(None, had, command.at)
        receipt = store.execute_together([command, *dropped], context)[0]
        forget(had)
    return receipt


def _check_version(receipt: Receipt, version: int | None) -> None:
    """Undoes what was done, by raising, if the objective was not at the version that was seen."""
    before = receipt.version - len(receipt.events)
    if version is not None and not receipt.repeated and before != version:
        raise Conflict(
            "Somebody changed this objective meanwhile. Open it again beside this page, and"
            " send from there what is still right.",
            code="stale",
            field="version",
            current=before,
        )


def _watch_from(defined: Defined) -> datetime | None:
    first = next(iter(commands.monitors_kept(defined, [], defined.at)), None)
    if not isinstance(first, commands.KeepMonitor):
        return None
    return queries.watched_until(first.series, first.labels)


def forget(monitors: Sequence[str]) -> None:
    """An evaluation that outlived its monitor would go on where it stood if it came back."""
    Evaluation.objects.filter(monitor__in=monitors).delete()
