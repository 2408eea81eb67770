"""Follow-ups: their rules in plain words, and the clock that reminds of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as any_given
from hypothesis import strategies as st

from eventlog.core import Event, restore
from eventlog.testing import Given, given
from incidents.commands import (
    AddFollowUp,
    AddFollowUpEvidence,
    ChangeFollowUp,
    CompleteFollowUp,
    DropFollowUp,
    PlaceFollowUp,
    RemindFollowUp,
    ReopenFollowUp,
)
from incidents.events import (
    FollowUpAdded,
    FollowUpChanged,
    FollowUpDone,
    FollowUpDropped,
    FollowUpEvidenceAdded,
    FollowUpPlaced,
    FollowUpReminded,
    FollowUpReopened,
    IncidentClosed,
    ParticipantJoined,
    RoleTaken,
)
from incidents.policy import reminder_at, reminder_due
from tests.incidents.cast import ANA, AT, BEN, CY, ID, LATER, declared

TITLE = "Alert on model age"
DUE = AT + timedelta(days=7)
ONE: dict[str, Any] = {"follow_up": "f1", "title": TITLE}


def added(**changes: Any) -> FollowUpAdded:
    facts = {**ONE, "priority": "P0", "intent": "fix", "owner": ANA, "due_at": DUE.isoformat()}
    return FollowUpAdded(**facts | changes)


def asked(at: datetime = LATER, **fields: Any) -> dict[str, Any]:
    return {"incident": ID, "at": at, "follow_up": "f1", **fields}


def story(*more: Event, **changes: Any) -> Given:
    return given(declared(), added(**changes), *more)


def change(**fields: Any) -> ChangeFollowUp:
    return ChangeFollowUp(**asked(**fields))


def changed(*names: str, reason: str = "", **values: Any) -> FollowUpChanged:
    now = {
        name: getattr(added(), name) for name in ("title", "priority", "intent", "area", "owner")
    }
    now |= {name: getattr(added(), name) for name in ("due_at", "done_when", "tracker")}
    return FollowUpChanged(follow_up="f1", changed=list(names), reason=reason, **now | values)


# Adding and changing


def test_a_follow_up_says_when_it_is_done_and_where_else_it_stands() -> None:
    fields = {"area": "detection", "done_when": "It rang once.", "tracker": "https://t.example/7"}
    command = AddFollowUp(**asked(AT, title=TITLE, priority="P0", owner=ANA, **fields))
    given(declared()).when(command).then(added(**fields))


def test_a_named_due_date_goes_before_that_of_the_priority() -> None:
    command = AddFollowUp(**asked(AT, title=TITLE, priority="P3", due_at=LATER))
    event = given(declared()).when(command).events[0]
    assert isinstance(event, FollowUpAdded)
    assert event.due_at == LATER.isoformat()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"due_at": AT}, "in_the_past"),
        ({"due_at": AT.replace(tzinfo=None)}, "no_zone"),
        ({"area": "weather"}, "unknown_value"),
        ({"tracker": "javascript:alert(1)"}, "not_an_address"),
        ({"tracker": "https://x.example/a b"}, "not_an_address"),
        ({"done_when": "x" * 8_001}, "too_long"),
    ],
)
def test_what_makes_no_sense_is_refused_at_both_doors(fields: dict[str, Any], code: str) -> None:
    given(declared()).when(AddFollowUp(**asked(AT, title=TITLE, **fields))).refused(code)
    story().when(ChangeFollowUp(**asked(AT, **fields))).refused(code)


def test_what_is_not_given_stays() -> None:
    story().when(change(title="Alert on age", owner=BEN)).then(
        changed("title", "owner", title="Alert on age", owner=BEN)
    )
    story().when(change(title=TITLE, owner=ANA, area="")).then()


def test_another_priority_brings_its_due_date() -> None:
    late = LATER + timedelta(days=30)
    story().when(change(priority="P1", reason="Nobody is hurt")).then(
        changed(
            "priority",
            "due_at",
            priority="P1",
            due_at=late.isoformat(),
            reason="Nobody is hurt",
        )
    )


def test_putting_off_needs_a_reason_and_bringing_forward_does_not() -> None:
    late, soon = DUE + timedelta(days=1), DUE - timedelta(days=1)
    story().when(change(due_at=late)).refused("required", "reason")
    story().when(change(due_at=late, reason="Ana is away")).accepted()
    story().when(change(due_at=soon)).then(changed("due_at", due_at=soon.isoformat()))
    story().when(change(priority="P3")).refused("required", "reason")


# Placing


@pytest.mark.parametrize(
    ("function", "confirmed"),
    [("product", True), ("finance", True), ("data engineer", False)],
)
def test_priorities_are_owned_by_a_business_function(function: str, confirmed: bool) -> None:
    joined = ParticipantJoined(person=BEN, function=function)
    placed = FollowUpPlaced(
        **ONE,
        value="high",
        feasibility="very hard",
        person=BEN,
        function=function,
        confirmed=confirmed,
    )
    command = PlaceFollowUp(**asked(value="high", feasibility="very hard", person=BEN))
    story(joined).when(command).then(placed)
    story(joined, placed).when(command).then()
    for wrong in ({"value": "9"}, {"feasibility": "81"}):
        fields = {"value": "high", "feasibility": "easy", "person": BEN, **wrong}
        story().when(PlaceFollowUp(**asked(**fields))).refused("unknown_value")


# Evidence and ending


def evidence(**changes: Any) -> AddFollowUpEvidence:
    return AddFollowUpEvidence(**asked(evidence="e1", text="It rang.", **changes))


KEPT = FollowUpEvidenceAdded(**ONE, evidence="e1", text="It rang.")


def test_evidence_is_kept_once_with_its_checksum() -> None:
    digest = "0f" * 32
    command = evidence(url="https://x.example/log", sha256=digest)
    kept = FollowUpEvidenceAdded(
        **ONE, evidence="e1", text="It rang.", url="https://x.example/log", sha256=digest
    )
    story().when(command).then(kept)
    story(kept).when(command).then()
    story().when(evidence(sha256="0f")).refused("sha256")
    story().when(evidence(url="ftp://x")).refused("not_an_address")


def test_what_says_when_it_is_done_needs_something_that_shows_it() -> None:
    standard = {"done_when": "It rang once."}
    done = CompleteFollowUp(**asked())
    refusal = story(**standard).when(done).refused("no_evidence").refusal
    assert refusal is not None
    assert "It rang once." in refusal.message
    story(KEPT, **standard).when(done).then(FollowUpDone(**ONE))
    noted = CompleteFollowUp(**asked(note="It rang at 9."))
    story(**standard).when(noted).then(FollowUpDone(**ONE, note="It rang at 9."))
    story().when(done).then(FollowUpDone(**ONE))


def test_not_doing_it_needs_a_reason_and_can_be_taken_back() -> None:
    dropped = FollowUpDropped(**ONE, reason="The model is gone")
    drop = DropFollowUp(**asked(reason="The model is gone"))
    story().when(DropFollowUp(**asked())).refused("required", "reason")
    story(IncidentClosed()).when(drop).then(dropped)
    story(dropped).when(drop).then()
    story(dropped).when(change(title="x")).refused("ended")
    story(FollowUpDone(**ONE)).when(drop).refused("ended")
    back = ReopenFollowUp(**asked(reason="It is back"))
    story(dropped).when(back).then(FollowUpReopened(**ONE, was="dropped", reason="It is back"))
    story().when(back).then()


@pytest.mark.parametrize(
    "command",
    [change(title="x"), evidence(), CompleteFollowUp(**asked()), RemindFollowUp(**asked())],
    ids=lambda command: type(command).__name__,
)
def test_a_follow_up_that_is_not_there_is_refused(command: Any) -> None:
    given(declared()).when(command).refused("unknown_follow_up")


# Reminders


def remind(at: datetime) -> RemindFollowUp:
    return RemindFollowUp(**asked(at))


def reminded(step: int, *to: str, review: bool = False) -> FollowUpReminded:
    return FollowUpReminded(**ONE, step=step, due_at=DUE.isoformat(), to=list(to), review=review)


LEADS = (
    RoleTaken(role="planning", person=BEN),
    RoleTaken(role="commander", person=CY),
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (DUE - timedelta(days=1, seconds=1), []),
        (DUE - timedelta(days=1), [reminded(0, ANA)]),
        (DUE, [reminded(1, ANA, review=True)]),
        (DUE + timedelta(days=1), [reminded(2, ANA, BEN, CY, review=True)]),
        (DUE + timedelta(days=9, hours=3), [reminded(10, ANA, BEN, CY, review=True)]),
    ],
)
def test_reminders_escalate_and_a_late_tick_decides_the_newest_only(
    at: datetime, expected: list[Event]
) -> None:
    story(*LEADS).when(remind(at)).then(*expected)


def test_a_reminder_is_decided_once_whoever_asks_again() -> None:
    at = DUE + timedelta(hours=2)
    story(reminded(1, ANA)).when(remind(at)).then()
    story(reminded(1, ANA)).when(remind(at + timedelta(days=1))).then(reminded(2, ANA))


def test_nobodys_work_reminds_whoever_plans_and_commands() -> None:
    story(*LEADS, owner="").when(remind(DUE - timedelta(hours=1))).then(reminded(0, BEN, CY))
    story(owner="").when(remind(DUE - timedelta(hours=1))).then(reminded(0))


def test_an_overdue_p0_is_reviewed_and_others_are_not() -> None:
    story(priority="P1").when(remind(DUE)).then(reminded(1, ANA))
    story(reminded(1, ANA)).when(remind(DUE + timedelta(days=2))).then(reminded(3, ANA))


def test_what_ended_or_has_no_date_is_not_reminded_of() -> None:
    story(FollowUpDone(**ONE)).when(remind(DUE)).then()
    story(due_at=None).when(remind(DUE)).then()


def test_another_date_begins_the_reminders_anew() -> None:
    put_off = changed("due_at", due_at=(DUE + timedelta(days=10)).isoformat())
    later = story(reminded(1, ANA), put_off).when(remind(DUE + timedelta(days=9))).events[0]
    assert isinstance(later, FollowUpReminded)
    assert later.step == 0
    again = FollowUpReopened(**ONE, was="done", reason="x")
    story(reminded(1, ANA), FollowUpDone(**ONE), again).when(remind(DUE)).accepted()


@any_given(
    st.sampled_from(["P0", "P1", "P2", "P3"]),
    st.timedeltas(timedelta(days=-60), timedelta(days=800)),
)
def test_the_step_that_is_due_began_before_and_the_next_one_comes_after(
    priority: str, away: timedelta
) -> None:
    at = DUE + away
    step = reminder_due(priority, DUE, at)
    assert step < 0 or reminder_at(priority, DUE, step) <= at
    assert reminder_at(priority, DUE, step + 1) > at


# Events of an older release


def test_events_of_the_first_schema_are_read_as_they_were() -> None:
    old = {**ONE, "priority": "P0", "intent": "fix", "owner": ANA, "due_at": DUE.isoformat()}
    assert restore("incident.follow_up_added", 1, dict(old)) == added()
    assert restore("incident.follow_up_done", 1, dict(ONE)) == FollowUpDone(**ONE)
    assert datetime.fromisoformat(old["due_at"]).tzinfo == UTC
