"""What the rules about monitors look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Urgency(StrEnum):
    """What a breach asks for. Incidents map it to a severity; monitoring never learns the word."""

    RECORD = "record"
    NOTIFY = "notify"
    CONCERN = "concern"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a monitor watches, how, and what for.

    `series` and `labels` name the watched series exactly, `subjects` are refs of what it speaks
    for (``service:search-ranking``), the root of its lineage first. `signal` is the class of
    `signal_classes` where somebody said one.
    """

    name: str = ""
    kind: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    series: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    urgency: str = str(Urgency.NOTIFY)
    severity: int | None = None
    environment: str = "production"
    description: str = ""
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor. `breach` is the ref of the open one; `decided_at` when one last opened or closed.

    `misses` are refs of what people say it should have noticed.
    """

    definition: Definition | None = None
    revision: int = 0
    paused: bool = False
    removed: bool = False
    breach: str = ""
    decided_at: str = ""
    misses: frozenset[str] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether it was created and not removed."""
        return self.definition is not None and not self.removed


class Judgement(StrEnum):
    """What a breach turned out to be, once people know.

    `TRUE_AND_GOOD` is a true surprise that is welcome, `UNACTIONABLE` one that nobody can or need
    do anything about: noise to whoever was called, though the monitor was right.
    """

    TRUE = "true"
    FALSE = "false"
    UNACTIONABLE = "unactionable"
    TRUE_AND_GOOD = "true_and_good"


@dataclass(frozen=True, slots=True)
class Review:
    """What is said of one breach; the last word counts."""

    judgement: str = ""
    note: str = ""


class Category(StrEnum):
    """What sort of thing happens outside that shows in measurements."""

    HOLIDAY = "holiday"
    WEATHER = "weather"
    ELECTION = "election"
    SPORT = "sport"
    SUPPLIER = "supplier"
    MARKET = "market"
    CAMPAIGN = "campaign"
    REGULATION = "regulation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something outside that shows in measurements, as it is known now.

    `since` and `until` are ISO times, `until` empty while nobody knows the end. `regions` are as
    the labels of series have them, none for everywhere; `source` is who says so.
    """

    title: str = ""
    category: str = ""
    regions: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    source: str = ""
    url: str = ""
    note: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """A budget of freshness as it was written down, in the plain form of `monitoring.freshness`."""

    name: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    retired: bool = False


class Layer(StrEnum):
    """The part of a system that an objective speaks of."""

    SERVING = "serving"
    TRAINING = "training"
    APPLICATION = "application"
    DATA = "data"
    COMPLIANCE = "compliance"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Promise:
    """A service level objective as it was written down.

    `owner` answers for it (a product, a team), `subjects` are refs of what it speaks for, the root
    of its lineage first, `review_on` is an ISO date. `settings` is the plain form of
    `monitoring.slo.definition`; `document` the OpenSLO document that it came from, or empty.
    """

    name: str = ""
    description: str = ""
    owner: str = ""
    layer: str = str(Layer.SERVING)
    subjects: list[str] = field(default_factory=list)
    environment: str = "production"
    severity: int | None = None
    review_on: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Objective:
    """One service level objective: what is promised, unless it is retired."""

    promise: Promise | None = None
    revision: int = 0
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """That owners of what depends on a thing were told of a change to it."""

    told: bool = False
