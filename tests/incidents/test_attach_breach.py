"""Breaches join the incident of their cause; their end proposes its resolution."""

from __future__ import annotations

from typing import Any

from eventlog.testing import given
from incidents.commands import RecordRecovery
from incidents.events import BreachRecovered
from tests.incidents.cast import AT, LATER, asked, attached, breach, declared


def recovery(name: str = "breach:1", **changes: Any) -> RecordRecovery:
    facts = {"breach": name, "monitor": "monitor:ctr", "recovered_at": LATER}
    return RecordRecovery(**asked(**facts | changes))


RECOVERED = BreachRecovered(
    breach="breach:1", monitor="monitor:ctr", recovered_at=LATER.isoformat()
)


def test_a_second_breach_joins() -> None:
    outcome = given(declared(), attached()).when(breach("breach:2")).then(attached("breach:2"))
    assert outcome.state.breaches == {"breach:1": True, "breach:2": True}


def test_a_breach_joins_once() -> None:
    given(declared(), attached()).when(breach()).then()


def test_a_breach_cannot_join_what_was_never_declared() -> None:
    given().when(breach()).refused("unknown_incident")


def test_recovery_is_recorded_and_closes_nothing() -> None:
    state = given(declared(), attached()).when(recovery()).then(RECOVERED).state
    assert state.recovered
    assert state.live


def test_one_of_two_breaches_over_is_no_recovery() -> None:
    state = given(declared(), attached(), attached("breach:2")).when(recovery()).state
    assert not state.recovered


def test_recovery_is_recorded_once() -> None:
    given(declared(), attached(), RECOVERED).when(recovery()).then()


def test_recovery_of_a_breach_that_is_not_attached_changes_nothing() -> None:
    given(declared()).when(recovery("breach:9")).then()


def test_the_breach_keeps_the_time_of_its_measurement() -> None:
    assert attached().opened_at == AT.isoformat()
