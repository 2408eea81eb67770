"""Holds: what is held is not changed, through whatever door and at whatever moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7
from eventlog.testing import given
from registry import events
from registry.commands import LiftHold, PlaceHold
from registry.holds import carry_out, guard
from tests.cast import Player

AT = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
HOLD: dict[str, Any] = {
    "hold": "0190a000-0000-7000-8000-000000000001",
    "at": AT,
    "entity": "flag:button",
    "reason": "incident:7",
    "sentence": "Sales are falling.",
}
PLACED = events.HoldPlaced(
    hold=f"hold:{HOLD['hold']}",
    entity="flag:button",
    reason="incident:7",
    sentence="Sales are falling.",
    since=AT.isoformat(),
)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"entity": "button"}, "entity"),
        ({"reason": ""}, "reason"),
        ({"sentence": " "}, "sentence"),
        ({"until": AT}, "until"),
        ({"since": AT + timedelta(days=2), "until": AT + timedelta(days=1)}, "until"),
    ],
)
def test_a_wrong_hold_names_the_field(fields: dict[str, Any], field: str) -> None:
    given().when(PlaceHold(**{**HOLD, **fields})).refused("bad_value", field=field)


def test_a_hold_is_placed_and_lifted_once() -> None:
    given().when(PlaceHold(**HOLD)).then(PLACED)
    given(PLACED).when(PlaceHold(**HOLD)).refused("exists")
    lifted = events.HoldLifted(hold=PLACED.hold, entity="flag:button", why="over")
    lift = LiftHold(hold=HOLD["hold"], at=AT, why="over")
    given(PLACED).when(lift).then(lifted)
    given(PLACED, lifted).when(lift).then()


def place(**fields: Any) -> str:
    hold = str(uuid7())
    carry_out(PlaceHold(**{**HOLD, **fields, "hold": hold}), Context.by("person:ana"))
    return hold


@pytest.mark.django_db
def test_it_stands_from_its_beginning_to_its_end() -> None:
    place(since=AT + timedelta(hours=1), until=AT + timedelta(hours=3))
    for hours, stands in ((0, False), (1, True), (2, True), (3, False)):
        if not stands:
            guard(["flag:button"], AT + timedelta(hours=hours))
            continue
        with pytest.raises(Refused, match=r"held until 3 Nov 19:00 UTC by incident:7") as refused:
            guard(["flag:other", "flag:button"], AT + timedelta(hours=hours))
        assert refused.value.code == "held"
        assert refused.value.current["reason"] == "incident:7"


@pytest.mark.django_db
def test_a_lifted_hold_is_gone_and_another_one_stands() -> None:
    first, _ = place(), place(reason="calendar:sale")
    carry_out(LiftHold(hold=first, at=AT), Context.by("person:ana"))
    with pytest.raises(Refused, match="calendar:sale"):
        guard(["flag:button"], AT)


@pytest.mark.django_db(transaction=True)
def test_a_hold_waits_for_a_change_under_way() -> None:
    placed = threading.Event()

    def place_elsewhere() -> None:
        place(at=now())
        placed.set()
        connection.close()

    other = threading.Thread(target=place_elsewhere)
    with transaction.atomic():
        guard(["flag:button"], now())
        other.start()
        assert not placed.wait(0.3)
    other.join(10)
    assert placed.is_set()
    with pytest.raises(Refused):
        guard(["flag:button"], now())


def test_who_may_hold(ana: Player, bo: Player, olga: Player, mallory: Player) -> None:
    body = {name: HOLD[name] for name in ("entity", "reason", "sentence")}
    assert bo.api.post("holds", body).status_code == 403
    assert mallory.api.post("holds", body).status_code in (401, 403)
    placed = ana.api.post("holds", body)
    assert placed.status_code == 201
    seen = olga.api.get("holds?standing=true&entity=flag:button").json()["items"]
    assert [one["sentence"] for one in seen] == ["Sales are falling."]
    assert ana.api.post(f"{placed.json()['location']}/lift").status_code == 200
    assert olga.api.get("holds?standing=true").json()["items"] == []
    assert ana.api.post(f"holds/{uuid7()}/lift").status_code == 404
