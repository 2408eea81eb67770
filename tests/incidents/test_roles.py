"""Roles: at most one holder each, handed over by offer and acceptance."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.core import Conflict
from eventlog.testing import given
from incidents.commands import AcceptRole, DeclineRole, Join, OfferRole, ReleaseRole, TakeRole
from incidents.events import (
    IncidentClosed,
    ParticipantJoined,
    RoleAccepted,
    RoleDeclined,
    RoleOffered,
    RoleReleased,
    RoleTaken,
)
from tests.incidents.cast import ANA, BEN, CY, asked, declared

ANA_COMMANDS = RoleTaken(role="commander", person=ANA)
OFFERED = RoleOffered(role="commander", to=BEN, by=ANA, summary="Rolled back, watching.")


def take(person: str = ANA, **changes: Any) -> TakeRole:
    return TakeRole(**asked(role="commander", person=person, **changes))


def offer(by: str = ANA, to: str = BEN, summary: str = "Rolled back, watching.") -> OfferRole:
    return OfferRole(**asked(role="commander", to=to, by=by, summary=summary))


def accept(person: str = BEN) -> AcceptRole:
    return AcceptRole(**asked(role="commander", person=person))


def decline(person: str = BEN) -> DeclineRole:
    return DeclineRole(**asked(role="commander", person=person))


def test_a_vacant_role_is_taken() -> None:
    given(declared()).when(take()).then(ANA_COMMANDS)


def test_taking_what_one_holds_changes_nothing() -> None:
    given(declared(), ANA_COMMANDS).when(take()).then()


def test_the_second_to_take_command_is_told_who_was_first() -> None:
    outcome = given(declared(), ANA_COMMANDS).when(take(BEN)).refused("role_held")
    assert isinstance(outcome.refusal, Conflict)
    assert outcome.refusal.current == ANA
    assert ANA in outcome.refusal.message


def test_command_is_taken_over_by_naming_its_holder_and_a_reason() -> None:
    taken = RoleTaken(role="commander", person=BEN, instead_of=ANA, reason="Ana is offline")
    command = take(BEN, instead_of=ANA, reason="Ana is offline")
    given(declared(), ANA_COMMANDS).when(command).then(taken)


def test_taking_over_without_a_reason_is_refused() -> None:
    given(declared(), ANA_COMMANDS).when(take(BEN, instead_of=ANA)).refused("required")


@pytest.mark.parametrize("history", [[], [ANA_COMMANDS]])
def test_taking_over_from_somebody_else_is_refused(history: list[RoleTaken]) -> None:
    command = take(BEN, instead_of=CY, reason="late")
    outcome = given(declared(), *history).when(command)
    outcome.refused("role_held" if history else "role_vacant")


def test_a_hand_over_takes_effect_when_accepted() -> None:
    offered = given(declared(), ANA_COMMANDS).when(offer()).then(OFFERED)
    assert offered.state.holders == {"commander": ANA}
    accepted = RoleAccepted(role="commander", person=BEN, from_person=ANA)
    taken = given(declared(), ANA_COMMANDS, OFFERED).when(accept()).then(accepted)
    assert taken.state.holders == {"commander": BEN}
    assert taken.state.offers == {}


def test_a_hand_over_of_a_held_role_needs_a_summary() -> None:
    given(declared(), ANA_COMMANDS).when(offer(summary=" ")).refused("required")


def test_a_vacant_role_is_offered_without_ceremony() -> None:
    offered = RoleOffered(role="commander", to=BEN, by=CY)
    given(declared()).when(offer(by=CY, summary="")).then(offered)


def test_a_stranger_hands_nothing_over() -> None:
    given(declared(), ANA_COMMANDS).when(offer(by=CY)).refused("not_holder")


def test_the_commander_reassigns_every_role() -> None:
    history = [ANA_COMMANDS, RoleTaken(role="operations", person=CY)]
    command = OfferRole(**asked(role="operations", to=BEN, by=ANA, summary="Cy is tired."))
    offered = RoleOffered(role="operations", to=BEN, by=ANA, summary="Cy is tired.")
    given(declared(), *history).when(command).then(offered)


def test_a_role_is_not_offered_to_its_holder() -> None:
    given(declared(), ANA_COMMANDS).when(offer(to=ANA)).refused("role_held")


def test_the_same_offer_twice_is_one() -> None:
    given(declared(), ANA_COMMANDS, OFFERED).when(offer()).then()


def test_only_the_one_who_was_asked_accepts_or_declines() -> None:
    history = [declared(), ANA_COMMANDS, OFFERED]
    given(*history).when(accept(CY)).refused("not_yours")
    given(*history).when(decline(CY)).refused("not_yours")


def test_an_offer_declined_or_withdrawn_is_gone() -> None:
    for person in (BEN, ANA):
        declined = RoleDeclined(role="commander", person=person)
        outcome = given(declared(), ANA_COMMANDS, OFFERED).when(decline(person)).then(declined)
        assert outcome.state.offers == {}


def test_an_offer_lapses_when_somebody_takes_the_role() -> None:
    taken = RoleTaken(role="commander", person=CY, instead_of=ANA, reason="Ana is offline")
    given(declared(), ANA_COMMANDS, OFFERED, taken).when(accept()).refused("no_offer")


def test_the_holder_steps_back_and_nobody_else_can_do_it_for_them() -> None:
    released = RoleReleased(role="commander", person=ANA)
    history = [declared(), ANA_COMMANDS]
    given(*history).when(ReleaseRole(**asked(role="commander", person=ANA))).then(released)
    given(*history).when(ReleaseRole(**asked(role="commander", person=BEN))).refused("role_held")
    given(declared()).when(ReleaseRole(**asked(role="commander", person=BEN))).then()


def test_one_person_may_hold_several_roles() -> None:
    command = TakeRole(**asked(role="operations", person=ANA))
    taken = RoleTaken(role="operations", person=ANA)
    state = given(declared(), ANA_COMMANDS).when(command).then(taken).state
    assert state.holders == {"commander": ANA, "operations": ANA}


def test_there_are_four_roles() -> None:
    given(declared()).when(TakeRole(**asked(role="scribe", person=ANA))).refused("unknown_value")


def test_somebody_joins_with_a_function_and_may_change_it() -> None:
    joined = ParticipantJoined(person=CY, function="data engineer")
    command = Join(**asked(person=CY, function="data engineer"))
    given(declared()).when(command).then(joined)
    given(declared(), joined).when(command).then()
    given(declared()).when(Join(**asked(person=CY, function="wizard"))).refused("unknown_value")


def test_roles_of_a_closed_incident_rest() -> None:
    given(declared(), IncidentClosed()).when(take()).refused("closed")
