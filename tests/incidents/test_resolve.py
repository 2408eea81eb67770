"""The end of an incident: resolved with an outcome, reopened with a reason, closed last."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.testing import given
from incidents.commands import Close, Reopen, Resolve
from incidents.events import IncidentClosed, IncidentReopened, IncidentResolved
from tests.incidents.cast import asked, declared

FIXED = IncidentResolved(outcome="fixed", confidence="medium", verified=False)


def resolve(**changes: Any) -> Resolve:
    return Resolve(**asked(**{"outcome": "fixed"} | changes))


def test_resolving_names_the_outcome_and_enters_follow_up() -> None:
    state = given(declared()).when(resolve()).then(FIXED).state
    assert (state.phase, state.outcome, state.live) == ("follow-up", "fixed", False)


def test_the_same_resolution_twice_is_one() -> None:
    given(declared(), FIXED).when(resolve()).then()


def test_a_resolution_is_verified_later() -> None:
    verified = IncidentResolved(outcome="fixed", confidence="high", verified=True)
    command = resolve(confidence="high", verified=True)
    given(declared(), FIXED).when(command).then(verified)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outcome": "gone"}, "unknown_value"),
        ({"confidence": "certain"}, "unknown_value"),
        ({"outcome": "duplicate"}, "duplicate_of"),
        ({"outcome": "duplicate", "duplicate_of": 7}, "duplicate_of"),
        ({"outcome": "fixed", "duplicate_of": 3}, "duplicate_of"),
    ],
)
def test_a_resolution_that_says_nothing_clear_is_refused(
    changes: dict[str, Any], code: str
) -> None:
    given(declared()).when(resolve(**changes)).refused(code)


def test_a_duplicate_names_its_original() -> None:
    resolved = IncidentResolved(
        outcome="duplicate", confidence="medium", verified=False, duplicate_of=3
    )
    given(declared()).when(resolve(outcome="duplicate", duplicate_of=3)).then(resolved)


def test_reopening_needs_a_reason_and_returns_to_troubleshooting() -> None:
    reopened = IncidentReopened(reason="It is back")
    command = Reopen(**asked(reason="It is back"))
    state = given(declared(), FIXED).when(command).then(reopened).state
    assert (state.phase, state.outcome) == ("troubleshooting", "")
    given(declared(), FIXED, IncidentClosed()).when(command).then(reopened)
    given(declared(), FIXED).when(Reopen(**asked())).refused("required")


def test_an_open_incident_is_not_reopened() -> None:
    given(declared()).when(Reopen(**asked())).then()


def test_closing_follows_resolving() -> None:
    close = Close(**asked())
    given(declared()).when(close).refused("not_resolved")
    given(declared(severity=3), FIXED).when(close).then(IncidentClosed())
    given(declared(), FIXED, IncidentClosed()).when(close).then()
    given(declared(), FIXED, IncidentClosed()).when(resolve()).refused("closed")
