"""Rows as values for pages, the API, sockets and exports.

The board: `active`, `recovering`, `closed`, `led_by` and `search` give `Cards`, `counts` gives
`Counts`. One incident: `detail` gives `Detail`, `messages` gives `Messages`, `timeline` gives
`Timeline`, `entries_of` gives `Entry` values for records of the log, `by_number` its id.
Declaring: `possible_duplicates` gives `Similar` values.
"""

from __future__ import annotations

from incidents.queries.lists import active, closed, counts, led_by, recovering, search
from incidents.queries.names import names_of
from incidents.queries.one import by_number, detail, number_of, version_of
from incidents.queries.record import entries_of, messages, timeline
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
    Role,
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
    "Role",
    "Similar",
    "Timeline",
    "Update",
    "active",
    "by_number",
    "closed",
    "counts",
    "detail",
    "entries_of",
    "led_by",
    "messages",
    "names_of",
    "number_of",
    "possible_duplicates",
    "recovering",
    "search",
    "timeline",
    "version_of",
]
