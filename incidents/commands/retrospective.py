"""Looking back: people write section by section, somebody else accepts the whole."""

from __future__ import annotations

from eventlog.core import Conflict, Event, Refused
from incidents.commands.base import IncidentCommand, declared, not_closed, one_of, text_of
from incidents.commands.closing import before_review, incomplete
from incidents.events import (
    RetrospectiveAccepted,
    RetrospectiveReturned,
    RetrospectiveSubmitted,
    SectionRedacted,
    SectionWritten,
)
from incidents.policy import SECTION_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from incidents.state import SECTIONS, Incident


class WriteSection(IncidentCommand):
    """Writes one part anew. `revision` is the one that the writer read, 0 for none.

    Whoever comes second is refused and told the newer revision; an empty text leaves the part to
    what the log says.
    """

    section: str
    text: str
    revision: int
    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        section = one_of(self.section, SECTIONS, "section")
        known = state.retrospective.sections.get(section)
        newest = known.revision if known else 0
        if self.revision != newest:
            who = known.by if known else "nobody"
            raise Conflict(
                f"The newest revision of this section is {newest}, by {who}.",
                "stale",
                "revision",
                newest,
            )
        text = text_of(self.text, "text", SECTION_LIMIT, empty=True)
        if not text and not newest:
            return []
        written = SectionWritten(
            incident=self.incident,
            section=section,
            revision=newest + 1,
            person=self.person,
            blank=not text,
            text=text,
        )
        return [written]


class RedactSection(IncidentCommand):
    """Removes what one revision said, for good; that it was there stays visible.

    Whoever wrote the newest revision, the commander, or somebody whose account may.
    """

    section: str
    revision: int
    by: str
    reason: str = ""
    privileged: bool = False

    def decide(self, state: Incident) -> list[Event]:
        declared(state)
        known = state.retrospective.sections.get(one_of(self.section, SECTIONS, "section"))
        if known is None or not 0 < self.revision <= known.revision:
            raise Refused("There is no such revision here.", "unknown_revision", "revision")
        if (self.section, self.revision) in state.retrospective.redacted:
            return []
        if not self.privileged and self.by not in (known.by, state.holders.get("commander")):
            raise Refused(
                "Only who wrote last or the commander can remove a revision.",
                "not_author",
                "revision",
                known.by,
            )
        reason = text_of(self.reason, "reason", TITLE_LIMIT, empty=True)
        redacted = SectionRedacted(
            incident=self.incident, section=self.section, revision=self.revision, reason=reason
        )
        return [redacted]


class SubmitRetrospective(IncidentCommand):
    """Asks for a review, once the incident is resolved and people have written their parts."""

    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if state.live:
            raise Refused(
                "Resolve the incident before its retrospective is reviewed.",
                "not_resolved",
                "phase",
                state.phase,
            )
        if state.retrospective.stage != "draft":
            return []
        missing = before_review(state)
        if missing:
            raise incomplete(missing, "Not ready for review.")
        return [RetrospectiveSubmitted(person=self.person)]


class ReturnRetrospective(IncidentCommand):
    """Says what has to change before it can be accepted."""

    person: str
    reason: str = ""

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        if state.retrospective.stage == "draft":
            return []
        reason = text_of(self.reason, "reason", TEXT_LIMIT)
        return [RetrospectiveReturned(person=self.person, reason=reason)]


class AcceptRetrospective(IncidentCommand):
    """Stands for what is written. Needs two people: nobody accepts what they submitted."""

    person: str

    def decide(self, state: Incident) -> list[Event]:
        not_closed(state)
        now = state.retrospective
        if now.stage == "accepted":
            return []
        if now.stage != "review":
            raise Refused(
                "Submit the retrospective for review first.", "not_submitted", "stage", now.stage
            )
        if self.person == now.submitted_by:
            raise Refused(
                "Somebody other than who submitted it has to accept it.",
                "own_work",
                "person",
                now.submitted_by,
            )
        return [RetrospectiveAccepted(person=self.person, submitted_by=now.submitted_by)]
