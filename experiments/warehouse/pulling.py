"""Bringing the sums of an experiment from a warehouse to where results are read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal

from django.db import transaction

from eventlog.core import Refused
from eventlog.db import fast_cursor
from experiments import queries
from experiments.ingest import sums
from experiments.models import Bin, Cell, Exposure, ExposureCount, TrackedRow
from experiments.warehouse.aggregation import Asked, Moments, Rows

# As many digits as the exact sums of what is sent to us: moments come back as they were.
EXACT = Context(prec=120)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was brought: units, cells of sums, and the phase that they are of."""

    phase: int
    units: int
    cells: int


def pull(experiment: str, rows: Rows, at: datetime) -> Pulled:
    """Replaces the sums of the present or last phase by those of a warehouse.

    Everything or nothing; a second pull of the same rows leaves the same sums. Raises `Refused`
    for an experiment that never started or whose units are sent to us, which a pull would count
    again, and `BadSource`.
    """
    row = queries.experiment(experiment)
    if row is None:
        raise Refused("There is no such experiment.", "unknown", "experiment")
    tracked = list(queries.tracked(row.key, row.phase).values())
    if not tracked:
        raise Refused("It has not started.", "wrong_state", "experiment", row.status)
    # The warehouse is asked before anything is locked here.
    asked = [asked_of(one) for one in tracked]
    cells = [cell for one in asked for cell in _cells(row.key, row.phase, one, rows, at.date())]
    bins = [
        Bin(experiment=row.key, phase=str(row.phase), metric=one.metric, variation=v, bin=b, n=n)
        for one in asked
        if one.aggregation == "quantile"
        for v, b, n in rows.bins(one)
    ]
    counts = rows.units()
    place = {"experiment": row.key, "phase": str(row.phase)}
    with transaction.atomic():
        with fast_cursor() as cursor:
            sums.lock(cursor, [(row.key, str(row.phase))])
        if Exposure.objects.filter(**place).exists():
            sentence = "Its units are sent to us already; a pull would count them twice."
            raise Refused(sentence, "sent", "experiment")
        for kept in (Cell, Bin, ExposureCount):
            kept.objects.filter(**place).delete()
        Cell.objects.bulk_create(cells, batch_size=2_000)
        Bin.objects.bulk_create(bins, batch_size=2_000)
        ExposureCount.objects.bulk_create(_counts(place, counts, at))
    return Pulled(row.phase, sum(units for units, _ in counts.values()), len(cells))


def asked_of(tracked: TrackedRow) -> Asked:
    """A metric as a warehouse is asked for it."""
    return Asked(
        metric=tracked.metric,
        aggregation=tracked.aggregation,
        source=tracked.source,
        denominator=tracked.denominator,
        cap=None if tracked.cap is None else float(tracked.cap),
        window_hours=tracked.window_hours,
        before_days=tracked.before_days,
        slices=tuple(tracked.slices),
        until=tracked.until,
    )


def _cells(experiment: str, phase: int, asked: Asked, rows: Rows, today: date) -> Iterable[Cell]:
    for one in rows.moments(asked):
        yield Cell(
            experiment=experiment,
            phase=str(phase),
            metric=asked.metric,
            variation=one.variation,
            slice=one.slice,
            day=one.day or today,
            n=one.n,
            **_sums(one),
        )


def _sums(one: Moments) -> dict[str, Decimal]:
    """The sums that have these moments, to the last digit."""
    n, x, y = Decimal(one.n), Decimal(one.x), Decimal(one.y)

    def about_zero(left: float, a: Decimal, b: Decimal) -> Decimal:
        return EXACT.add(Decimal(left), EXACT.multiply(n, EXACT.multiply(a, b)))

    return {
        "x": EXACT.multiply(n, x),
        "xx": about_zero(one.xx, x, x),
        "y": EXACT.multiply(n, y),
        "yy": about_zero(one.yy, y, y),
        "xy": about_zero(one.xy, x, y),
    }


def _counts(
    place: dict[str, str], counts: dict[str, tuple[int, int]], at: datetime
) -> list[ExposureCount]:
    return [
        ExposureCount(
            **place,
            variation=variation,
            units=units,
            several=several,
            hour=at.replace(minute=0, second=0, microsecond=0),
            in_hour=0,
            last_at=at,
        )
        for variation, (units, several) in counts.items()
    ]
