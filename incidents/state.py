"""What the rules of an incident look at, and the words they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

LIVE_PHASES = ("detection", "troubleshooting", "mitigation", "resolution")
PHASES = (*LIVE_PHASES, "follow-up", "closed")
ROLES = ("commander", "operations", "communications", "planning")
SEVERITIES = (1, 2, 3, 4)
KINDS = ("real", "drill")
OUTCOMES = (
    "fixed",
    "rolled_back",
    "restored",
    "worked_around",
    "accepted",
    "not_an_incident",
    "duplicate",
)
CONFIDENCES = ("low", "medium", "high")
PRIORITIES = ("P0", "P1", "P2", "P3")
INTENTS = ("fix", "improvement")
REACTIONS = {
    "thumbs_up": "👍",
    "eyes": "👀",
    "done": "✅",
    "question": "❓",
    "thanks": "🙏",
    "heart": "💜",
}
AREAS = ("detection", "data", "model", "process", "tooling", "architecture")
VALUES = ("high", "medium", "low")
FEASIBILITIES = ("easy", "moderate", "hard", "very hard")
OWN_PRIORITIES = ("product", "finance", "partner management")  # functions that own priorities
AUDIENCES = ("internal", "executives", "partners", "public")
SECTIONS = (
    "summary",
    "impact",
    "phases",
    "roles",
    "detection",
    "told",
    "decisions",
    "causes",
    "questions",
    "well",
    "badly",
    "luckily",
    "follow_ups",
)
# What can have changed, named precisely; "the world" is everything outside.
CAUSES = (
    "architecture",
    "configured model",
    "trained model",
    "data",
    "feature definition",
    "schema",
    "pipeline",
    "serving binary",
    "infrastructure",
    "capacity",
    "the world",
)
STANDINGS = ("proposed", "testing", "supported", "refuted", "root cause", "contributing")
SIDES = ("for", "against")
FUNCTIONS = (
    "model developer",
    "data engineer",
    "software engineer",
    "production engineer",
    "product",
    "finance",
    "partner management",
    "support",
    "legal",
    "public relations",
    "privacy reviewer",
    "observer",
)

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Offer:
    """A role held out to somebody, with a summary of where things stand."""

    to: str
    by: str
    summary: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Work that outlives the incident. `reminded` is the newest reminder about this due date."""

    title: str
    priority: str = ""
    intent: str = ""
    area: str = ""
    owner: str = ""
    due_at: str | None = None
    done_when: str = ""
    tracker: str = ""
    state: str = "open"
    value: str = ""
    feasibility: str = ""
    placed_by: str = ""
    evidence: tuple[str, ...] = ()
    reminded: int = -1

    @property
    def ended(self) -> bool:
        """Nothing more is to be done about it: it is done, or it will not be done."""
        return self.state != "open"


@dataclass(frozen=True, slots=True, eq=False)
class Posted:
    """The newest message and, behind it, all before: adding costs the same in any channel."""

    message: str
    author: str
    before: Posted | None

    @staticmethod
    def find(newest: Posted | None, message: str) -> Posted | None:
        while newest is not None and newest.message != message:
            newest = newest.before
        return newest


@dataclass(frozen=True, slots=True)
class Section:
    """The newest revision of a part of the retrospective that somebody wrote."""

    revision: int
    by: str
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Retrospective:
    """What people wrote, and how far its review is: draft, review, accepted."""

    stage: str = "draft"
    submitted_by: str = ""
    sections: Mapping[str, Section] = field(default_factory=dict)
    redacted: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks `for` or `against` a hypothesis."""

    side: str
    text: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What somebody thinks caused it; `number` is how people call it, as in H2."""

    number: int
    text: str
    cause: str = ""
    owner: str = ""
    entities: tuple[str, ...] = ()
    status: str = "proposed"
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def speaks(self, side: str) -> int:
        """How many pieces of evidence stand on a side."""
        return sum(one.side == side for one in self.evidence.values() if not one.withdrawn)


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as its rules see it; `number` is 0 before it is declared."""

    number: int = 0
    title: str = ""
    severity: int = 0
    worst: int = 0
    phase: str = ""
    outcome: str = ""
    confidence: str = ""
    verified: bool = False
    duplicate_of: int = 0
    holders: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    breaches: Mapping[str, bool] = field(default_factory=dict)
    follow_ups: Mapping[str, FollowUp] = field(default_factory=dict)
    newest: Posted | None = None
    redacted: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    edits: Mapping[str, int] = field(default_factory=dict)
    reactions: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    retrospective: Retrospective = Retrospective()
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.phase in LIVE_PHASES

    @property
    def recovered(self) -> bool:
        """Every attached breach has ended: a proposal to resolve, never a resolution."""
        return bool(self.breaches) and not any(self.breaches.values())


def with_item(old: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    return {**old, key: value}


def without(old: Mapping[Key, Value], key: Key) -> Mapping[Key, Value]:
    return {kept: value for kept, value in old.items() if kept != key}
