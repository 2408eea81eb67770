"""How a retrospective is written, reviewed and accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eventlog.core import Event, personal
from incidents.state import Incident, Section, with_item


class SectionWritten(Event):
    """People's words for one part; each revision is stored under a key of its own.

    What changes after a review has to be reviewed again: the retrospective is a draft once more.
    """

    type = "incident.section_written"
    refs = ("person",)
    incident: str
    section: str
    revision: int
    person: str
    blank: bool
    text: str = personal("incident:{incident}/section:{section}.{revision}")

    def evolve(self, state: Incident) -> Incident:
        written = Section(revision=self.revision, by=self.person, blank=self.blank)
        sections = with_item(state.retrospective.sections, self.section, written)
        return _drafted(state, sections=sections)


class SectionRedacted(Event):
    """One revision cannot be read any more."""

    type = "incident.section_redacted"
    incident: str
    section: str
    revision: int
    reason: str = ""

    def evolve(self, state: Incident) -> Incident:
        now = state.retrospective
        redacted = now.redacted | {(self.section, self.revision)}
        known = now.sections.get(self.section)
        if known is None or known.revision != self.revision:
            return replace(state, retrospective=replace(now, redacted=redacted))
        sections = with_item(now.sections, self.section, replace(known, blank=True))
        return _drafted(state, sections=sections, redacted=redacted)


class RetrospectiveSubmitted(Event):
    type = "incident.retrospective_submitted"
    refs = ("person",)
    person: str

    def evolve(self, state: Incident) -> Incident:
        return _at(state, "review", self.person)


class RetrospectiveReturned(Event):
    """A reviewer wants something changed."""

    type = "incident.retrospective_returned"
    refs = ("person",)
    person: str
    reason: str

    def evolve(self, state: Incident) -> Incident:
        return _at(state, "draft", "")


class RetrospectiveAccepted(Event):
    """Somebody other than who submitted it stands for it, too."""

    type = "incident.retrospective_accepted"
    refs = ("person", "submitted_by")
    person: str
    submitted_by: str

    def evolve(self, state: Incident) -> Incident:
        return _at(state, "accepted", self.submitted_by)


def _drafted(state: Incident, **changes: Any) -> Incident:
    draft = replace(state.retrospective, stage="draft", submitted_by="", **changes)
    return replace(state, retrospective=draft)


def _at(state: Incident, stage: str, submitted_by: str) -> Incident:
    moved = replace(state.retrospective, stage=stage, submitted_by=submitted_by)
    return replace(state, retrospective=moved)
