"""Rows as values for pages, the API, sockets and exports.

The board: `active`, `recovering`, `closed`, `led_by` and `search` give `Cards`, `counts` gives
`Counts`. One incident: `detail` gives `Detail`, `messages` gives `Messages`, `message`,
`messages_of` and `pinned` single ones, `history` what one said before, `timeline` gives
`Timeline`, `entries_of` gives `Entry` values for records of the log, `by_number` its id.
Looking back: `retrospective` gives `RetrospectiveView`, `revisions` gives `Revision` values.
Declaring: `possible_duplicates` gives `Similar` values.
"""

from __future__ import annotations

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
    "AttachedBreach",
    "Card",
    "Cards",
    "Cite",
    "CitedSentence",
    "Counts",
    "Detail",
    "Entry",
    "FollowUp",
    "Gap",
    "Impact",
    "Length",
    "Message",
    "Messages",
    "Named",
    "Participant",
    "Phase",
    "Reaction",
    "Reply",
    "RetrospectiveView",
    "Revision",
    "Role",
    "Said",
    "SectionView",
    "Similar",
    "Timeline",
    "Update",
    "Wanted",
    "active",
    "by_number",
    "closed",
    "counts",
    "detail",
    "entries_of",
    "history",
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
