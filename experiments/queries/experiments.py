"""Experiments, metrics and the sums behind results, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Q, QuerySet

from experiments.models import Cell, ExperimentRow, ExposureCount, Look, MetricRow, TrackedRow
from experiments.results import joint_moments
from experiments.state import LIVE, Status
from experiments.stats.moments import JointMoments, Moments

LATEST = ("-changed_at", "-key")
BY_METRIC = ("key",)
# Moments by variation.
Arms = dict[str, JointMoments]


@dataclass(frozen=True)
class Sums:
    """The sums of one metric in a phase: all together, by slice, and by day of first exposure."""

    all: Arms
    by_slice: dict[str, Arms]
    by_day: dict[date, Arms]


def experiments(search: str = "", status: str = "") -> QuerySet[ExperimentRow]:
    """Experiments whose key or title contains `search`; all but the archived, unless asked for."""
    rows = ExperimentRow.objects.all()
    search = search.replace("\0", "")
    if search:
        rows = rows.filter(Q(key__icontains=search) | Q(title__icontains=search))
    if status:
        return rows.filter(status=status.replace("\0", ""))
    return rows.exclude(status=Status.ARCHIVED)


def experiment(key: str) -> ExperimentRow | None:
    """One experiment."""
    return ExperimentRow.objects.filter(key=key).first()


def running() -> list[ExperimentRow]:
    """Experiments that are running or paused."""
    return list(ExperimentRow.objects.filter(status__in=LIVE).order_by("key"))


def queued(at: datetime) -> list[ExperimentRow]:
    """Experiments whose time to start has come, those of low rank first."""
    rows = ExperimentRow.objects.filter(status=Status.QUEUED, not_before__lte=at)
    return list(rows.order_by("rank", "not_before", "key"))


def unobserved() -> list[ExperimentRow]:
    """Stopped experiments of which nobody has seen yet that they are served no more."""
    rows = ExperimentRow.objects.filter(status=Status.STOPPED, observed_at=None)
    return list(rows.order_by("key"))


def metrics(search: str = "") -> QuerySet[MetricRow]:
    """The library."""
    rows = MetricRow.objects.all()
    return rows.filter(key__icontains=search.replace("\0", "")) if search else rows


def definitions(keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Definitions of the metrics of these keys that exist."""
    rows = MetricRow.objects.filter(key__in=[key for key in keys if isinstance(key, str)])
    return {row.key: row.definition for row in rows}


def tracked(experiment: str, phase: int) -> dict[str, TrackedRow]:
    """What is kept of a phase, by metric."""
    rows = TrackedRow.objects.filter(experiment=experiment, phase=str(phase))
    return {row.metric: row for row in rows}


def users_of_metric(key: str) -> list[str]:
    """Experiments whose design names a metric."""
    rows = ExperimentRow.objects.filter(design__metrics__contains=[{"metric": key}])
    return list(rows.order_by("key").values_list("key", flat=True))


def units_of(experiment: str, phase: int) -> dict[str, tuple[int, int]]:
    """Units that met each variation, and how many of them met several."""
    rows = ExposureCount.objects.filter(experiment=experiment, phase=str(phase))
    return {row.variation: (row.units, row.several) for row in rows}


def last_heard(experiment: str, phase: int) -> dict[str, datetime]:
    """When each variation was last exposed to a new unit, as far as we were told."""
    rows = ExposureCount.objects.filter(experiment=experiment, phase=str(phase))
    return {row.variation: row.last_at for row in rows}


def sums_of(experiment: str, phase: int) -> dict[str, Sums]:
    """The sums of every metric of a phase. As many rows as there are cells, whatever the units."""
    rows = Cell.objects.filter(experiment=experiment, phase=str(phase)).exclude(n=0)
    found: dict[str, Sums] = {}
    for row in rows.order_by("metric", "slice", "day", "variation"):
        sums = found.setdefault(row.metric, Sums({}, {}, {}))
        moments = joint_moments(row.n, row.x, row.xx, row.y, row.yy, row.xy)
        if row.slice:
            _add(sums.by_slice.setdefault(row.slice, {}), row.variation, moments)
        else:
            _add(sums.all, row.variation, moments)
            _add(sums.by_day.setdefault(row.day, {}), row.variation, moments)
    return found


def _add(arms: Arms, variation: str, moments: JointMoments) -> None:
    arms[variation] = arms.get(variation, JointMoments(Moments(), Moments())).merge(moments)


def looks_of(experiment: str, phase: int, metric: str) -> list[Look]:
    """What was seen of a metric at each look, oldest first."""
    rows = Look.objects.filter(experiment=experiment, phase=str(phase), metric=metric)
    return list(rows.order_by("at", "variation"))


def least_p_values(experiment: str, phase: int) -> dict[tuple[str, str], float]:
    """The least always-valid p-value so far, by metric and variation: the one that counts."""
    rows = Look.objects.filter(experiment=experiment, phase=str(phase))
    least = rows.values("metric", "variation").annotate(least=Min("p_value"))
    return {(row["metric"], row["variation"]): row["least"] for row in least}


def past_lifts(metric: str, limit: int = 500) -> list[float]:
    """Relative effects on a metric at the end of experiments that were decided."""
    found = []
    rows = ExperimentRow.objects.exclude(decision={}).order_by("-changed_at")[:limit]
    for row in rows:
        effects = row.decision.get("evidence", {}).get("effects", {}).get(metric, {})
        found += [float(effect) for effect in effects.values()]
    return found
