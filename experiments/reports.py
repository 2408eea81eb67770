"""The report on an experiment as it stands: its sums, analysed against its design."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from experiments import queries
from experiments.analysis import Comparison, Data, Kept, Report, analyse
from experiments.models import ExperimentRow


def report_of(row: ExperimentRow, at: datetime) -> Report:
    """What is known of the present or last phase. As many rows are read as there are sums."""
    kept = kept_of(row)
    sums = queries.sums_of(row.key, row.phase)
    units = queries.units_of(row.key, row.phase)
    data = Data(
        sums={metric: one.all for metric, one in sums.items()},
        by_slice={metric: one.by_slice for metric, one in sums.items()},
        by_day={metric: one.by_day for metric, one in sums.items()},
        units=units,
        hours=_hours(row, at),
        bins=queries.bins_of(row.key, row.phase),
        audits=queries.audits_of(row.key, row.phase),
        past_lifts={
            one.metric: queries.past_lifts(one.metric) for one in kept if one.part == "primary"
        },
    )
    return analyse(row.design, kept, data, row.cleared)


def failing(row: ExperimentRow, at: datetime) -> list[str]:
    """The trust checks that fail now."""
    return [check.key for check in report_of(row, at).checks if check.state == "failed"]


def kept_of(row: ExperimentRow) -> list[Kept]:
    """The design's metrics as they are kept; before it starts, as the library has them."""
    tracked = queries.tracked(row.key, row.phase)
    library = queries.definitions(
        one["metric"] for one in row.design["metrics"] if one["metric"] not in tracked
    )
    found = []
    for one in row.design["metrics"]:
        key = one["metric"]
        if key in tracked:
            t = tracked[key]
            given = (t.name, t.aggregation, t.direction, t.unit, t.before_days > 0, t.quantile)
        elif key in library:
            m = library[key]
            names = ("name", "aggregation", "direction", "unit")
            quantile = float(m["quantile"]) if m.get("quantile") else None
            given = (*(m[name] for name in names), m["before_days"] > 0, quantile)
        else:
            continue
        name, aggregation, direction, unit, has_covariate, nu = given
        found.append(
            Kept(
                metric=key,
                name=name,
                aggregation=aggregation,
                direction=direction,
                unit=unit,
                part=one["part"],
                margin=one["margin"],
                has_covariate=has_covariate,
                quantile=nu,
            )
        )
    return found


def evidence_of(report: Report) -> dict[str, Any]:
    """The figures that a stop or a decision was made on, as they go into its event."""
    return {
        "verdict": report.verdict.sentence,
        "units": report.units,
        "effects": report.effects(),
        "comparisons": [figures_of(one) for one in report.comparisons],
        "checks": {one.key: one.state for one in report.checks},
    }


def figures_of(one: Comparison) -> dict[str, Any]:
    """A comparison in figures."""
    names = ("metric", "part", "variation", "n_control", "n", "effect", "lo", "hi", "p_value")
    return {name: getattr(one, name) for name in names} | {"reading": one.reading}


def _hours(row: ExperimentRow, at: datetime) -> float:
    if row.started_at is None:
        return 0.0
    return ((row.stopped_at or at) - row.started_at).total_seconds() / 3_600
