"""An experiment of a rule: who takes part, and with which arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.assignment import overrides, reasons, sticky
from experiments.assignment.buckets import bucket_ranges, choose, in_namespace, sound_weights
from experiments.assignment.conditions import Test, compile_condition
from experiments.assignment.filters import compile_filters
from experiments.assignment.hashing import Placing
from experiments.assignment.outcomes import Arm, Assignment, Leaf
from experiments.assignment.subjects import Subject, identity_text
from experiments.assignment.values import Json

if TYPE_CHECKING:
    from experiments.assignment.compiled import Visit

# The properties that belong to an experiment; SDKs hand them to whoever tracks exposures.
PROPERTIES = (
    *("key", "variations", "name", "phase", "seed", "hashVersion", "hashAttribute"),
    *("fallbackAttribute", "disableStickyBucketing", "bucketVersion", "minBucketVersion"),
    *("weights", "coverage", "ranges", "meta", "filters", "namespace", "condition"),
    *("parentConditions", "force", "active", "status"),
)
NO_LEAF = -1


class Experiment:
    """A compiled experiment; `definition` is what it was compiled from."""

    def __init__(self, definition: Mapping[str, Json], bandit: Bandit | None = None):
        get = definition.get
        self.definition = {name: definition[name] for name in PROPERTIES if name in definition}
        self.key = str(definition["key"])
        self.arms = _arms(definition["variations"], get("meta") or ())
        self.attribute = get("hashAttribute") or "id"
        self._fallback = get("fallbackAttribute") or None
        self._remembers = not get("disableStickyBucketing")
        self._versions = (get("bucketVersion") or 0, get("minBucketVersion") or 0)
        self._keys = [str(meta["key"]) for meta in get("meta") or () if "key" in meta]
        self._placing = Placing(get("seed") or self.key, get("hashVersion") or 1)
        self._ranges = _ranges(definition, get("weights"))
        self._bandit = bandit if not get("ranges") else None
        self._active = get("active", True) and get("status") != "draft"
        self._stopped = get("status") == "stopped"
        self._force = definition.get("force")
        self._checks = _checks(definition)

    @classmethod
    def of_rule(
        cls, feature: str, rule: Mapping[str, Json], bandits: Mapping[str, Json]
    ) -> Experiment | None:
        """The experiment of a feature's rule; None for a rule without variations."""
        variations = rule.get("contextualVariations", rule.get("variations"))
        if variations is None:
            return None
        # The rule has asked its prerequisites already; its condition is the experiment's to ask.
        given = {name: rule[name] for name in PROPERTIES if name in rule}
        given.pop("parentConditions", None)
        definition = {**given, "key": rule.get("key") or feature, "variations": variations}
        found = bandits.get(rule.get("contextualBanditRef") or "")
        bandit = Bandit(found, len(variations), rule.get("weights")) if found is not None else None
        return cls(definition, bandit)

    def as_json(self, assignment: Assignment) -> dict[str, Json]:
        """As SDKs hand it out; a bandit's weights are those of the leaf that was met."""
        leaf = assignment.leaf
        if leaf is None:
            return self.definition
        said = dict(self.definition)
        if leaf.leaf != NO_LEAF:
            said["weights"] = leaf.weights
        if assignment.hash_used:
            said["contextualBandit"] = leaf.as_json()
        return said

    def assign(self, visit: Visit, stack: tuple[str, ...] = ()) -> Assignment:
        """The arm of the visit's subject, or the reason why it has none."""
        subject = visit.subject
        forced = self._forced(visit)
        if forced is not None:
            return forced
        fallback = self._fallback if subject.sticky is not None and self._remembers else None
        attribute, value = subject.identity(self.attribute, fallback)
        if value == "":
            return self._out(reasons.NO_IDENTITY, attribute, value)
        known = self._remembered(subject)
        if known < 0:
            for check in self._checks:
                reason = check(visit, stack, identity_text(value))
                if reason:
                    return self._out(reason, attribute, value)
        place = self._placing(identity_text(value))
        if place is None:
            return self._out(reasons.BAD_VERSION, attribute, value)
        leaf = self._bandit.leaf(visit) if self._bandit else None
        index = known if known >= 0 else choose(place, self._ranges_of(leaf))
        if known == sticky.BLOCKED:
            return self._out(reasons.BLOCKED, attribute, value)
        if index < 0:
            return self._out(reasons.NOT_COVERED, attribute, value)
        if self._force is not None:
            return self._fixed(self._force, attribute, value)
        if subject.qa_mode:
            return self._out(reasons.QA, attribute, value)
        if self._stopped:
            return self._out(reasons.INACTIVE, attribute, value)
        arm = self.arms[index]
        if subject.sticky is not None and self._remembers:
            self._remember(visit, attribute, identity_text(value), arm)
        return Assignment(self, arm, "", attribute, value, place, known >= 0, leaf)

    def _forced(self, visit: Visit) -> Assignment | None:
        """What is settled before anything is hashed."""
        subject = visit.subject
        if len(self.arms) < 2:
            return self._out_of(subject, reasons.TOO_FEW)
        if not subject.enabled:
            return self._out_of(subject, reasons.DISABLED)
        index = None
        if subject.url:
            index = overrides.from_query_string(self.key, subject.url, len(self.arms))
        if index is None and subject.forced_variations:
            index = subject.forced_variations.get(self.key)
        if index is not None:
            fixed = self._fixed(index, *subject.identity(self.attribute))
            return fixed._replace(leaf=self._bandit.leaf(visit)) if self._bandit else fixed
        return None if self._active else self._out_of(subject, reasons.INACTIVE)

    def _fixed(self, index: Json, attribute: str, value: Json) -> Assignment:
        if isinstance(index, int) and 0 <= index < len(self.arms):
            return Assignment(self, self.arms[index], "", attribute, value)
        return self._out(reasons.NO_SUCH_ARM, attribute, value)

    def _out(self, reason: str, attribute: str, value: Json) -> Assignment:
        first = self.arms[0] if self.arms else Arm(0, "0", None)
        return Assignment(self, first, reason, attribute, value)

    def _out_of(self, subject: Subject, reason: str) -> Assignment:
        return self._out(reason, *subject.identity(self.attribute))

    def _ranges_of(self, leaf: Leaf | None) -> Sequence[Sequence[float]]:
        if leaf is None or leaf.leaf == NO_LEAF:
            return self._ranges
        return _ranges(self.definition, leaf.weights)

    def _remembered(self, subject: Subject) -> int:
        if subject.sticky is None or not self._remembers:
            return sticky.NONE
        attributes = [self.attribute, *([self._fallback] if self._fallback else [])]
        return sticky.remembered(subject, attributes, self.key, self._versions, self._keys)

    def _remember(self, visit: Visit, attribute: str, value: str, arm: Arm) -> None:
        assignment = sticky.assignment_key(self.key, self._versions[0])
        docs = {**(visit.subject.sticky or {}), **visit.saved}
        changed = sticky.with_assignment(docs, attribute, value, assignment, arm.key)
        if changed:
            visit.saved[changed[0]] = changed[1]


class Bandit:
    """A contextual bandit: the weights of the first leaf whose condition holds."""

    def __init__(self, definition: Json, count: int, weights: Json):
        known = definition if isinstance(definition, dict) else {}
        version = known.get("banditVersion")
        self._version = version if type(version) is int else None
        self._otherwise = Leaf(NO_LEAF, sound_weights(weights, count), self._version)
        self._leaves: list[tuple[Test, Leaf | None]] = []
        for one in known.get("contexts") or ():
            test = compile_condition(one.get("condition") or {})
            self._leaves.append((test, self._sound(one, count)))

    def _sound(self, one: Mapping[str, Json], count: int) -> Leaf | None:
        leaf, weights = one.get("leafId"), one.get("weights")
        if type(leaf) is not int or sound_weights(weights, count) is not weights:
            return None
        return Leaf(leaf, weights, self._version)

    def leaf(self, visit: Visit) -> Leaf:
        """The leaf for a subject; the rule's own weights where none holds or it is malformed."""
        for test, leaf in self._leaves:
            if test(visit.subject.attributes, visit.configuration.groups) is True:
                return leaf or self._otherwise
        return self._otherwise


def _arms(variations: Sequence[Json], metas: Sequence[Mapping[str, Json]]) -> list[Arm]:
    arms = []
    for index, value in enumerate(variations):
        meta = metas[index] if index < len(metas) else {}
        key, name = str(meta.get("key", index)), meta.get("name")
        arms.append(Arm(index, key, value, name, bool(meta.get("passthrough"))))
    return arms


def _ranges(definition: Mapping[str, Json], weights: Json) -> Sequence[Sequence[float]]:
    coverage = definition.get("coverage")
    count = len(definition["variations"])
    own: Sequence[Sequence[float]] | None = definition.get("ranges")
    return own or bucket_ranges(count, 1.0 if coverage is None else coverage, weights)


def _checks(definition: Mapping[str, Json]) -> list[Any]:
    """What a unit must pass unless its arm is remembered; each says the reason, or nothing."""
    checks: list[Any] = []
    passes = compile_filters(definition.get("filters"))
    namespace = definition.get("namespace")
    if passes is not None:
        checks.append(lambda visit, stack, value: "" if passes(visit.subject) else reasons.FILTERED)
    elif namespace:
        checks.append(
            lambda visit, stack, value: (
                "" if in_namespace(value, namespace) else reasons.OUTSIDE_NAMESPACE
            )
        )
    if definition.get("condition"):
        test = compile_condition(definition["condition"])
        checks.append(
            lambda visit, stack, value: (
                ""
                if test(visit.subject.attributes, visit.configuration.groups) is True
                else reasons.NOT_MEANT
            )
        )
    checks += [_prerequisite(one) for one in definition.get("parentConditions") or ()]
    return checks


def _prerequisite(definition: Mapping[str, Json]) -> Any:
    feature, test = (
        str(definition.get("id", "")),
        compile_condition(definition.get("condition", {})),
    )

    def check(visit: Visit, stack: tuple[str, ...], value: str) -> str:
        parent = visit.configuration.decide(feature, visit, stack)
        is_met = test({"value": parent.value}, visit.configuration.groups) is True
        return "" if is_met and parent.source != "cyclicPrerequisite" else reasons.PREREQUISITE

    return check
