"""Writing, reviewing and accepting a retrospective, and what closing waits for."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.core import Event, restore
from eventlog.testing import given
from incidents.commands import (
    AcceptRetrospective,
    Close,
    RedactSection,
    ReturnRetrospective,
    SubmitRetrospective,
    WriteSection,
)
from incidents.events import (
    FollowUpAdded,
    IncidentClosed,
    IncidentResolved,
    RetrospectiveAccepted,
    RetrospectiveReturned,
    RetrospectiveSubmitted,
    SectionRedacted,
    SectionWritten,
    SeverityChanged,
)
from tests.incidents.cast import ANA, BEN, CY, ID, asked, declared

FIXED = IncidentResolved(outcome="fixed", confidence="high", verified=True)
NEEDED = ("summary", "causes", "well", "badly")


def written(section: str = "causes", revision: int = 1, text: str = "A full disk.") -> Event:
    return SectionWritten(
        incident=ID, section=section, revision=revision, person=ANA, blank=not text, text=text
    )


def write(revision: int, text: str = "A full disk.", section: str = "causes") -> WriteSection:
    return WriteSection(**asked(section=section, text=text, revision=revision, person=ANA))


def submit() -> SubmitRetrospective:
    return SubmitRetrospective(**asked(person=ANA))


def accept(person: str) -> AcceptRetrospective:
    return AcceptRetrospective(**asked(person=person))


def close(**changes: Any) -> Close:
    return Close(**asked(**changes))


WRITTEN = [written(section) for section in NEEDED]
SUBMITTED = RetrospectiveSubmitted(person=ANA)
ACCEPTED = RetrospectiveAccepted(person=BEN, submitted_by=ANA)


def test_a_section_is_written_revision_by_revision() -> None:
    given(declared()).when(write(0)).then(written())
    given(declared(), written()).when(write(1, "A slow disk.")).then(
        written(revision=2, text="A slow disk.")
    )


def test_whoever_writes_second_is_told_the_newer_revision() -> None:
    refused = given(declared(), written()).when(write(0, "Mine")).refused("stale", "revision")
    assert refused.refusal is not None
    assert refused.refusal.current == 1
    given(declared()).when(write(3)).refused("stale")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (write(0, section="prose"), "unknown_value"),
        (write(0, "x" * 20_001), "too_long"),
        (write(0, "a\x00"), "text"),
    ],
)
def test_what_cannot_be_a_section_is_refused(command: WriteSection, code: str) -> None:
    given(declared()).when(command).refused(code)


def test_an_empty_text_leaves_the_section_to_the_log() -> None:
    given(declared()).when(write(0, " ")).then()
    given(declared(), written()).when(write(1, "")).then(written(revision=2, text=""))


def test_a_review_needs_the_words_of_people() -> None:
    given(declared(), *WRITTEN).when(submit()).refused("not_resolved")
    lacking = given(declared(), FIXED, written()).when(submit()).refused("incomplete").refusal
    assert lacking is not None
    assert [one["code"] for one in lacking.current] == ["no_summary", "no_well", "no_badly"]
    emptied = given(declared(), FIXED, *WRITTEN, written(revision=2, text=""))
    emptied.when(submit()).refused("incomplete")
    given(declared(), FIXED, *WRITTEN).when(submit()).then(SUBMITTED)
    given(declared(), FIXED, *WRITTEN, SUBMITTED).when(submit()).then()


def test_two_people_stand_for_a_retrospective() -> None:
    story = given(declared(), FIXED, *WRITTEN, SUBMITTED)
    story.when(accept(ANA)).refused("own_work")
    story.when(accept(BEN)).then(ACCEPTED)
    given(declared(), FIXED, *WRITTEN).when(accept(BEN)).refused("not_submitted")
    given(declared(), FIXED, *WRITTEN, SUBMITTED, ACCEPTED).when(accept(CY)).then()


def test_a_change_after_the_review_has_to_be_reviewed() -> None:
    story = (declared(), FIXED, *WRITTEN, SUBMITTED, ACCEPTED)
    state = given(*story).when(write(1, "Two disks.")).state
    assert (state.retrospective.stage, state.retrospective.submitted_by) == ("draft", "")
    back = ReturnRetrospective(**asked(person=BEN, reason="Which disk?"))
    returned = RetrospectiveReturned(person=BEN, reason="Which disk?")
    assert given(*story).when(back).then(returned).state.retrospective.stage == "draft"
    given(declared(), FIXED).when(back).then()


def test_a_revision_is_removed_by_its_author_or_the_commander_once() -> None:
    def remove(by: str, revision: int = 1, **changes: Any) -> RedactSection:
        return RedactSection(**asked(section="causes", revision=revision, by=by, **changes))

    story = given(declared(), written())
    gone = SectionRedacted(incident=ID, section="causes", revision=1)
    story.when(remove(BEN)).refused("not_author")
    story.when(remove(BEN, privileged=True)).then(gone)
    assert story.when(remove(ANA)).then(gone).state.retrospective.sections["causes"].blank
    given(declared(), written(), gone).when(remove(ANA)).then()
    story.when(remove(ANA, revision=2)).refused("unknown_revision")


# Closing


@pytest.mark.parametrize(
    "history",
    [
        [declared(severity=1)],
        [declared(severity=2)],
        [declared(severity=2), SeverityChanged(severity=4, was=2, reason="Calmer")],
        [declared(severity=4), SeverityChanged(severity=1, was=4, reason="Checkout")],
    ],
)
def test_what_was_ever_sev2_or_worse_closes_after_an_accepted_retrospective(
    history: list[Event],
) -> None:
    story = given(*history, FIXED, *WRITTEN, SUBMITTED)
    refusal = story.when(close()).refused("incomplete", "exception").refusal
    assert refusal is not None
    assert [one["code"] for one in refusal.current] == ["no_retrospective"]
    given(*history, FIXED, *WRITTEN, SUBMITTED, ACCEPTED).when(close()).then(IncidentClosed())


def test_an_exception_is_recorded_with_its_reason_and_what_was_missing() -> None:
    exempt = IncidentClosed(exception="Merged by hand.", missing=["no_retrospective"])
    given(declared(), FIXED).when(close(exception=" Merged by hand. ")).then(exempt)
    given(declared(severity=3), FIXED).when(close(exception="No need.")).then(IncidentClosed())


@pytest.mark.parametrize("outcome", ["duplicate", "not_an_incident"])
def test_what_was_no_incident_of_its_own_needs_no_looking_back(outcome: str) -> None:
    resolved = IncidentResolved(outcome=outcome, confidence="high", verified=True)
    given(declared(severity=1), resolved).when(close()).then(IncidentClosed())


@pytest.mark.parametrize(
    ("priority", "owner", "closes"), [("P0", "", 0), ("P0", ANA, 1), ("P1", "", 1)]
)
def test_a_p0_without_an_owner_keeps_the_incident_open(
    priority: str, owner: str, closes: int
) -> None:
    added = FollowUpAdded(follow_up="f", title="Age", priority=priority, intent="fix", owner=owner)
    outcome = given(declared(severity=3), FIXED, added).when(close())
    if closes:
        outcome.then(IncidentClosed())
    else:
        refusal = outcome.refused("incomplete").refusal
        assert refusal is not None
        assert refusal.current[0]["code"] == "p0_without_owner"


def test_incidents_closed_before_the_gate_are_read_as_they_were() -> None:
    assert restore("incident.closed", 1, {}) == IncidentClosed(exception="", missing=[])
