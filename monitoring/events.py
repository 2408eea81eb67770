"""What can have happened to a monitor (``monitor:<uuid>``) or an objective (``slo:<key>``).

What happens outside has a stream for each (``happening:<uuid>``), and so have a budget of freshness
(``freshness:<key>``) and what owners are told of a change (``notice:<uuid>``). What is said of a
breach afterwards has a stream of its own (``breach:<uuid>``): it goes on when the monitor is long
gone. Times are ISO texts.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event
from monitoring.state import (
    Definition,
    Freshness,
    Happening,
    Monitor,
    Notice,
    Objective,
    Promise,
    Review,
)


class _Defined(Event):
    """The whole definition, as it is from now on."""

    monitor: str
    name: str
    kind: str
    parameters: dict[str, Any]
    series: str
    labels: dict[str, str] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    urgency: str = "notify"
    severity: int | None = None
    environment: str = "production"
    description: str = ""
    signal: str = ""
    watch_from: str = ""

    def definition(self) -> Definition:
        """The definition that the event carries."""
        return Definition(
            name=self.name,
            kind=self.kind,
            parameters=self.parameters,
            series=self.series,
            labels=self.labels,
            subjects=self.subjects,
            urgency=self.urgency,
            severity=self.severity,
            environment=self.environment,
            description=self.description,
            signal=self.signal,
        )


class MonitorCreated(_Defined):
    """A monitor began. Points up to `watch_from` are learnt from and open no breach."""

    type = "monitor.created"
    refs = ("subjects",)

    def evolve(self, state: Monitor) -> Monitor:
        return Monitor(self.definition(), revision=1, decided_at=self.watch_from)


class MonitorRevised(_Defined):
    """The definition changed. As at the start, points up to `watch_from` only teach."""

    type = "monitor.revised"
    refs = ("subjects",)
    revision: int

    def evolve(self, state: Monitor) -> Monitor:
        decided_at = max(state.decided_at, self.watch_from)
        return replace(
            state, definition=self.definition(), revision=self.revision, decided_at=decided_at
        )


class MonitorPaused(Event):
    """Nothing it sees opens a breach until it is resumed."""

    type = "monitor.paused"
    refs = ("subjects",)
    monitor: str
    reason: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Monitor) -> Monitor:
        return replace(state, paused=True)


class MonitorResumed(Event):
    """It watches again."""

    type = "monitor.resumed"
    refs = ("subjects",)
    monitor: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Monitor) -> Monitor:
        return replace(state, paused=False)


class MonitorRemoved(Event):
    """It is gone from the lists; its story stays."""

    type = "monitor.removed"
    refs = ("subjects",)
    monitor: str
    reason: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Monitor) -> Monitor:
        return replace(state, removed=True)


class BreachOpened(Event):
    """What the monitor watches is out of bounds, since `onset` in event time.

    Carries all that a reader needs to act without asking back: the sentence that explains it, the
    evidence (value, expected, lo, hi, score, n), and the monitor's own words at that moment.
    `began` holds earliest, best and latest of the change that led to it, where one was found: it
    may lie before the onset, which is when the bounds were passed.
    """

    type = "monitor.breach_opened"
    refs = ("breach", "subjects")
    breach: str
    monitor: str
    name: str
    kind: str
    series: str
    labels: dict[str, str]
    onset: str
    sentence: str
    evidence: dict[str, float | int | None]
    urgency: str
    severity: int | None = None
    environment: str = "production"
    subjects: list[str] = field(default_factory=list)
    began: dict[str, str] | None = None

    def evolve(self, state: Monitor) -> Monitor:
        return replace(state, breach=self.breach, decided_at=self.onset)


class BreachClosed(Event):
    """It is within bounds again, or `reason` says why the breach no longer stands."""

    type = "monitor.breach_closed"
    refs = ("breach", "subjects")
    breach: str
    monitor: str
    closed_at: str
    sentence: str
    reason: str = "recovered"
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Monitor) -> Monitor:
        # A change by hand today must not forbid breaches in history that is still being replayed.
        at = self.closed_at if self.reason == "recovered" else state.decided_at
        return replace(state, breach="", decided_at=at)


class BreachJudged(Event):
    """Somebody who knows says what a breach was; an earlier word no longer counts."""

    type = "breach.judged"
    refs = ("monitor", "subjects")
    breach: str
    monitor: str
    judgement: str
    note: str = ""
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Review) -> Review:
        return Review(self.judgement, self.note)


class MissRecorded(Event):
    """From `since` to `until` something happened that this monitor should have noticed."""

    type = "monitor.miss_recorded"
    refs = ("subjects",)
    miss: str
    monitor: str
    since: str
    until: str
    note: str
    about: str = ""
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Monitor) -> Monitor:
        return replace(state, misses=state.misses | {self.miss})


class MissWithdrawn(Event):
    """It was none of this monitor's business after all."""

    type = "monitor.miss_withdrawn"
    refs = ("subjects",)
    miss: str
    monitor: str
    reason: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Monitor) -> Monitor:
        return replace(state, misses=state.misses - {self.miss})


class HappeningNoted(Event):
    """Something outside that shows in measurements, as it is known from now on."""

    type = "happening.noted"
    refs = ("subjects",)
    happening: str
    title: str
    category: str
    regions: list[str]
    since: str
    until: str
    source: str
    url: str
    note: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Happening) -> Happening:
        return Happening(
            title=self.title,
            category=self.category,
            regions=tuple(self.regions),
            since=self.since,
            until=self.until,
            source=self.source,
            url=self.url,
            note=self.note,
        )


class HappeningWithdrawn(Event):
    """It did not happen after all, or shows in nothing."""

    type = "happening.withdrawn"
    happening: str
    reason: str

    def evolve(self, state: Happening) -> Happening:
        return replace(state, withdrawn=True)


class FreshnessPlanned(Event):
    """The whole budget of freshness, as it is from now on."""

    type = "freshness.planned"
    refs = ("subjects",)
    freshness: str
    name: str
    plan: dict[str, Any]
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Freshness) -> Freshness:
        return Freshness(self.name, self.plan, tuple(self.subjects))


class FreshnessRetired(Event):
    """Nobody holds the pipeline to it any more."""

    type = "freshness.retired"
    freshness: str
    reason: str

    def evolve(self, state: Freshness) -> Freshness:
        return replace(state, retired=True)


class _Promised(Event):
    """The whole objective, as it is from now on."""

    slo: str
    name: str
    description: str
    owner: str
    layer: str
    subjects: list[str]
    environment: str
    severity: int | None
    review_on: str
    settings: dict[str, Any]
    document: dict[str, Any]

    def promise(self) -> Promise:
        """The objective that the event carries."""
        return Promise(
            name=self.name,
            description=self.description,
            owner=self.owner,
            layer=self.layer,
            subjects=self.subjects,
            environment=self.environment,
            severity=self.severity,
            review_on=self.review_on,
            settings=self.settings,
            document=self.document,
        )


class SloCreated(_Promised):
    """A promise was made."""

    type = "slo.created"
    refs = ("subjects",)

    def evolve(self, state: Objective) -> Objective:
        return Objective(self.promise(), revision=1)


class SloChanged(_Promised):
    """The promise is another one from now on, for a reason."""

    type = "slo.changed"
    refs = ("subjects",)
    revision: int
    reason: str

    def evolve(self, state: Objective) -> Objective:
        return replace(state, promise=self.promise(), revision=self.revision)


class SloReviewed(Event):
    """Somebody looked at the promise again and let it stand; the next look is on `review_on`."""

    type = "slo.reviewed"
    refs = ("subjects",)
    slo: str
    reason: str
    review_on: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Objective) -> Objective:
        if state.promise is None:
            return state
        return replace(state, promise=replace(state.promise, review_on=self.review_on))


class SloRetired(Event):
    """The promise ended; its story stays."""

    type = "slo.retired"
    refs = ("subjects",)
    slo: str
    reason: str
    subjects: list[str] = field(default_factory=list)

    def evolve(self, state: Objective) -> Objective:
        return replace(state, retired=True)


class OwnersTold(Event):
    """Owners were told of a change to a thing that theirs depends on, and it is watched closely.

    `change` is the id of the event that was the change, `owners` are who was told with the refs
    that they own; `unowned` is how many things have no owner that is known, `others` how many more
    depend on it than `subjects` name. `watched_until` is when close watching ends.
    """

    type = "notice.owners_told"
    refs = ("monitor", "entity", "subjects")
    notice: str
    monitor: str
    name: str
    change: str
    entity: str
    family: str
    sentence: str
    made_at: str
    made_by: str
    owners: list[dict[str, Any]]
    subjects: list[str]
    unowned: int
    others: int
    whole: bool
    watched_until: str

    def evolve(self, state: Notice) -> Notice:
        return Notice(told=True)
