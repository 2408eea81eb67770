"""Installing a pack of monitors: what of it there are series for, and making the monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, Refused
from monitoring import commands, queries
from monitoring.evaluation import watch
from monitoring.kinds.base import BadParameter
from monitoring.models import MonitorRow
from monitoring.packs.base import Made, Pack, made, reads
from registry.queries import things

State = Literal["installed", "ready", "waits"]
SUBJECTS = ("service", "model")
MOST_SUGGESTED = 200


@dataclass(frozen=True)
class Planned:
    """A monitor of a pack: it is there already, or its series are, or some of them are missing."""

    made: Made
    state: State
    missing: tuple[str, ...]


def plan(pack: Pack, subject: str, chosen: Mapping[str, str]) -> list[Planned]:
    """What installing would do. Raises `Refused` naming the role or the subject."""
    if not commands.REF.fullmatch(subject):
        sentence = "Must be a ref such as service:search-ranking."
        raise Refused(sentence, code="bad_value", field="subject")
    try:
        parts = made(pack, subject, chosen)
    except BadParameter as error:
        raise Refused(f"{error.message}.", "bad_series", f"series.{error.field}") from error
    there = set(
        MonitorRow.objects.filter(id__in=[each.id for each in parts]).values_list("id", flat=True)
    )
    return [_planned(each, {str(id) for id in there}) for each in parts]


def _planned(each: Made, there: set[str]) -> Planned:
    missing = tuple(
        selector.series
        for selector, by in reads(each)
        if not queries.arrives(selector.series, selector.labels, by)
    )
    state: State = "installed" if each.id in there else "waits" if missing else "ready"
    return Planned(each, state, missing)


def install(
    pack: Pack, subject: str, chosen: Mapping[str, str], context: Context, *, whole: bool
) -> Sequence[Planned]:
    """Makes the monitors that there are series for, or with `whole` all of them; returns those made.

    What is there already stays as it is, also where somebody tuned it. Raises `Refused`.
    """
    at = now()
    wanted = {"ready", "waits"} if whole else {"ready"}
    chosen_ones = [each for each in plan(pack, subject, chosen) if each.state in wanted]
    asked = [
        commands.KeepMonitor(
            monitor=each.made.id,
            at=at,
            watch_from=queries.watched_until(
                each.made.definition["series"], each.made.definition["labels"]
            ),
            **each.made.definition,
        )
        for each in chosen_ones
    ]
    if asked:
        with transaction.atomic():
            store.execute_together(asked, context)
            for row in MonitorRow.objects.filter(id__in=[each.monitor for each in asked]):
                watch(row)
    return chosen_ones


def suggested() -> list[str]:
    """Refs of what packs are usually installed for, as far as the registry knows them."""
    found: list[str] = []
    for kind in SUBJECTS:
        rows = things.entities(kind).order_by("name", "id")[:MOST_SUGGESTED]
        found += [row.ref for row in rows if commands.REF.fullmatch(row.ref)]
    return found
