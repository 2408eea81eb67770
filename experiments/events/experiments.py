"""What can have happened to metrics and experiments.

Streams are ``metric:<key>`` and ``experiment:<key>``; times are ISO texts in UTC. Who did it and
when are the record's `actor` and `occurred_at`.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event
from experiments.state import Experiment, Metric, Status


class MetricDefined(Event):
    """A metric is this from now on. Experiments that have started keep what it was."""

    type = "metric.defined"
    metric: str
    definition: dict[str, Any]

    def evolve(self, state: Metric) -> Metric:
        return Metric(self.definition)


class ExperimentDesigned(Event):
    """What an experiment is to be, before it starts or, with a reason, while it runs.

    `definitions` are those of metrics that came in while it ran.
    """

    type = "experiment.designed"
    refs = ("by", "flag")
    experiment: str
    design: dict[str, Any]
    by: str
    flag: str
    reason: str = ""
    is_running: bool = False
    definitions: dict[str, Any] = field(default_factory=dict)

    def evolve(self, state: Experiment) -> Experiment:
        status = state.status if self.is_running else Status.DRAFT
        return replace(state, design=self.design, designed_by=self.by, status=status)


class ReviewAsked(Event):
    """Somebody else is to look at the design."""

    type = "experiment.review_asked"
    experiment: str

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.IN_REVIEW)


class DesignApproved(Event):
    """Somebody else than the designer agrees with the design; it may start."""

    type = "experiment.approved"
    refs = ("by",)
    experiment: str
    by: str
    comment: str = ""

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.APPROVED)


class DesignSentBack(Event):
    """The design is to be changed, or has been taken out of review or queue."""

    type = "experiment.sent_back"
    refs = ("by",)
    experiment: str
    by: str
    comment: str = ""

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.DRAFT)


class ExperimentQueued(Event):
    """It starts by itself at `not_before`, once there is room in its layer; low `rank` first."""

    type = "experiment.queued"
    experiment: str
    not_before: str
    rank: int = 100

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.QUEUED)


class ExperimentStarted(Event):
    """Its rule is served. `definitions` are the metrics as they were when it started."""

    type = "experiment.started"
    refs = ("flag",)
    experiment: str
    flag: str
    environment: str
    phase: int
    seed: str
    coverage: float
    definitions: dict[str, Any]
    reason: str = ""

    def evolve(self, state: Experiment) -> Experiment:
        return replace(
            state,
            status=Status.RUNNING,
            phase=self.phase,
            seed=self.seed,
            coverage=self.coverage,
            step=0,
            stopped_for="",
            observed=False,
            cleared={},
        )


class ExperimentRamped(Event):
    """Another share of the units takes part from now on; nobody changes arms by that."""

    type = "experiment.ramped"
    refs = ("flag",)
    experiment: str
    flag: str
    environment: str
    coverage: float
    step: int
    reason: str = ""

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, coverage=self.coverage, step=self.step)


class ExperimentPaused(Event):
    """Everybody gets the flag's default until it is resumed."""

    type = "experiment.paused"
    refs = ("flag",)
    experiment: str
    flag: str
    environment: str
    reason: str = ""

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.PAUSED)


class ExperimentResumed(Event):
    """It goes on with the arms that units had."""

    type = "experiment.resumed"
    refs = ("flag",)
    experiment: str
    flag: str
    environment: str
    reason: str = ""

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.RUNNING)


class ExperimentStopped(Event):
    """Its rule is served no more. `cause` is harm, confidence, crash, end or person.

    `evidence` are the figures that it was stopped for: metric, effect, interval, units, looks.
    """

    type = "experiment.stopped"
    refs = ("flag", "owner")
    experiment: str
    title: str
    flag: str
    environment: str
    owner: str
    phase: int
    cause: str
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)

    def evolve(self, state: Experiment) -> Experiment:
        return replace(
            state, status=Status.STOPPED, stopped_for=self.cause, stop_reason=self.reason
        )


class StopObserved(Event):
    """Every process that serves flags was seen to serve without the experiment.

    `cause` and `reason` are those of the stop; so is everything but what was seen.
    """

    type = "experiment.stop_observed"
    refs = ("flag",)
    experiment: str
    title: str
    flag: str
    environment: str
    cause: str
    reason: str
    seconds: float
    processes: int
    revision: int

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, observed=True)


class StopNotObserved(Event):
    """A process that serves flags went on serving the experiment, or none could be asked."""

    type = "experiment.stop_not_observed"
    refs = ("flag",)
    experiment: str
    title: str
    flag: str
    environment: str
    cause: str
    reason: str
    seconds: float
    sentence: str


class CheckCleared(Event):
    """A trust check that failed was looked into: ``true and good``, or ``explained``."""

    type = "experiment.check_cleared"
    refs = ("by",)
    experiment: str
    check: str
    finding: str
    by: str
    reason: str

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, cleared={**state.cleared, self.check: self.finding})


class ExperimentDecided(Event):
    """What came of it: ship a variation, abandon, or iterate; with the evidence as it stood."""

    type = "experiment.decided"
    refs = ("by", "flag")
    experiment: str
    decision: str
    by: str
    flag: str
    reason: str
    variation: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.DECIDED)


class ExperimentArchived(Event):
    """It is out of the way; its story stays."""

    type = "experiment.archived"
    experiment: str

    def evolve(self, state: Experiment) -> Experiment:
        return replace(state, status=Status.ARCHIVED)
