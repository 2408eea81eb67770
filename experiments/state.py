"""What the rules about flags, groups, layers and SDK keys look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

KEPT_REVISIONS = 50


class Kind(StrEnum):
    """Type of a flag's values."""

    BOOLEAN = "boolean"
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    OBJECT = "object"


def is_experiment(rule: Mapping[str, Any]) -> bool:
    """Whether a rule splits its units, by variations or by a script."""
    return "variations" in rule or "script" in rule


@dataclass(frozen=True, slots=True)
class Serving:
    """How a flag is served in one environment: off gives everybody the default.

    `rules` are GrowthBook's; `revisions` are the newest default and rules by their number.
    """

    enabled: bool = False
    default: Any = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    revision: int = 0
    revisions: Mapping[int, tuple[Any, list[dict[str, Any]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that waits for a second person."""

    environment: str
    default: Any
    rules: list[dict[str, Any]]
    comment: str
    by: str
    based_on: int


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. `proposals` are by their id; `needs_approval` asks for a second person."""

    kind: str = ""
    needs_approval: bool = False
    archived: bool = False
    described: tuple[Any, ...] = ()
    serving: Mapping[str, Serving] = field(default_factory=dict)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it was created and not archived."""
        return bool(self.kind) and not self.archived


@dataclass(frozen=True, slots=True)
class Group:
    """A saved group: the list of an attribute's values, or a condition."""

    definition: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """Segments of one hashed line, of which each belongs to at most one experiment.

    `owners` are segments by experiment, `cooling` says until when (ISO text) a freed segment rests,
    so that nobody comes straight from one experiment into the next. `draws` counts allocations.
    """

    unit: str = ""
    salt: str = ""
    size: int = 0
    cool_down: int = 0
    is_holdout: bool = False
    owners: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    cooling: Mapping[int, str] = field(default_factory=dict)
    draws: int = 0

    def taken(self) -> set[int]:
        """Segments that belong to an experiment."""
        return {segment for owned in self.owners.values() for segment in owned}

    def free(self, at: str) -> list[int]:
        """Segments that can be given away at a time, in order."""
        taken = self.taken()
        return [
            segment
            for segment in range(self.size)
            if segment not in taken and self.cooling.get(segment, "") <= at
        ]


@dataclass(frozen=True, slots=True)
class SdkKey:
    """A key by which SDKs of one environment ask."""

    environment: str = ""
    revoked: bool = False


class Aggregation(StrEnum):
    """What a metric is of one unit, and so how arms are compared.

    ``conversion`` is whether there was an outcome, ``count`` how many, ``sum`` their total;
    ``mean`` is the total by the number of outcomes and ``ratio`` by the total of other outcomes.
    """

    CONVERSION = "conversion"
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    RATIO = "ratio"


class Direction(StrEnum):
    """Which way a metric gets better."""

    UP = "up"
    DOWN = "down"


class Part(StrEnum):
    """What a metric is for in an experiment: it decides, it must not get worse, or it is learnt from."""

    PRIMARY = "primary"
    GUARDRAIL = "guardrail"
    SECONDARY = "secondary"


class Status(StrEnum):
    """Where an experiment is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DECIDED = "decided"
    ARCHIVED = "archived"


PLANNED = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.QUEUED)
LIVE = (Status.RUNNING, Status.PAUSED)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the library; `definition` is what experiments keep of it when they start."""

    definition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment. `design` is what was written down before there were data.

    `phase` counts starts and `seed` is that of the last one; `coverage` is the share of units that take part, also while paused;
    `stopped_for` is why it stopped and `observed` whether its flag was seen to give the default.
    `cleared` are trust checks that failed and were looked into, with what was found.
    """

    status: str = ""
    design: Mapping[str, Any] = field(default_factory=dict)
    designed_by: str = ""
    phase: int = 0
    seed: str = ""
    coverage: float = 0.0
    step: int = 0
    stopped_for: str = ""
    stop_reason: str = ""
    observed: bool = False
    cleared: Mapping[str, str] = field(default_factory=dict)
