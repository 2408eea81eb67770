"""Rows as values for pages, the API, sockets and exports.

The board: `active`, `recovering`, `closed`, `led_by` and `search` give `Cards`, `counts` gives
`Counts`. One incident: `detail` gives `Detail`, `messages` gives `Messages`, `message`,
`messages_of` and `pinned` single ones, `history` what one said before, `timeline` gives `Timeline`, `entries_of` gives `Entry` values for records of the log, `by_number` its id.
Declaring: `possible_duplicates` gives `Similar` values.
"""

from __future__ import annotations

from incidents.queries.lists import active, closed, counts, led_by, recovering, search
from incidents.queries.names import names_of
from incidents.queries.one import by_number, detail, number_of, version_of
from incidents.queries.record import (
    entries_of,
    history,
    is_message,
    message,
    messages,
    messages_of,
    pinned,
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
    "AttachedBreach",
    "Card",
    "Cards",
    "Counts",
    "Detail",
    "Entry",
    "FollowUp",
    "Impact",
    "Message",
    "Messages",
    "Named",
    "Participant",
    "Phase",
    "Reaction",
    "Reply",
    "Role",
    "Said",
    "Similar",
    "Timeline",
    "Update",
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
    "pinned",
    "possible_duplicates",
    "recovering",
    "search",
    "timeline",
    "version_of",
]
