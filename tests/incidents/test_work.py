"""Working an incident: phase, severity, impact, updates, notes, follow-ups."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.core import Command
from eventlog.testing import given
from incidents.commands import (
    AddFollowUp,
    AddNote,
    ChangeSeverity,
    CompleteFollowUp,
    EnterPhase,
    PostUpdate,
    Retitle,
    StateImpact,
)
from incidents.events import (
    FollowUpAdded,
    FollowUpDone,
    ImpactStated,
    IncidentClosed,
    IncidentResolved,
    IncidentRetitled,
    NoteAdded,
    PhaseEntered,
    SeverityChanged,
    UpdatePosted,
)
from tests.incidents.cast import ANA, asked, declared

RESOLVED = IncidentResolved(outcome="fixed", confidence="high", verified=True)
ADDED = FollowUpAdded(
    follow_up="f1",
    title="Alert on model age",
    priority="P0",
    intent="fix",
    owner=ANA,
    due_at="2026-03-09T09:30:00+00:00",
)


def phase(name: str) -> EnterPhase:
    return EnterPhase(**asked(phase=name))


def impact(**changes: Any) -> StateImpact:
    return StateImpact(**asked(text="Fewer clicks", **changes))


def test_a_phase_is_entered_skipped_and_entered_again() -> None:
    mitigation = PhaseEntered(phase="mitigation", left="detection")
    given(declared()).when(phase("mitigation")).then(mitigation)
    back = PhaseEntered(phase="detection", left="mitigation")
    given(declared(), mitigation).when(phase("detection")).then(back)


def test_the_phase_one_is_in_is_no_news() -> None:
    given(declared()).when(phase("detection")).then()


@pytest.mark.parametrize("name", ["follow-up", "closed", "outage"])
def test_resolving_and_closing_are_not_phases_to_pick(name: str) -> None:
    given(declared()).when(phase(name)).refused("unknown_value")


def test_a_resolved_incident_enters_no_phase() -> None:
    given(declared(), RESOLVED).when(phase("mitigation")).refused("resolved")


def test_a_change_of_severity_needs_a_reason() -> None:
    changed = SeverityChanged(severity=1, was=2, reason="Checkout is affected")
    command = ChangeSeverity(**asked(severity=1, reason=" Checkout is affected "))
    given(declared()).when(command).then(changed)
    given(declared()).when(ChangeSeverity(**asked(severity=1))).refused("required")


def test_the_same_severity_is_no_change() -> None:
    given(declared()).when(ChangeSeverity(**asked(severity=2))).then()


def test_a_title_is_changed_and_the_old_one_kept() -> None:
    retitled = IncidentRetitled(title="Stale ranking", was="Search finds nothing")
    given(declared()).when(Retitle(**asked(title="Stale ranking"))).then(retitled)
    given(declared()).when(Retitle(**asked(title="Search finds nothing"))).then()


def test_impact_is_an_interval_in_its_unit() -> None:
    stated = ImpactStated(text="Fewer clicks", unit="points", low=-9, best=-8, high=-6.5)
    command = impact(unit="points", low=-9, best=-8, high=-6.5)
    given(declared()).when(command).then(stated)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"low": 2.0, "high": 1.0}, "not_in_order"),
        ({"best": float("nan")}, "not_finite"),
        ({"high": float("inf")}, "not_finite"),
    ],
)
def test_an_impact_that_cannot_be_is_refused(values: dict[str, float], code: str) -> None:
    given(declared()).when(impact(**values)).refused(code)


def test_an_update_goes_to_an_audience() -> None:
    posted = UpdatePosted(audience="partners", text="We know why.")
    command = PostUpdate(**asked(audience="partners", text="We know why."))
    given(declared()).when(command).then(posted)
    given(declared()).when(PostUpdate(**asked(audience="cats", text="x"))).refused("unknown_value")


def test_a_note_is_for_the_timeline() -> None:
    given(declared()).when(AddNote(**asked(text="Vendor called"))).then(
        NoteAdded(text="Vendor called")
    )


def test_a_follow_up_gets_its_due_date_by_priority() -> None:
    facts = {"follow_up": "f1", "title": "Alert on model age", "owner": ANA}
    given(declared()).when(AddFollowUp(**asked(**facts, priority="P0"))).then(ADDED)
    later = given(declared()).when(AddFollowUp(**asked(**facts, priority="P3"))).events[0]
    assert isinstance(later, FollowUpAdded)
    assert later.due_at is None


def test_a_follow_up_is_added_once() -> None:
    command = AddFollowUp(**asked(follow_up="f1", title="Alert on model age"))
    given(declared(), ADDED).when(command).then()


@pytest.mark.parametrize("changes", [{"priority": "P9"}, {"intent": "wish"}])
def test_a_follow_up_has_a_known_priority_and_intent(changes: dict[str, str]) -> None:
    command = AddFollowUp(**asked(follow_up="f1", title="x", **changes))
    given(declared()).when(command).refused("unknown_value")


def test_a_follow_up_is_done_once_even_after_closing() -> None:
    done = FollowUpDone(follow_up="f1", title="Alert on model age")
    command = CompleteFollowUp(**asked(follow_up="f1"))
    given(declared(), ADDED, RESOLVED, IncidentClosed()).when(command).then(done)
    given(declared(), ADDED, done).when(command).then()
    given(declared()).when(command).refused("unknown_follow_up")


@pytest.mark.parametrize(
    "command",
    [
        phase("mitigation"),
        ChangeSeverity(**asked(severity=1, reason="x")),
        Retitle(**asked(title="x")),
        impact(),
        PostUpdate(**asked(text="x")),
        AddNote(**asked(text="x")),
        AddFollowUp(**asked(follow_up="f1", title="x")),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_added_to_a_closed_incident(command: Command[Any]) -> None:
    given(declared(), RESOLVED, IncidentClosed()).when(command).refused("closed")
    given().when(command).refused("unknown_incident")
