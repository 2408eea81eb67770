"""One cause, one incident: races, repeats and flapping included."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from eventlog.clock import now
from eventlog.core import Conflict, Context, uuid7
from eventlog.store import execute
from incidents.commands import Declare, Reopen, Resolve, TakeRole
from incidents.declaring import Breach, declare, next_number, record_recovery, take_in
from incidents.models import BreachRow, IncidentRow
from incidents.policy import cause_key
from tests.incidents.cast import ANA, AT, MODEL

RACERS = 8


def opened(name: str = "breach:1", at: datetime = AT, **changes: Any) -> Breach:
    facts: dict[str, Any] = {
        "breach": name,
        "monitor": "monitor:ctr",
        "monitor_name": "Click-through",
        "title": "Click-through is low",
        "sentence": "0.58, below 0.60",
        "urgency": "page",
        "severity": None,
        "environment": "production",
        "subjects": [MODEL],
        "opened_at": at,
        "onset": {"best": at.isoformat(), "basis": "breach"},
    }
    return Breach(**facts | changes)


def arrives(breach: Breach) -> None:
    """What the reaction does with it."""
    system = "system:incidents.follow_breaches"
    declaring = Context.by(system, f"{breach.breach} declare")
    take_in(breach, now(), declaring, Context.by(system, f"{breach.breach} attach"))


def recovers(name: str, at: datetime) -> None:
    context = Context.by("system:incidents.follow_breaches", f"{name} over")
    record_recovery(name, "monitor:ctr", at, "", now(), context)


def declaring(title: str = "Search", **changes: Any) -> Declare:
    facts: dict[str, Any] = {
        "incident": str(uuid7()),
        "at": now(),
        "number": next_number(),
        "title": title,
        "severity": 2,
        "declared_by": ANA,
    }
    return Declare(**facts | changes)


def race(act: Callable[[int], None], racers: int = RACERS) -> list[BaseException]:
    """Runs `act` in threads that start together; returns what they raised."""
    start, failures = threading.Barrier(racers), []

    def run(number: int) -> None:
        start.wait()
        try:
            act(number)
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.django_db
def test_a_breach_declares_an_incident_with_its_severity_and_subjects() -> None:
    arrives(opened(onset := "breach:1"))
    row = IncidentRow.objects.get()
    assert (row.severity, row.phase, row.subjects) == (2, "detection", [MODEL])
    assert row.declared_by == onset
    assert row.breaches_open == row.breaches == 1


@pytest.mark.django_db
def test_the_same_breach_again_changes_nothing() -> None:
    arrives(opened())
    version = IncidentRow.objects.get().version
    arrives(opened())
    assert IncidentRow.objects.get().version == version


@pytest.mark.django_db
def test_another_breach_of_the_same_cause_is_attached() -> None:
    arrives(opened())
    arrives(opened("breach:2", monitor="monitor:age"))
    assert IncidentRow.objects.get().breaches == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"environment": "staging"}, {"subjects": ["model:recommendations"]}]
)
def test_another_cause_is_another_incident(changes: dict[str, Any]) -> None:
    arrives(opened())
    arrives(opened("breach:2", **changes))
    assert IncidentRow.objects.count() == 2


@pytest.mark.django_db
def test_a_flapping_monitor_keeps_one_incident_open() -> None:
    for minute in range(5):
        arrives(opened(f"breach:{minute}", AT + timedelta(minutes=2 * minute)))
        recovers(f"breach:{minute}", AT + timedelta(minutes=2 * minute + 1))
    row = IncidentRow.objects.get()
    assert (row.status, row.breaches, row.breaches_open) == ("open", 5, 0)
    assert row.ended_at == AT + timedelta(minutes=9)


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "incidents"), [(23, 1), (25, 2)])
def test_a_breach_within_a_day_proposes_reopening_and_later_ones_declare(
    hours: int, incidents: int
) -> None:
    arrives(opened())
    recovers("breach:1", AT)
    first = IncidentRow.objects.get()
    resolve = Resolve(incident=str(first.id), at=now(), outcome="fixed")
    execute(resolve, Context.by(ANA))
    arrives(opened("breach:2", AT + timedelta(hours=hours)))
    assert IncidentRow.objects.count() == incidents
    first.refresh_from_db()
    assert first.status == "resolved"
    assert first.breaches_open == (1 if incidents == 1 else 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "incidents"), [(-40, 2), (0, 1), (40, 2)])
def test_replayed_history_is_judged_by_its_own_time(days: int, incidents: int) -> None:
    arrives(opened())
    recovers("breach:1", AT + timedelta(hours=2))
    first = IncidentRow.objects.get()
    execute(Resolve(incident=str(first.id), at=now(), outcome="fixed"), Context.by(ANA))
    arrives(opened("breach:2", AT + timedelta(days=days, hours=1)))
    assert IncidentRow.objects.count() == incidents


@pytest.mark.django_db
def test_recovery_of_a_breach_that_declared_nothing_is_ignored() -> None:
    recovers("breach:9", AT)
    assert not IncidentRow.objects.exists()


@pytest.mark.django_db
def test_a_person_who_declares_the_same_is_told_which_is_open() -> None:
    arrives(opened())
    number = IncidentRow.objects.get().number
    again = declaring(subjects=[MODEL], dedup_key=cause_key("production", [MODEL], "page"))
    with pytest.raises(Conflict) as refused:
        declare(again, Context.by(ANA))
    assert (refused.value.code, refused.value.current) == ("same_cause", number)


@pytest.mark.django_db
def test_a_resolved_incident_cannot_come_back_beside_its_successor() -> None:
    key = cause_key("production", [MODEL], "page")
    first = declaring(dedup_key=key)
    declare(first, Context.by(ANA))
    execute(Resolve(incident=first.incident, at=now(), outcome="fixed"), Context.by(ANA))
    declare(declaring(dedup_key=key), Context.by(ANA))
    with pytest.raises(Conflict, match="same cause"):
        execute(Reopen(incident=first.incident, at=now(), reason="back"), Context.by(ANA))


@pytest.mark.django_db
def test_numbers_go_on_after_those_of_an_imported_log() -> None:
    number = next_number() + 50
    declare(declaring(number=number), Context.by(ANA))
    assert next_number() == number + 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_with_one_breach_declare_once() -> None:
    failures = race(lambda _: arrives(opened()))
    assert failures == []
    assert IncidentRow.objects.count() == BreachRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_breaches_of_one_cause_at_once_make_one_incident() -> None:
    failures = race(lambda number: arrives(opened(f"breach:{number}")))
    assert failures == []
    assert IncidentRow.objects.get().breaches == BreachRow.objects.count() == RACERS


@pytest.mark.django_db(transaction=True)
def test_eight_clicks_on_declare_with_one_key_make_one_incident() -> None:
    incident = str(uuid7())

    def click(_: int) -> None:
        declare(declaring(incident=incident), Context.by(ANA, "form-1"))

    assert race(click) == []
    assert IncidentRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_take_command_at_once_one_gets_it() -> None:
    command = declaring()
    declare(command, Context.by(ANA))

    def take(number: int) -> None:
        person = f"person:{number}"
        take = TakeRole(incident=command.incident, at=now(), role="commander", person=person)
        execute(take, Context.by(person))

    failures = race(take)
    holder = IncidentRow.objects.get().commander
    assert len(failures) == RACERS - 1
    assert {(type(f), f.code, f.current) for f in failures} == {(Conflict, "role_held", holder)}
