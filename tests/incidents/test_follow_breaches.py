"""From a monitor's breach in the log to one incident, through the reaction as it runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from eventlog import followers
from eventlog.clock import now
from eventlog.core import Command, Context, Event
from eventlog.sealer import seal_once
from eventlog.store import execute, read_after
from incidents import queries
from incidents.models import BreachRow, IncidentRow
from incidents.reactions import NAME
from monitoring.events import BreachClosed, BreachOpened
from monitoring.state import Monitor
from tests.incidents.cast import AT, MODEL

pytestmark = pytest.mark.django_db


class Say(Command[Monitor]):
    """Puts events into a monitor's stream as they are."""

    blank = Monitor()
    monitor: UUID
    events: list[Event]

    @property
    def stream(self) -> str:
        return f"monitor:{self.monitor}"

    def decide(self, state: Monitor) -> list[Event]:
        return self.events


def said(monitor: int, *events: Event) -> None:
    execute(Say(monitor=UUID(int=monitor), events=list(events), at=now()), Context.by("system:x"))


def follow() -> None:
    """Seals what was said and lets the reaction see it."""
    seal_once()
    followers.catch_up([NAME])


def breach_ref(number: int) -> str:
    return f"breach:{UUID(int=number)}"


def opened(number: int = 1, onset: datetime = AT, **changes: Any) -> BreachOpened:
    facts: dict[str, Any] = {
        "breach": breach_ref(number),
        "monitor": str(UUID(int=1)),
        "name": "Model age",
        "kind": "age",
        "series": "model.age",
        "labels": {},
        "onset": onset.isoformat(),
        "sentence": "The age is 50 h; the limit is 48 h.",
        "evidence": {"value": 50.0},
        "urgency": "page",
        "subjects": [MODEL],
    }
    return BreachOpened(**facts | changes)


def ended(number: int = 1, at: datetime = AT) -> BreachClosed:
    return BreachClosed(
        breach=breach_ref(number),
        monitor=str(UUID(int=1)),
        closed_at=at.isoformat(),
        sentence="The age is 1 h.",
    )


def test_a_page_level_breach_is_declared_with_its_onset() -> None:
    said(1, opened())
    follow()
    row = IncidentRow.objects.get()
    assert row.title == "Model age: the age is 50 h; the limit is 48 h"
    assert (row.severity, row.onset_best, row.onset_basis) == (2, AT, "breach of Model age")
    assert BreachRow.objects.get().monitor_name == "Model age"


def test_an_estimate_of_when_it_began_becomes_the_onset() -> None:
    began = {
        name: (AT - timedelta(minutes=minutes)).isoformat()
        for name, minutes in (("earliest", 12), ("best", 5), ("latest", 0))
    }
    said(1, opened(began=began))
    follow()
    row = IncidentRow.objects.get()
    assert [at.isoformat() for at in (row.onset_earliest, row.onset_best, row.onset_latest)] == [
        began["earliest"],
        began["best"],
        began["latest"],
    ]
    assert row.onset_basis == "change point of model.age, 90 % interval"


def test_the_monitor_may_hint_at_the_severity() -> None:
    said(1, opened(severity=1))
    follow()
    assert IncidentRow.objects.get().severity == 1


@pytest.mark.parametrize("urgency", ["record", "notify", "concern"])
def test_a_lesser_breach_declares_nothing(urgency: str) -> None:
    said(1, opened(urgency=urgency), ended())
    follow()
    assert not IncidentRow.objects.exists()


def test_three_monitors_that_agree_make_one_incident() -> None:
    for monitor in (1, 2, 3):
        said(monitor, opened(monitor))
    follow()
    assert IncidentRow.objects.get().breaches == 3


def test_recovery_proposes_the_end_and_flapping_adds_no_incident() -> None:
    for minute in range(3):
        at = AT + timedelta(minutes=minute)
        said(1, opened(minute, at), ended(minute, at))
    follow()
    card = queries.recovering(now()).cards[0]
    assert (card.proposal, card.breaches, card.status) == ("resolve", 3, "open")


def test_running_again_over_the_same_events_changes_nothing() -> None:
    said(1, opened(), ended())
    follow()
    version = IncidentRow.objects.get().version
    for record in read_after(0, types=["monitor.breach_opened", "monitor.breach_closed"]):
        followers.all_followers()[NAME].handle(record)
    assert IncidentRow.objects.get().version == version


def test_a_long_name_and_sentence_still_make_a_title() -> None:
    said(1, opened(name="Age " * 80))
    follow()
    assert len(IncidentRow.objects.get().title) == 200
