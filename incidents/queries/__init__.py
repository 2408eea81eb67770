"""Rows as values for pages, the API, sockets and exports.

The board: `active`, `recovering`, `closed`, `led_by` and `search` give `Cards`, `counts` gives
`Counts`. One incident: `detail` gives `Detail`, `messages` gives `Messages`, `message`,
`messages_of` and `pinned` single ones, `history` what one said before, `timeline` gives
`Timeline`, `entries_of` gives `Entry` values for records of the log, `by_number` its id.
Follow-ups: `follow_ups` gives `FollowUpCards`, `follow_up` one with its evidence.
Looking back: `retrospective` gives `RetrospectiveView`, `revisions` gives `Revision` values.
Searching: `find` gives `Hits`.
Declaring: `possible_duplicates` gives `Similar` values.
"""

from __future__ import annotations

from incidents.queries.finding import Hit, Hits, Piece, Sought, find
from incidents.queries.follow_ups import (
    Asked,
    FollowUpCard,
    FollowUpCards,
    FollowUpCounts,
    FollowUpEvidence,
    FollowUpView,
    board_of,
    follow_up,
    follow_up_counts,
    follow_ups,
)
from incidents.queries.hypotheses import Evidence, Hypothesis, hypotheses, hypothesis_called
from incidents.queries.lists import active, closed, counts, led_by, recovering, search
from incidents.queries.looking_back import (
    Cite,
    CitedSentence,
    Gap,
    Length,
    RetrospectiveView,
    Revision,
    SectionView,
    permalink,
    retrospective,
    revisions,
)
from incidents.queries.names import names_of
from incidents.queries.one import by_number, detail, number_of, version_of
from incidents.queries.record import (
    EVERYTHING,
    Wanted,
    entries_of,
    history,
    is_message,
    message,
    messages,
    messages_of,
    pinned,
    records_of,
    timeline,
)
from incidents.queries.similar import possible_duplicates
from incidents.queries.values import (
    AttachedBreach,
    Card,
    Cards,
    Counts,
    Detail,
    Entry,
    FollowUp,
    Impact,
    Message,
    Messages,
    Named,
    Participant,
    Phase,
    Reaction,
    Reply,
    Role,
    Said,
    Similar,
    Timeline,
    Update,
)

__all__ = [
    "EVERYTHING",
    "Asked",
    "AttachedBreach",
    "Card",
    "Cards",
    "Cite",
    "CitedSentence",
    "Counts",
    "Detail",
    "Entry",
    "Evidence",
    "FollowUp",
    "FollowUpCard",
    "FollowUpCards",
    "FollowUpCounts",
    "FollowUpEvidence",
    "FollowUpView",
    "Gap",
    "Hit",
    "Hits",
    "Hypothesis",
    "Impact",
    "Length",
    "Message",
    "Messages",
    "Named",
    "Participant",
    "Phase",
    "Piece",
    "Reaction",
    "Reply",
    "RetrospectiveView",
    "Revision",
    "Role",
    "Said",
    "SectionView",
    "Similar",
    "Sought",
    "Timeline",
    "Update",
    "Wanted",
    "active",
    "board_of",
    "by_number",
    "closed",
    "counts",
    "detail",
    "entries_of",
    "find",
    "follow_up",
    "follow_up_counts",
    "follow_ups",
    "history",
    "hypotheses",
    "hypothesis_called",
    "is_message",
    "led_by",
    "message",
    "messages",
    "messages_of",
    "names_of",
    "number_of",
    "permalink",
    "pinned",
    "possible_duplicates",
    "records_of",
    "recovering",
    "retrospective",
    "revisions",
    "search",
    "timeline",
    "version_of",
]
