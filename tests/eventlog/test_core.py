from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from eventlog import core
from eventlog.testing import given
from tests.eventlog.lamps import NOON, LampLit, LampPutOut, Light, PutOut


def test_a_command_decides_and_an_event_evolves() -> None:
    given().when(Light(lamp="1", by="ana", at=NOON)).then(LampLit(by="ana"))
    given(LampLit(by="ana")).when(PutOut(lamp="1", by="bo", at=NOON)).then(LampPutOut(by="bo"))


def test_said_twice_is_said_once() -> None:
    given(LampLit(by="ana")).when(Light(lamp="1", by="ana", at=NOON)).then()


def test_a_refusal_carries_its_code_and_the_current_value() -> None:
    outcome = given().when(PutOut(lamp="1", by="bo", at=NOON)).refused("off")
    assert outcome.refusal is not None
    assert outcome.refusal.current == 0


def test_events_and_commands_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        LampLit(by="ana").by = "bo"  # type: ignore[misc]


def test_an_event_type_is_taken_once() -> None:
    with pytest.raises(TypeError, match="is taken by"):

        class Other(core.Event):
            type = "lamp.lit"


def test_a_request_is_the_same_at_another_time_and_another_with_another_field() -> None:
    first = Light(lamp="1", by="ana", at=NOON).fingerprint()
    assert Light(lamp="1", by="ana", at=NOON + timedelta(hours=1)).fingerprint() == first
    assert Light(lamp="1", by="bo", at=NOON).fingerprint() != first
    assert PutOut(lamp="1", by="ana", at=NOON).fingerprint() != first


def test_old_payloads_are_brought_to_the_newest_schema() -> None:
    class Measured(core.Event):
        type = "test.measured"
        schema = 3
        metres: float

    @core.upcasts("test.measured", from_schema=1)
    def name_the_unit(payload: dict[str, core.Json]) -> dict[str, core.Json]:
        return {"feet": payload["length"]}

    @core.upcasts("test.measured", from_schema=2)
    def use_metres(payload: dict[str, core.Json]) -> dict[str, core.Json]:
        return {"metres": payload["feet"] * 0.3048}

    assert core.restore("test.measured", 1, {"length": 10}) == Measured(metres=3.048)
    assert core.restore("test.measured", 3, {"metres": 2}) == Measured(metres=2)
    with pytest.raises(core.UnknownEvent, match="newer"):
        core.restore("test.measured", 4, {})


def test_an_event_that_no_code_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(core.UnknownEvent):
        core.restore("nobody.knows", 1, {})


def test_canonical_json_sorts_keys_and_refuses_what_is_not_json() -> None:
    assert (
        core.canonical({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()
    )
    with pytest.raises(TypeError):
        core.canonical({"at": object()})
    with pytest.raises(TypeError, match="null character"):
        core.canonical({"text": "a\x00b"})


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("a\x00", ""),
        ({"rules": [{"name": "x"}, {"name": "\x00"}]}, "rules.1.name"),
        ({"a": {"b\x00": 1}}, "a"),
        ({"a": ["\\u0000", 0, None, True, 1.5]}, None),
        ([], None),
    ],
)
def test_the_place_of_a_null_character_is_told(value: Any, place: str | None) -> None:
    assert core.null_character_at(value) == place


def test_a_backslash_before_u0000_is_ordinary_text() -> None:
    assert core.canonical({"text": "\\u0000"}) == b'{"text":"\\\\u0000"}'


def test_uuid7_sorts_by_time() -> None:
    early, late = core.uuid7(NOON), core.uuid7(NOON + timedelta(milliseconds=1))
    assert early < late
    assert (early.version, early.variant) == (7, "specified in RFC 4122")


@hypothesis_given(
    st.datetimes(datetime(1700, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
)
def test_microseconds_are_exact(at: datetime) -> None:
    assert core.EPOCH + timedelta(microseconds=core.micros(at)) == at


def test_the_content_digest_covers_every_claim() -> None:
    claims = {
        "event_id": core.uuid7(NOON),
        "stream": "lamp:1",
        "type": "lamp.lit",
        "schema": 1,
        "occurred_at": NOON,
        "actor": "person:ana",
        "command_id": core.uuid7(NOON),
        "correlation_id": None,
        "causation_id": None,
        "refs": ["room:1"],
        "payload": b"{}",
    }
    changes = {
        "event_id": core.uuid7(NOON),
        "stream": "lamp:2",
        "type": "lamp.put_out",
        "schema": 2,
        "occurred_at": NOON + timedelta(microseconds=1),
        "actor": "person:bo",
        "command_id": core.uuid7(NOON),
        "correlation_id": core.uuid7(NOON),
        "causation_id": core.uuid7(NOON),
        "refs": ["room:2"],
        "payload": b"{ }",
    }
    original = core.content_digest(**claims)
    digests = {core.content_digest(**(claims | {name: new})) for name, new in changes.items()}
    assert len(digests | {original}) == len(changes) + 1
