"""Which faults each kind of monitor is there for, in which world, and how soon it must notice.

Parameters are those that a kind asks for; others are its defaults, unless a comment says why not.
A delay follows from what the kind waits for: its window, the looks that it needs, and the time that
measurements are given to arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitoring.faults import injections as inject
from monitoring.faults import world
from monitoring.faults.injections import Injection
from monitoring.faults.world import DAY, HOUR, MONITORS, RUN_LASTS, WEEK, YEAR, Builder
from monitoring.slo.definition import Selector

MINUTE = 60.0
PAGING = {"burn_rate"}  # by their objectives, whatever the kind's own urgency


@dataclass(frozen=True)
class Target:
    """A fault that a kind must notice within so many seconds."""

    fault: Injection
    within: float


@dataclass(frozen=True)
class Case:
    """A monitor of a kind in a world.

    `learn` is the healthy time in seconds before a fault; `life` how long one such monitor lives in
    the healthy simulation, after which another begins. `endures` are changes that are no fault.
    """

    kind: str
    series: str
    build: Builder
    targets: Sequence[Target]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    learn: float = 2 * DAY
    life: float = YEAR
    endures: Sequence[Injection] = ()
    title: str = ""

    @property
    def name(self) -> str:
        """What tells the case from others."""
        return self.title or self.kind

    @property
    def own(self) -> Selector:
        """The monitor's own series."""
        return Selector(self.series, self.labels)


GONE = inject.slice_gone("lines_merged", partner="west")
TWICE = inject.duplicate_feed("lines_merged", partner="south")

CASES: tuple[Case, ...] = (
    Case(
        "absence",
        "latency",
        world.latency,
        [
            Target(inject.silence("latency"), 40 * MINUTE),
            Target(inject.lag("latency", 3), 40 * MINUTE),
        ],
        {"silence": 1_800},  # six points; the default is for series that come each minute
    ),
    Case(
        "age",
        "trained_at",
        world.trained,
        [Target(inject.stuck("trained_at", "no new model comes"), 48 * HOUR + 10 * MINUTE)],
        {"limit": 48 * HOUR},
    ),
    Case(
        "threshold",
        "failure_share",
        world.service,
        [
            Target(inject.failing(0.05), 20 * MINUTE),
            Target(inject.unit_change("failure_share"), 30 * MINUTE),
        ],
        {"value": 0.01},
    ),
    Case(
        "burn_rate",
        "requests",
        world.service,
        [
            Target(inject.failing(0.2), 15 * MINUTE),
            Target(inject.failing(0.01, "slow burn"), 5 * HOUR),
        ],
        {"target": "0.999", "bad": "failures", "every": "5m"},
        learn=WEEK,
    ),
    Case(
        "burn_rate",
        "requests_total",
        world.service,
        [Target(inject.failing(0.2), 15 * MINUTE)],
        {"target": "0.999", "bad": "failures_total", "every": "5m", "counter": True},
        learn=WEEK,
        endures=[inject.counter_reset("requests_total", "failures_total")],
        title="burn_rate, of running totals",
    ),
    Case(
        "error_budget",
        "requests",
        world.service,
        [Target(inject.failing(0.01, "slow burn"), 12 * HOUR)],
        # A week and not 30 days, so that nobody has to simulate a month before each fault.
        {"target": "0.999", "bad": "failures", "every": "5m", "period": "7d"},
        learn=8 * DAY,
    ),
    Case(
        "robust_deviation",
        "latency",
        world.latency,
        [
            Target(inject.unit_change("latency"), 10 * MINUTE),
            Target(inject.times(3, "latency", "outage", "values × 3"), 30 * MINUTE),
        ],
        learn=2 * WEEK,
    ),
    Case(
        "anomaly",
        "revenue",
        world.revenue,
        [
            Target(inject.times(0.2, "revenue", "outage", "a fifth is left"), 30 * MINUTE),
            Target(inject.duplicate_feed("revenue"), 2 * HOUR),
            Target(inject.unit_change("revenue"), 10 * MINUTE),
            Target(inject.season_shift("revenue", 8), DAY),
            Target(inject.stuck("revenue"), DAY),
        ],
        learn=6 * WEEK,
    ),
    Case(
        "trend",
        "revenue",
        world.revenue,
        [Target(inject.slow_decline("revenue", 0.03), 10 * DAY)],
        learn=5 * WEEK,
    ),
    Case(
        "period_over_period",
        "revenue",
        world.revenue,
        [
            Target(inject.times(0.4, "revenue", "outage", "two fifths are left"), 3 * HOUR),
            Target(inject.season_shift("revenue", 8), DAY),
        ],
        # An hour is compared with hours, so one look an hour sees all there is.
        {"every": "1h"},
        learn=6 * WEEK,
    ),
    Case(
        "too_good",
        "revenue",
        world.revenue,
        [
            Target(inject.unit_change("revenue"), 40 * MINUTE),
            Target(inject.times(8, "revenue", "duplicate feed", "all counts eight times"), HOUR),
        ],
        learn=8 * DAY,
    ),
    Case(
        "must_be_positive",
        "lines_merged",
        world.lines,
        [
            Target(inject.outage("lines_merged"), 26 * HOUR),
            Target(GONE, 26 * HOUR),
        ],
        # What is counted over a day need not be looked at each five minutes.
        {"by": "partner", "every": "1h"},
        learn=9 * DAY,
    ),
    Case(
        "trailing_average",
        "lines_merged",
        world.lines,
        [Target(GONE, 3 * HOUR), Target(TWICE, 3 * HOUR)],
        {"by": "partner", "every": "1h"},
        learn=6 * WEEK,
    ),
    Case(
        "biased_loss",
        "lines_merged",
        world.lines,
        [
            Target(GONE, 90 * MINUTE),
            Target(
                inject.named(
                    "biased loss",
                    "two fifths of east are lost",
                    inject.outage("lines_merged", 0.6, partner="east"),
                ),
                90 * MINUTE,
            ),
        ],
        {"by": "partner", "sent": "lines_sent"},
        endures=[
            inject.named(
                "even loss", "a fifth is lost everywhere", inject.outage("lines_merged", 0.8)
            )
        ],
    ),
    Case(
        "slice_broken",
        "failures",
        world.requests,
        [
            Target(inject.slice_failing(0.9, "country", "SE"), 75 * MINUTE),
            Target(inject.slice_failing(0.15, "country", "FI"), 75 * MINUTE),
        ],
        {"total": "requests", "by": "country"},
    ),
    Case(
        "expected_ratio",
        "sampled",
        world.sample,
        [
            Target(inject.outage("sampled", 0.8), 90 * MINUTE),
            Target(inject.duplicate_feed("sampled"), HOUR),
        ],
        {"whole": "events", "share": 0.3},
    ),
    Case(
        "expected_observed",
        "revenue",
        world.hourly_revenue,
        [
            Target(inject.times(0.8, "revenue", "slow burn", "a fifth is missing"), 8 * HOUR),
            Target(inject.duplicate_feed("revenue"), 2 * HOUR),
            Target(inject.unit_change("revenue"), 2 * HOUR),
        ],
        {"expected": "forecast"},
        learn=3 * WEEK,
    ),
    Case(
        "calibration",
        "clicks",
        world.clicks,
        [
            Target(inject.skewed_model("predicted_clicks", 1.25), DAY),
            Target(inject.label_delay("clicks", 48), DAY),
        ],
        {"predicted": "predicted_clicks", "by": "bucket"},
        learn=3 * DAY,
    ),
    Case(
        "distribution_drift",
        "feature_values",
        world.feature,
        [
            Target(inject.skewed_counts("feature_values", world.EDGES, 1.0), 2 * HOUR),
            Target(inject.all_in("feature_values", "bucket", "0"), 2 * HOUR),
            Target(
                inject.times(20, "feature_values", "outage", "values are missing", bucket="null"),
                2 * HOUR,
            ),
        ],
        learn=9 * DAY,
    ),
    Case(
        "degenerate_output",
        "score",
        world.outputs,
        [
            Target(inject.constant("score", 0.5), 40 * MINUTE),
            Target(inject.constant("score", 0.0), 40 * MINUTE),
        ],
    ),
    Case(
        "stability",
        "score",
        world.outputs,
        [
            Target(inject.skewed("score", 0.1), 2 * HOUR),
            Target(inject.constant("score", 0.5), 3 * HOUR),
            Target(inject.unit_change("score"), 2 * HOUR),
        ],
        # A quarter of an hour of this world has some 80 outputs, and a mean asks for 200.
        {"window": "2h"},
        learn=10 * DAY,
    ),
    Case(
        "golden_set",
        "answer_distance",
        world.golden,
        [Target(inject.moved("answer_distance", 1.0, 0.4), 7 * HOUR)],
        {"items": world.ITEMS},
    ),
    Case(
        "invariant",
        "orders",
        world.accounts,
        [
            Target(inject.duplicate_feed("orders_by_payment", payment="card"), 10 * MINUTE),
            Target(inject.unit_change("orders"), 10 * MINUTE),
        ],
        {"rule": "sum(parts) == value", "names": "parts = orders_by_payment by payment"},
        learn=DAY,
    ),
    Case(
        "label_health",
        "labels",
        world.labelling,
        [
            Target(inject.label_delay("labels", 48), DAY),
            Target(inject.all_in("labels", "class", "good"), DAY),
            Target(inject.all_in("labels", "actor", "ada"), DAY),
        ],
        {"label": "class", "actor": "actor", "expected": "labels_wanted"},
        learn=10 * DAY,
    ),
    Case(
        "fairness_gap",
        "selected",
        world.decisions,
        [
            Target(
                inject.named(
                    "skewed feature",
                    "a third as many of b are selected",
                    inject.outage("selected", 0.3, group="b"),
                ),
                DAY,
            )
        ],
        {"total": "applicants"},
    ),
    Case(
        "prediction_churn",
        "flips",
        world.versions,
        [Target(inject.flipping(0.15), DAY)],
        {"compared": "compared"},
    ),
    Case(
        "training_serving_skew",
        "served",
        world.pairs,
        [
            Target(inject.unit_change("served", feature="distance_km"), 20 * MINUTE),
            Target(inject.skewed("served", 0.01), 20 * MINUTE),
        ],
        {"training": "trained"},
    ),
    Case(
        "training_health",
        "loss",
        world.training,
        [
            Target(inject.diverging("loss"), 2 * HOUR),
            Target(inject.skewed("non_finite", 3.0, "losses are no numbers"), 20 * MINUTE),
            Target(
                inject.times(0.5, "workers", "outage", "half of the workers are gone"), 20 * MINUTE
            ),
        ],
        {"broken": "non_finite", "workers": "workers"},
        learn=8 * HOUR,
        life=RUN_LASTS,
    ),
    Case(
        "deadline",
        "progress",
        world.training,
        [
            Target(inject.standing("progress"), 13 * HOUR),
            Target(inject.slower("progress", 0.3), 13 * HOUR),
        ],
        {"within": "24h"},
        learn=8 * HOUR,
        life=RUN_LASTS,
    ),
    Case(
        "pipeline_progress",
        "waiting",
        world.waiting,
        [
            Target(inject.ageing("waiting", "7200"), 20 * MINUTE),
            Target(inject.standing("done_total"), 40 * MINUTE),
        ],
        {"limit": 600, "done": "done_total"},
    ),
    Case(
        "composite",
        "events",
        world.monitors,
        [Target(inject.breached(MONITORS), 10 * MINUTE)],
        {"monitors": ",".join(MONITORS)},
        learn=DAY,
    ),
    Case(
        "change_hook",
        "events",
        world.unchanged,
        [Target(inject.changed(world.CHANGED), 10 * MINUTE)],
        {"entity": world.CHANGED},
        learn=DAY,
    ),
)
