"""Audits of running experiments that cost a pass over their units: now and then, not at each look.

*Interaction*: does another experiment on the same units change the effect? *Standing A/A*: where
nothing differs, do the tests find something as often as they claim? The units of the control are split
in two by fresh seeds, again and again, as an experiment would split them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from experiments import queries
from experiments.analysis import ONE_VALUE
from experiments.assignment.bulk import places
from experiments.models import Audit, ExperimentRow, TrackedRow
from experiments.state import LIVE, Aggregation, Part
from experiments.stats import ratios, welch
from experiments.stats.interaction import interaction
from experiments.stats.moments import Moments
from experiments.stats.results import Cannot
from experiments.stats.uniformity import uniformity

EVERY = timedelta(hours=1)
AA_EVERY = timedelta(days=1)
SPLITS = 200
MOST_UNITS = 100_000
FEWEST_UNITS = 200
MOST_OTHERS = 20  # experiments that one is compared with: those that started last

COMBINED = """
SELECT v.variation, e.variation, count(*), avg(v.x)::float8, coalesce(var_samp(v.x), 0)::float8
FROM experiments_unit_value AS v
JOIN experiments_exposure AS e
    ON e.experiment = %s AND e.phase = %s AND e.unit = v.unit AND NOT e.several
WHERE v.experiment = %s AND v.phase = %s AND v.metric = %s
GROUP BY 1, 2
"""
CONTROL = """
SELECT unit, x::float8, y::float8 FROM experiments_unit_value
WHERE experiment = %s AND phase = %s AND metric = %s AND variation = %s
ORDER BY unit LIMIT %s
"""

Floats = NDArray[np.float64]


def audit(at: datetime) -> int:
    """Audits every experiment that is due; returns how many audits were made."""
    made = 0
    for row in queries.running():
        made += _interactions(row, at) if _is_due(row, "interaction", at, EVERY) else 0
        made += _standing_aa(row, at) if _is_due(row, "aa", at, AA_EVERY) else 0
    return made


def _is_due(row: ExperimentRow, kind: str, at: datetime, every: timedelta) -> bool:
    same = Audit.objects.filter(experiment=row.key, phase=str(row.phase), kind=kind)
    return not same.filter(at__gt=at - every).exists()


def _interactions(row: ExperimentRow, at: datetime) -> int:
    """Every other experiment that shares units, on the metrics that decide."""
    others = ExperimentRow.objects.filter(status__in=LIVE, environment=row.environment)
    made = 0
    others = others.exclude(key=row.key)
    if row.layer:
        others = others.exclude(layer=row.layer)
    for other in others.order_by("-started_at", "key")[:MOST_OTHERS]:
        for metric in _deciding(row):
            p, words = interaction_of(row, other, metric)
            _note(row, "interaction", f"{other.key}:{metric}", p, words, at)
            made += 1
    return made


def _deciding(row: ExperimentRow) -> list[str]:
    """Metrics that decide and are a mean of one value a unit."""
    tracked = queries.tracked(row.key, row.phase)
    return [
        one["metric"]
        for one in row.design["metrics"]
        if one["part"] == Part.PRIMARY
        and one["metric"] in tracked
        and tracked[one["metric"]].aggregation in ONE_VALUE
    ]


def interaction_of(
    row: ExperimentRow, other: ExperimentRow, metric: str
) -> tuple[float | None, str]:
    """How much each treatment of the other changes each effect of this: the least p, corrected."""
    with connection.cursor() as cursor:
        where = [other.key, str(other.phase), row.key, str(row.phase), metric]
        cursor.execute(COMBINED, where)
        cells = {
            (mine, theirs): Moments.of_variance(n, mean, variance)
            for mine, theirs, n, mean, variance in cursor.fetchall()
        }
    (control, *mine), (their_control, *theirs) = (
        [one["key"] for one in each.design["variations"]] for each in (row, other)
    )
    found = []
    for arm in mine:
        for their_arm in theirs:
            corners = [(control, their_control), (arm, their_control), (control, their_arm)]
            four = [cells.get(place, Moments()) for place in (*corners, (arm, their_arm))]
            answer = interaction((four[0], four[1], four[2], four[3]))
            if not isinstance(answer, Cannot):
                found.append(answer.p_value)
    if not found:
        return None, f"{other.key}: too few units in both"
    return min(1.0, min(found) * len(found)), f"with {other.key}"


def _standing_aa(row: ExperimentRow, at: datetime) -> int:
    """Every metric of means that is kept, over the units of the control."""
    tracked = queries.tracked(row.key, row.phase)
    control = row.design["variations"][0]["key"]
    # A quantile has its own test, which a split of moments says nothing about.
    means = {k: one for k, one in tracked.items() if one.aggregation != Aggregation.QUANTILE}
    for metric, kept in sorted(means.items()):
        p, words = standing_aa(kept, control)
        _note(row, "aa", metric, p, words, at)
    return len(means)


def standing_aa(kept: TrackedRow, control: str) -> tuple[float | None, str]:
    """Whether splits of units that got the same differ as seldom as they should.

    The p-value is twice the lesser of two: of the distances from uniform, and of the share below
    0.05 (Bonferroni).
    """
    with connection.cursor() as cursor:
        where = [kept.experiment, kept.phase, kept.metric, control, MOST_UNITS]
        cursor.execute(CONTROL, where)
        rows = cursor.fetchall()
    if len(rows) < FEWEST_UNITS:
        return None, f"{kept.name}: fewer than {FEWEST_UNITS} units in the control"
    units, x, y = (np.array(column) for column in zip(*rows, strict=True))
    is_ratio = kept.aggregation in (Aggregation.MEAN, Aggregation.RATIO)
    arms = [split(f"aa {number}", units, x, y) for number in range(SPLITS)]
    halves = [np.array([one[side] for one in arms]) for side in (0, 1)]
    found = ratios.batch(*halves) if is_ratio else welch.batch(*(half[:, :3] for half in halves))
    usable = found["p_value"][~np.isnan(found["p_value"])]
    answer = uniformity(list(usable))
    if isinstance(answer, Cannot):
        return None, f"{kept.name}: {answer.reason}"
    p = min(1.0, 2 * min(answer.p_value, answer.share_p))
    return p, f"{kept.name}: {answer.share * 100:.1f} % of {len(usable)} below 0.05"


def split(seed: str, units: NDArray[Any], x: Floats, y: Floats) -> tuple[list[float], list[float]]:
    """Both halves as (n, mean and variance of x, mean and variance of y, covariance)."""
    first = places(seed, units) < 0.5
    return _half(x[first], y[first]), _half(x[~first], y[~first])


def _half(x: Floats, y: Floats) -> list[float]:
    covariance = float(((x - x.mean()) * (y - y.mean())).sum() / (len(x) - 1))
    return [len(x), x.mean(), x.var(ddof=1), y.mean(), y.var(ddof=1), covariance]


def _note(
    row: ExperimentRow, kind: str, subject: str, p: float | None, words: str, at: datetime
) -> None:
    Audit.objects.update_or_create(
        experiment=row.key,
        phase=str(row.phase),
        kind=kind,
        subject=subject,
        defaults={"p_value": p, "words": words, "at": at},
    )
