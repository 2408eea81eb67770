"""Experiments, metrics and the sums behind results, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Q, QuerySet

from experiments.analysis import Audited, signed
from experiments.models import (
    Audit,
    Bin,
    Cell,
    ExperimentRow,
    ExposureCount,
    Look,
    MetricRow,
    TrackedRow,
)
from experiments.results import joint_moments
from experiments.state import LIVE, Part, Status
from experiments.stats.moments import JointMoments, Moments
from experiments.stats.results import Cannot
from experiments.stats.trend import trend

LATEST = ("-changed_at", "-key")
BY_METRIC = ("key",)
# Bins as `experiments.ingest.sums` makes them.
SMALLEST, GROWTH = 1e-9, 1.02
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


def units_a_day(experiment: str, phase: int, days: float) -> int:
    """New units a day over all arms, as they came so far."""
    return round(sum(count for count, _ in units_of(experiment, phase).values()) / max(days, 1.0))


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


def bins_of(experiment: str, phase: int) -> dict[str, dict[str, list[tuple[float, float, int]]]]:
    """Counts by bin, by metric and variation: lower end, upper end, units, in order."""
    rows = Bin.objects.filter(experiment=experiment, phase=str(phase)).exclude(n=0)
    found: dict[str, dict[str, list[tuple[float, float, int]]]] = {}
    for row in rows.order_by("metric", "variation", "bin"):
        arms = found.setdefault(row.metric, {}).setdefault(row.variation, [])
        arms.append((*ends_of(row.bin), row.n))
    return found


def ends_of(number: int) -> tuple[float, float]:
    """Lower and upper end of a bin."""
    if number == 0:
        return 0.0, 0.0
    low, high = (SMALLEST * GROWTH ** (abs(number) - 1 + step) for step in (0, 1))
    return (low, high) if number > 0 else (-high, -low)


def audits_of(experiment: str, phase: int) -> list[Audited]:
    """What the audits of a phase found."""
    rows = Audit.objects.filter(experiment=experiment, phase=str(phase)).order_by("kind", "subject")
    return [Audited(row.kind, row.subject, row.p_value, row.words) for row in rows]


def past_lifts(metric: str, limit: int = 100) -> list[float]:
    """Relative effects on a metric at the end of the latest experiments that were decided by it."""
    rows = ExperimentRow.objects.exclude(decision={}).order_by("-changed_at")
    mine = rows.filter(design__metrics__contains=[{"metric": metric}])
    found: list[float] = []
    for effects in mine.values_list("decision__evidence__effects", flat=True)[:limit]:
        found += [float(effect) for effect in (effects or {}).get(metric, {}).values()]
    return found


@dataclass(frozen=True, slots=True)
class Gain:
    """A decided experiment's gain offline and its effect online on the metric that decided.

    `agrees` says whether both have one sign, None while the interval holds both signs.
    """

    experiment: str
    title: str
    flag: str
    offline_metric: str
    metric: str
    variation: str
    offline: float
    online: float
    lo: float | None
    hi: float | None
    decision: str

    @property
    def agrees(self) -> bool | None:
        """Whether what was gained offline was gained online."""
        if self.lo is None or self.hi is None or self.lo <= 0 <= self.hi:
            return None
        return (self.online > 0) == (self.offline > 0)

    @property
    def interval_text(self) -> str:
        """The interval of the online effect in words."""
        known = self.lo is not None and self.hi is not None
        return f"{signed(self.lo or 0.0)} … {signed(self.hi or 0.0)}" if known else "none"


def gains(limit: int = 500) -> list[Gain]:
    """Decided experiments whose design says what was gained offline, the latest first."""
    rows = ExperimentRow.objects.exclude(decision={}).order_by("-changed_at")[:limit]
    found = []
    for row in rows:
        if row.design.get("offline_gain") is None:
            continue
        for one in row.decision["evidence"].get("comparisons", ()):
            if one["part"] != Part.PRIMARY or one["effect"] is None:
                continue
            found.append(
                Gain(
                    experiment=row.key,
                    title=row.title,
                    flag=row.flag,
                    offline_metric=row.design["offline_metric"],
                    metric=one["metric"],
                    variation=one["variation"],
                    offline=row.design["offline_gain"],
                    online=one["effect"],
                    lo=one["lo"],
                    hi=one["hi"],
                    decision=row.decision["decision"],
                )
            )
    return found


FEWEST_GAINS = 5


def slope_of(gains: Sequence[Gain]) -> str:
    """How much online effect came with one per cent offline, with its interval; refused for few."""
    known = [one for one in gains if one.lo is not None and one.hi is not None]
    if len(known) < FEWEST_GAINS or len({one.offline for one in known}) < 3:
        return f"{len(known)} decided with an interval: too few for a slope"
    fitted = trend(
        [one.offline for one in known],
        [one.online for one in known],
        # Widths of intervals at one alpha: the weights are right up to one factor for all.
        [(((one.hi or 0.0) - (one.lo or 0.0)) / 3.92) ** 2 for one in known],
    )
    if isinstance(fitted, Cannot):
        return fitted.reason
    low, high = (fitted.slope + sign * 1.96 * fitted.se for sign in (-1, 1))
    return f"{fitted.slope:.2f} of online effect for each of offline gain ({low:.2f} … {high:.2f})"
