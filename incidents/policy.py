"""The defaults of incident response, in one table (documented in `docs/incidents.md`).

Everything here is a plain value or a pure function of its arguments; times are aware datetimes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

TITLE_LIMIT = 200
URL_LIMIT = 2_000
TEXT_LIMIT = 8_000
HYPOTHESIS_LIMIT = 50
EVIDENCE_LIMIT = 100  # of one hypothesis
# Of one message, and of one channel.
EDITS_LIMIT = 50
PINS_LIMIT = 20
SECTION_LIMIT = 20_000

# An update to stakeholders is due this long after the last one, by severity.
UPDATE_EVERY = {
    1: timedelta(minutes=30),
    2: timedelta(minutes=60),
    3: timedelta(minutes=240),
    4: timedelta(days=1),
}
# An incident without a commander for longer than this is unmanaged, by severity.
COMMANDER_WITHIN = {
    1: timedelta(minutes=5),
    2: timedelta(minutes=15),
    3: timedelta(minutes=60),
    4: timedelta(days=1),
}
FOLLOW_UP_WITHIN = {
    "P0": timedelta(days=7),
    "P1": timedelta(days=30),
    "P2": timedelta(days=90),
}
# Reminders of a follow-up: before its date, at it, and again and again afterwards.
REMIND_BEFORE = {"P0": timedelta(days=1), "P1": timedelta(days=7), "P2": timedelta(days=14)}
REMIND_AGAIN = {"P0": timedelta(days=1), "P1": timedelta(days=7), "P2": timedelta(days=30)}
SELDOM = "P2"  # whose rhythm holds for a P3 that got a date
# Urgencies that declare an incident by themselves, and the severity they get without a hint.
DECLARES = {"page": 2}
DEFAULT_SEVERITY = 3
# Why an experiment was stopped that declares an incident; everybody is on the default by then.
STOPS_THAT_DECLARE = ("harm", "crash")
SEVERITY_OF_STOPS = 3
# What a severity means, to whoever has to choose one.
SEVERITY_WORDS = {
    1: "Most users get no or wrong results, money is lost fast, or data is being lost.",
    2: "Many users get worse results or money is lost slowly; no data is lost.",
    3: "Some users notice, or a safety margin is gone; there is time to work on it.",
    4: "Nobody is hurt yet. Worth knowing, and worth mending in working hours.",
}
REOPEN_WITHIN = timedelta(hours=24)
CLOSED_SHOWN_FOR = timedelta(days=7)


def declares(urgency: str) -> bool:
    """Whether a breach of this urgency becomes an incident without a person deciding."""
    return urgency in DECLARES


def severity_of(urgency: str, hint: int | None) -> int:
    """Severity of an incident declared by a breach: the monitor's hint, else its urgency's."""
    return hint if hint in UPDATE_EVERY else DECLARES.get(urgency, DEFAULT_SEVERITY)


def cause_key(environment: str, subjects: Sequence[str], urgency: str) -> str:
    """What two breaches of one cause share: environment, root subject and urgency class.

    The first subject stands for the lineage root. Empty without a subject: such an incident is
    never taken for another one.
    """
    return "|".join((environment, subjects[0], urgency)) if subjects else ""


def update_due(severity: int, last_update: datetime) -> datetime:
    """When stakeholders should hear again."""
    return last_update + UPDATE_EVERY[severity]


def follow_up_due(priority: str, at: datetime) -> datetime | None:
    """When a follow-up should be done; None for P3, which has no date."""
    within = FOLLOW_UP_WITHIN.get(priority)
    return at + within if within else None


def continues(opened_at: datetime, started_at: datetime, ended_at: datetime) -> bool:
    """Whether a breach belongs to an incident that ended: it began then, or soon afterwards.

    All three are times of what was measured, so that replayed history is judged like the present.
    """
    return started_at - REOPEN_WITHIN < opened_at < ended_at + REOPEN_WITHIN


def reminder_at(priority: str, due_at: datetime, step: int) -> datetime:
    """When a reminder is due: step 0 before the date, 1 at it, the others after it."""
    known = priority if priority in REMIND_BEFORE else SELDOM
    if step == 0:
        return due_at - REMIND_BEFORE[known]
    return due_at + (step - 1) * REMIND_AGAIN[known]


def reminder_due(priority: str, due_at: datetime, at: datetime) -> int:
    """The newest step that is due, -1 before the first. Steps that nobody decided are passed over."""
    if at < reminder_at(priority, due_at, 0):
        return -1
    if at < due_at:
        return 0
    known = priority if priority in REMIND_AGAIN else SELDOM
    return 1 + (at - due_at) // REMIND_AGAIN[known]
