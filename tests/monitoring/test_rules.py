"""The rules about monitors, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as draw
from hypothesis import strategies as st

from eventlog.core import Event, fold
from eventlog.testing import given
from monitoring.commands import (
    CloseBreach,
    CreateMonitor,
    MonitorCommand,
    OpenBreach,
    PauseMonitor,
    RemoveMonitor,
    ResumeMonitor,
    ReviseMonitor,
)
from monitoring.events import BreachClosed, BreachOpened, MonitorCreated, MonitorPaused
from monitoring.state import Monitor

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "0190a000-0000-7000-8000-000000000001"
DEFINITION: dict[str, Any] = {
    "name": "Click-through of search",
    "kind": "threshold",
    "parameters": {"value": 0.1, "op": "below"},
    "series": "search.ctr",
    "labels": {"slice": "all"},
    "subjects": ["service:search-ranking"],
    "urgency": "page",
    "severity": 2,
}


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def create(**changes: Any) -> CreateMonitor:
    return CreateMonitor(monitor=ID, at=NOON, **(DEFINITION | changes))


def open_at(minute: int, revision: int = 1) -> OpenBreach:
    evidence: dict[str, float | int | None] = {"value": 0.04}
    return OpenBreach(
        monitor=ID, at=at(minute), revision=revision, sentence="Too low.", evidence=evidence
    )


def close_at(minute: int, revision: int = 1) -> CloseBreach:
    return CloseBreach(monitor=ID, at=at(minute), revision=revision, sentence="Fine again.")


def created(**changes: Any) -> list[Event]:
    return create(**changes).decide(Monitor())


def after(*commands: MonitorCommand, **changes: Any) -> tuple[Event, ...]:
    """The history that these commands make after the monitor was created."""
    history = created(**changes)
    for command in commands:
        history += command.decide(fold(Monitor(), history))
    return tuple(history)


def test_a_monitor_is_created_with_every_parameter_written_out() -> None:
    (event,) = created()
    assert isinstance(event, MonitorCreated)
    assert event.parameters == {
        "value": 0.1,
        "op": "below",
        "needed": 2,
        "of": 3,
        "clear_value": None,
        "clear_after": 3,
    }
    assert event.touched() == ["service:search-ranking"]


def test_a_monitor_is_created_once() -> None:
    given(*created()).when(create()).refused("exists")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "oracle"}, "kind"),
        ({"parameters": {}}, "parameters.value"),
        ({"parameters": {"value": 1, "of": 0}}, "parameters.of"),
        ({"series": "no spaces"}, "series"),
        ({"labels": {"slice": ""}}, "labels.slice"),
        ({"subjects": ["search ranking"]}, "subjects"),
        ({"subjects": ["a:b", "a:b"]}, "subjects"),
        ({"urgency": "panic"}, "urgency"),
        ({"severity": 5}, "severity"),
        ({"description": "x" * 2001}, "description"),
        ({"environment": ""}, "environment"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused_by_name(
    changes: dict[str, Any], field: str
) -> None:
    outcome = given().when(create(**changes))
    assert outcome.refusal is not None
    assert outcome.refusal.field == field


def test_a_breach_carries_what_a_reader_needs() -> None:
    (event,) = given(*created()).when(open_at(5)).events
    assert isinstance(event, BreachOpened)
    assert event.touched() == sorted([event.breach, "service:search-ranking"])
    assert (event.urgency, event.severity, event.kind) == ("page", 2, "threshold")
    assert (event.name, event.series, event.labels) == (
        "Click-through of search",
        "search.ctr",
        {"slice": "all"},
    )
    assert event.onset == "2026-03-01T12:05:00+00:00"


def test_one_breach_is_open_at_a_time() -> None:
    given(*after(open_at(5))).when(open_at(6)).then()


def test_history_is_not_rewritten_by_what_comes_late() -> None:
    closed = after(open_at(5), close_at(8))
    for minute in (4, 5, 8):
        given(*closed).when(open_at(minute)).then()
    assert given(*closed).when(open_at(9)).events


def test_a_breach_may_close_at_its_own_onset_when_the_value_was_corrected() -> None:
    (event,) = given(*after(open_at(5))).when(close_at(5)).events
    assert isinstance(event, BreachClosed)
    assert event.reason == "recovered"
    given(*after(open_at(5))).when(close_at(4)).then()


def test_points_from_before_the_monitor_open_no_breach() -> None:
    history = created(watch_from=at(10))
    given(*history).when(open_at(10)).then()
    assert given(*history).when(open_at(11)).events


def test_an_evaluation_of_an_older_revision_changes_nothing() -> None:
    revise = ReviseMonitor(monitor=ID, at=at(3), **(DEFINITION | {"parameters": {"value": 0.2}}))
    history = after(revise)
    given(*history).when(open_at(5, revision=1)).then()
    assert given(*history).when(open_at(5, revision=2)).events


def test_a_revision_that_changes_nothing_is_no_event() -> None:
    given(*created()).when(ReviseMonitor(monitor=ID, at=at(1), **DEFINITION)).then()


def test_a_paused_monitor_opens_nothing_and_may_still_close() -> None:
    pause = PauseMonitor(monitor=ID, at=at(6), reason="maintenance")
    given(*after(pause)).when(open_at(7)).then()
    assert given(*after(open_at(5), pause)).when(close_at(7)).events
    given(*after(pause)).when(pause).then()
    assert isinstance(after(pause)[-1], MonitorPaused)
    given(*after(pause, ResumeMonitor(monitor=ID, at=at(8)))).when(open_at(9)).then(
        *after(open_at(9))[-1:]
    )


def test_a_pause_needs_a_reason() -> None:
    given(*created()).when(PauseMonitor(monitor=ID, at=at(1), reason=" ")).refused("bad_value")


def test_removing_closes_the_breach_and_ends_everything() -> None:
    remove = RemoveMonitor(monitor=ID, at=at(9), reason="retired")
    history = after(open_at(5), remove)
    assert [event.type for event in history[-2:]] == ["monitor.breach_closed", "monitor.removed"]
    given(*history).when(open_at(10)).then()
    given(*history).when(remove).then()
    given(*history).when(PauseMonitor(monitor=ID, at=at(11), reason="x")).refused("removed")


def test_what_does_not_exist_cannot_be_changed() -> None:
    given().when(PauseMonitor(monitor=ID, at=at(1), reason="x")).refused("unknown")
    given().when(open_at(1)).then()


COMMANDS = st.one_of(
    st.builds(open_at, st.integers(0, 30), st.integers(1, 3)),
    st.builds(close_at, st.integers(0, 30), st.integers(1, 3)),
    st.just(PauseMonitor(monitor=ID, at=at(0), reason="x")),
    st.just(ResumeMonitor(monitor=ID, at=at(0))),
    st.builds(
        lambda value: ReviseMonitor(
            monitor=ID, at=at(0), **(DEFINITION | {"parameters": {"value": value}})
        ),
        st.integers(0, 2),
    ),
)


@draw(st.lists(COMMANDS, max_size=40))
def test_in_any_order_breaches_alternate_and_go_forward_in_time(
    commands: list[MonitorCommand],
) -> None:
    story = [e for e in after(*commands) if isinstance(e, BreachOpened | BreachClosed)]
    for n, event in enumerate(story):
        assert isinstance(event, BreachOpened if n % 2 == 0 else BreachClosed)
        assert event.breach == story[n - n % 2].breach
    onsets = [event.onset for event in story if isinstance(event, BreachOpened)]
    assert onsets == sorted(set(onsets))
