"""What stands in the way of a review and of closing, each with a code and a sentence.

An incident that was SEV2 or worse at any time is closed once its retrospective is accepted; one
that repeats another, or was none, has nothing to look back on. A P0 that nobody owns keeps any
incident open.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from eventlog.core import Refused
from incidents.state import Incident

LOOKED_BACK_ON = 2  # the mildest severity that needs a retrospective
NO_LOOKING_BACK = ("duplicate", "not_an_incident")
WRITTEN_BY_PEOPLE = ("summary", "causes", "well", "badly")


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is asked for and not there."""

    code: str
    text: str


def before_review(state: Incident) -> list[Missing]:
    """What a retrospective lacks before somebody is asked to read it."""
    sections = state.retrospective.sections
    return [
        Missing(f"no_{name}", f"Nobody has written the section “{name}”.")
        for name in WRITTEN_BY_PEOPLE
        if name not in sections or sections[name].blank
    ]


def before_closing(state: Incident) -> list[Missing]:
    """What an incident lacks before it is closed."""
    missing = []
    if needs_retrospective(state) and state.retrospective.stage != "accepted":
        text = f"It was SEV{state.worst}, and its retrospective is not accepted."
        missing.append(Missing("no_retrospective", text))
    missing += [
        Missing("p0_without_owner", f"Nobody owns the P0 follow-up “{item.title}”.")
        for item in state.follow_ups.values()
        if item.priority == "P0" and not item.owner and not item.ended
    ]
    return missing


def needs_retrospective(state: Incident) -> bool:
    """Whether closing waits for a retrospective."""
    return state.worst <= LOOKED_BACK_ON and state.outcome not in NO_LOOKING_BACK


def incomplete(missing: list[Missing], message: str, field: str = "") -> Refused:
    """The refusal that says everything that is missing at once."""
    current: list[dict[str, Any]] = [asdict(one) for one in missing]
    words = " ".join(one.text for one in missing)
    return Refused(f"{message} {words}", "incomplete", field, current)
