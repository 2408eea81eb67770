"""Declaring: one field is enough, and nothing is declared twice."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.testing import given
from incidents.commands import Declare
from incidents.events import RoleTaken
from tests.incidents.cast import ANA, MODEL, asked, attached, declared


def declare(**changes: Any) -> Declare:
    facts = {"number": 7, "title": "Search finds nothing", "severity": 2, "declared_by": ANA}
    return Declare(**asked(**facts | changes))


def test_a_title_and_a_severity_are_enough() -> None:
    given().when(declare()).then(declared())


def test_the_one_who_declares_can_take_command_at_once() -> None:
    taken = RoleTaken(role="commander", person=ANA)
    given().when(declare(commander=ANA)).then(declared(), taken)


def test_a_breach_that_declares_is_attached_from_the_start() -> None:
    facts = {"declared_by": "breach:1", "subjects": [MODEL], "dedup_key": "production|x|page"}
    given().when(declare(**facts, trigger=attached())).then(declared(**facts), attached())


def test_an_incident_is_declared_once() -> None:
    outcome = given(declared()).when(declare()).refused("exists")
    assert outcome.refusal is not None
    assert outcome.refusal.current == 7


def test_the_number_is_not_part_of_what_was_asked() -> None:
    assert declare(number=7).fingerprint() == declare(number=8).fingerprint()
    assert declare(title="Other").fingerprint() != declare().fingerprint()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "   "}, "required"),
        ({"title": "x" * 201}, "too_long"),
        ({"title": "a\x00b"}, "text"),
        ({"title": "a\ud800b"}, "text"),
        ({"severity": 5}, "unknown_value"),
        ({"kind": "chaos"}, "unknown_value"),
        ({"environment": ""}, "required"),
        ({"onset": {"best": "yesterday"}}, "not_a_time"),
        ({"onset": {"best": "2026-03-01T00:00:00"}}, "no_zone"),
        (
            {"onset": {"earliest": "2026-03-02T00:00:00Z", "latest": "2026-03-01T00:00:00Z"}},
            "not_in_order",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], code: str) -> None:
    given().when(declare(**changes)).refused(code)


def test_an_onset_is_an_interval_with_its_basis() -> None:
    onset = {
        "earliest": "2026-03-01T00:00:00+01:00",
        "best": "2026-03-01T02:00:00+01:00",
        "latest": "2026-03-01T02:30:00+01:00",
        "basis": "change-point on click-through",
    }
    given().when(declare(onset=onset)).then(declared(onset=onset))
