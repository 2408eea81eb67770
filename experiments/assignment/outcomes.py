"""What an evaluation says: the value, where it comes from, and the experiment behind it."""

from __future__ import annotations

from typing import Any, NamedTuple

from experiments.assignment.values import Json, is_true


class Arm(NamedTuple):
    """One variation of an experiment."""

    number: int
    key: str
    value: Json
    name: str | None = None
    passthrough: bool = False


class Leaf(NamedTuple):
    """The part of a contextual bandit that weighed the variations; leaf -1 is none of them."""

    leaf: int
    weights: list[float]
    version: int | None = None

    def as_json(self) -> dict[str, Json]:
        """As SDKs write it."""
        named: dict[str, Json] = {"leafId": self.leaf, "variationWeights": self.weights}
        return named if self.version is None else {**named, "banditVersion": self.version}


class Assignment(NamedTuple):
    """Which arm a unit has in an experiment, or why none (`reason`), and then the first arm's value.

    `place` is where its identity falls in [0, 1); None where nothing was hashed.
    """

    experiment: Any
    arm: Arm
    reason: str = ""
    hash_attribute: str = "id"
    hash_value: Json = ""
    place: float | None = None
    is_sticky: bool = False
    leaf: Leaf | None = None

    @property
    def in_experiment(self) -> bool:
        """Whether the unit takes part."""
        return not self.reason

    @property
    def hash_used(self) -> bool:
        """Whether the arm was drawn by hashing and not forced; only such units are analysed."""
        return not self.reason and self.place is not None

    def as_json(self, feature: str | None) -> dict[str, Json]:
        """As SDKs write it."""
        said: dict[str, Json] = {
            "key": self.arm.key,
            "featureId": feature,
            "inExperiment": self.in_experiment,
            "hashUsed": self.hash_used,
            "variationId": self.arm.number,
            "value": self.arm.value,
            "hashAttribute": self.hash_attribute,
            "hashValue": self.hash_value,
            "stickyBucketUsed": self.is_sticky,
        }
        if self.arm.name is not None:
            said["name"] = self.arm.name
        if self.arm.passthrough:
            said["passthrough"] = True
        if self.place is not None:
            said["bucket"] = self.place
        return said | (self.leaf.as_json() if self.leaf and self.hash_used else {})


class Outcome(NamedTuple):
    """The value of a feature. `source` is the SDKs' word for where it comes from:

    ``unknownFeature``, ``defaultValue``, ``force``, ``experiment``, ``override``,
    ``prerequisite`` (a gate is shut) or ``cyclicPrerequisite``.
    """

    value: Json
    source: str
    rule: str = ""
    assignment: Assignment | None = None

    @property
    def is_on(self) -> bool:
        """Whether the value is true in JavaScript's sense."""
        return is_true(self.value)

    def as_json(self, feature: str) -> dict[str, Json]:
        """As SDKs write it."""
        said: dict[str, Json] = {
            "value": self.value,
            "on": self.is_on,
            "off": not self.is_on,
            "source": self.source,
            "ruleId": self.rule,
        }
        if self.assignment is not None:
            said["experiment"] = self.assignment.experiment.as_json(self.assignment)
            said["experimentResult"] = self.assignment.as_json(feature)
        return said


UNKNOWN = Outcome(None, "unknownFeature")
CIRCLE = Outcome(None, "cyclicPrerequisite")
SHUT = Outcome(None, "prerequisite")
