"""A payload of feature definitions, compiled once to answer many times.

Rules are tried in order. Each says an `Outcome`, or a text: why it does not apply, which costs the
fast path nothing and is what `Configuration.explain` shows. The order of the checks is the SDKs'
(GrowthBook docs, "Build your own SDK"), for it decides whom a forced variation or a remembered
one may pass by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.assignment import reasons
from experiments.assignment.conditions import Test, compile_condition
from experiments.assignment.experiment import Experiment
from experiments.assignment.filters import compile_filters
from experiments.assignment.hashing import Placing
from experiments.assignment.outcomes import CIRCLE, SHUT, UNKNOWN, Outcome
from experiments.assignment.subjects import Subject, identity_text
from experiments.assignment.values import Json

MAX_CHAIN = 50  # features that wait for one another


@dataclass(slots=True)
class Visit:
    """One evaluation under way. `saved` takes the sticky documents that it changes, by key.

    `parents` are the prerequisites that are known already: without it, two ways to each of twenty
    features in a row would be a million evaluations. A circle ends the visit, and is not kept.
    """

    configuration: Configuration
    subject: Subject
    saved: dict[str, Any] = field(default_factory=dict)
    parents: dict[str, Outcome] | None = None

    def parent(self, feature: str, stack: tuple[str, ...]) -> Outcome:
        """What a feature gives that another one waits for."""
        if self.parents is None:
            self.parents = {}
        known = self.parents.get(feature)
        if known is None:
            known = self.configuration.decide(feature, self, stack)
            if known is not CIRCLE:
                self.parents[feature] = known
        return known


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule said to a subject: empty `reason` for the rule that gave the value."""

    index: int
    rule: str
    reason: str


class Prerequisite:
    """Another feature's value that a rule waits for; a gate shuts the whole feature."""

    __slots__ = ("_feature", "_gate", "_test")

    def __init__(self, definition: Mapping[str, Json]):
        self._feature = str(definition.get("id", ""))
        self._test = compile_condition(definition.get("condition", {}))
        self._gate = bool(definition.get("gate"))

    def __call__(self, visit: Visit, stack: tuple[str, ...]) -> Outcome | str | None:
        """None when it is met."""
        parent = visit.parent(self._feature, stack)
        if parent.source == CIRCLE.source:
            return CIRCLE
        if self._test({"value": parent.value}, visit.configuration.groups) is True:
            return None
        return SHUT if self._gate else reasons.PREREQUISITE


class Forced:
    """A rule that gives everybody it is meant for one value, or a stable share of them."""

    __slots__ = ("_attribute", "_fallback", "_outcome", "_placing", "_range", "_tests")

    def __init__(self, feature: str, rule: Mapping[str, Json]):
        self._outcome = Outcome(rule["force"], "force", str(rule.get("id", "")))
        self._tests: list[tuple[Test, str]] = []
        if rule.get("condition"):
            self._tests.append((compile_condition(rule["condition"]), reasons.NOT_MEANT))
        self._range = rule.get("range")
        if self._range is None and rule.get("coverage") is not None:
            self._range = (0.0, rule["coverage"])
        self._attribute = rule.get("hashAttribute") or "id"
        is_sticky = not rule.get("disableStickyBucketing")
        self._fallback = rule.get("fallbackAttribute") if is_sticky else None
        self._placing = Placing(rule.get("seed") or feature, rule.get("hashVersion") or 1)

    def __call__(self, visit: Visit, stack: tuple[str, ...]) -> Outcome | str:
        subject = visit.subject
        for test, reason in self._tests:
            if test(subject.attributes, visit.configuration.groups) is not True:
                return reason
        if self._range is None:
            return self._outcome
        fallback = self._fallback if subject.sticky is not None else None
        _, value = subject.identity(self._attribute, fallback)
        if value == "":
            return reasons.NO_IDENTITY
        place = self._placing(identity_text(value))
        if place is None:
            return reasons.NOT_ROLLED_OUT
        start, end = self._range
        return self._outcome if start <= place < end else reasons.NOT_ROLLED_OUT


class Trial:
    """A rule that runs an experiment."""

    __slots__ = ("_rule", "experiment")

    def __init__(self, experiment: Experiment, rule: str):
        self.experiment, self._rule = experiment, rule

    def __call__(self, visit: Visit, stack: tuple[str, ...]) -> Outcome | str:
        assignment = self.experiment.assign(visit, stack)
        if assignment.reason:
            return assignment.reason
        if assignment.arm.passthrough:
            return f"arm {assignment.arm.key} lets the next rule decide"
        return Outcome(assignment.arm.value, "experiment", self._rule, assignment)


def _says_nothing(visit: Visit, stack: tuple[str, ...]) -> str:
    return reasons.NOTHING


class Rule:
    """Prerequisites and filters, and then what the rule itself decides."""

    __slots__ = ("_decide", "_filtered", "_prerequisites", "id")

    def __init__(self, feature: str, rule: Mapping[str, Json], bandits: Mapping[str, Json]):
        self.id = str(rule.get("id", ""))
        self._prerequisites = [Prerequisite(one) for one in rule.get("parentConditions") or ()]
        self._filtered = compile_filters(rule.get("filters"))
        if "force" in rule:
            self._decide: Any = Forced(feature, rule)
        else:
            experiment = Experiment.of_rule(feature, rule, bandits)
            self._decide = Trial(experiment, self.id) if experiment else _says_nothing

    def __call__(self, visit: Visit, stack: tuple[str, ...]) -> Outcome | str:
        for prerequisite in self._prerequisites:
            missed = prerequisite(visit, stack)
            if missed is not None:
                return missed
        if self._filtered is not None and not self._filtered(visit.subject):
            return reasons.FILTERED
        decided: Outcome | str = self._decide(visit, stack)
        return decided

    @property
    def fast(self) -> Any:
        """What is called: the decision itself where nothing stands before it."""
        return self if self._prerequisites or self._filtered else self._decide


class Feature:
    """A feature's rules and its default."""

    __slots__ = ("calls", "default", "rules")

    def __init__(self, key: str, definition: Mapping[str, Json], bandits: Mapping[str, Json]):
        self.default = Outcome(definition.get("defaultValue"), "defaultValue")
        self.rules = [Rule(key, rule, bandits) for rule in definition.get("rules") or ()]
        self.calls = tuple(rule.fast for rule in self.rules)


class Configuration:
    """Everything that is served in one environment: ``{"features", "savedGroups", …}``."""

    def __init__(self, payload: Mapping[str, Json]):
        bandits = payload.get("contextualBandits") or {}
        self.groups: Mapping[str, Any] = payload.get("savedGroups") or {}
        self.features = {
            key: Feature(key, definition, bandits)
            for key, definition in (payload.get("features") or {}).items()
        }

    def evaluate(self, key: str, subject: Subject, saved: dict[str, Any] | None = None) -> Outcome:
        """The value of a feature for a subject; changed sticky documents go into `saved`."""
        return self.decide(key, Visit(self, subject, {} if saved is None else saved), ())

    def decide(self, key: str, visit: Visit, stack: tuple[str, ...]) -> Outcome:
        """The same, within an evaluation that came here through the features of `stack`."""
        feature = self.features.get(key)
        if visit.subject.forced_values and key in visit.subject.forced_values:
            return Outcome(visit.subject.forced_values[key], "override")
        if feature is None:
            return UNKNOWN
        if key in stack or len(stack) >= MAX_CHAIN:
            return CIRCLE
        within = (*stack, key)
        for call in feature.calls:
            said = call(visit, within)
            if type(said) is not str:
                return said  # type: ignore[no-any-return]
        return feature.default

    def explain(self, key: str, subject: Subject) -> tuple[Outcome, list[Step]]:
        """The value and, rule by rule, why it is this one."""
        visit, steps = Visit(self, subject), list[Step]()
        feature = self.features.get(key)
        for index, rule in enumerate(feature.rules if feature else ()):
            said = rule(visit, (key,))
            steps.append(Step(index, rule.id, said if isinstance(said, str) else ""))
            if not isinstance(said, str):
                break
        return self.evaluate(key, subject), steps
