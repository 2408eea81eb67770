"""What queries return: plain values, with times that know their zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Named:
    """An actor: the ref that events record and the name to show."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """One incident in a list.

    `proposal` is "resolve" when all its breaches have ended while it is open, "reopen" when one
    began again after it was resolved, and empty otherwise. `update_due_at` is None once resolved;
    `overdue` and `unmanaged` are judged at the time the query was asked for. `started_at` is the
    best estimate of the onset, or when it was declared.
    """

    id: UUID
    ref: str
    version: int
    number: int
    title: str
    kind: str
    severity: int
    phase: str
    phase_since: datetime
    status: str
    environment: str
    subjects: list[str]
    commander: Named | None
    started_at: datetime
    declared_at: datetime
    changed_at: datetime
    told_at: datetime | None
    update_due_at: datetime | None
    overdue: bool
    unmanaged: bool
    proposal: str
    impact: str
    outcome: str
    outcome_words: str
    confidence: str
    verified: bool
    resolved_at: datetime | None
    closed_at: datetime | None
    messages: int
    participants: int
    follow_ups: int
    follow_ups_done: int
    breaches: int
    breaches_open: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The situation in numbers. `worst` is the worst severity among the active, 0 for none."""

    active: int
    recovering: int
    closed: int
    worst: int
    at_worst: int
    no_commander: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Cards:
    """One page of incidents, and the cursor of the next one, None at the end."""

    cards: list[Card]
    next: str | None


@dataclass(frozen=True, slots=True)
class Role:
    """One of the four roles; `person` is None while it is vacant."""

    role: str
    person: Named | None
    since: datetime | None
    offered_to: Named | None
    offered_by: Named | None
    offered_at: datetime | None
    summary: str


@dataclass(frozen=True, slots=True)
class Participant:
    person: Named
    function: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase the incident has been in, oldest first; `left_at` is None for the present one."""

    phase: str
    entered_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up beside its incident; `state` is open, done or dropped."""

    id: UUID
    title: str
    priority: str
    intent: str
    owner: Named | None
    added_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class AttachedBreach:
    """A breach of this incident; times are those of the measurements."""

    breach: str
    monitor: Named
    sentence: str
    urgency: str
    subjects: list[str]
    opened_at: datetime
    attached_at: datetime
    recovered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Impact:
    """An estimate of the harm, `low` … `high` around `best` in `unit` where stated."""

    text: str
    unit: str
    low: float | None
    best: float | None
    high: float | None
    stated_at: datetime
    stated_by: Named


@dataclass(frozen=True, slots=True)
class Update:
    audience: str
    text: str
    posted_at: datetime
    posted_by: Named


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything the incident page shows beside channel and timeline. Newest estimates first."""

    card: Card
    onset_earliest: datetime | None
    onset_best: datetime | None
    onset_latest: datetime | None
    onset_basis: str
    declared_by: Named
    resolution: str
    duplicate_of: int
    ended_at: datetime | None
    roles: list[Role]
    participants: list[Participant]
    phases: list[Phase]
    follow_ups: list[FollowUp]
    breaches: list[AttachedBreach]
    impacts: list[Impact]
    updates: list[Update]


@dataclass(frozen=True, slots=True)
class Reaction:
    """A sign that people answered a message with, in the order in which they did."""

    reaction: str
    sign: str
    people: list[Named]


@dataclass(frozen=True, slots=True)
class Reply:
    """The message that another one answers: who said it, and at which version of the stream."""

    message: UUID
    version: int
    author: Named


@dataclass(frozen=True, slots=True)
class Said:
    """What a message said from a time on; `text` is empty once it is redacted."""

    version: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `html` is safe as it is; empty, like `text`, once redacted.

    `edits` is how often it was said anew.
    """

    id: UUID
    version: int
    client_id: str
    author: Named
    role: str
    posted_at: datetime
    text: str
    html: str
    mentions: list[str]
    redacted_at: datetime | None
    redacted_by: Named | None
    reason: str
    reply_to: Reply | None
    edits: int
    pinned_at: datetime | None
    pinned_by: Named | None
    reactions: list[Reaction]


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages, oldest first; `earlier` and `later` say whether there are more on that side."""

    messages: list[Message]
    earlier: bool
    later: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the timeline. `sentence` goes on from the actor's name.

    `at` is when it occurred, `recorded_at` when the log took it; `key` marks what a reader in a
    hurry needs. `message` is the id of the message it is about, if any.
    """

    version: int
    event_id: UUID
    type: str
    at: datetime
    recorded_at: datetime
    icon: str
    key: bool
    actor: Named
    sentence: str
    message: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries in the stream's order; `next` is the version to ask after, None at the end."""

    entries: list[Entry]
    next: int | None


@dataclass(frozen=True, slots=True)
class Similar:
    """An incident that may be the same, most likely first; `why` says so in words."""

    card: Card
    why: str
