"""The vocabulary of the log, in plain Python: events evolve a state, commands decide on events.

No Django, no clock and no database here, so that rules are tested in microseconds:

    class LampSwitchedOn(Event):
        type = "lamp.switched_on"
        by: str

        def evolve(self, state: Lamp) -> Lamp:      # never refuses: it already happened
            return replace(state, on=True)

    class SwitchOn(Command[Lamp]):
        lamp: str
        blank = Lamp()

        @property
        def stream(self) -> str:
            return f"lamp:{self.lamp}"

        def decide(self, state: Lamp) -> list[Event]:   # every rule, and the only place to refuse
            return [] if state.on else [LampSwitchedOn(by=self.by)]
"""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar, dataclass_transform

import orjson

State = TypeVar("State")
Answer = TypeVar("Answer")
Json = Any
Upcaster = Callable[[dict[str, Json]], dict[str, Json]]


class Refused(Exception):
    """A rule says no. Doors answer 409 with the code, the sentence and the current value.

    `code` is stable and for programs, `message` is one sentence for people, `field` names the
    input at fault and `current` is the value that stands.
    """

    def __init__(self, message: str, code: str = "refused", field: str = "", current: Json = None):
        super().__init__(message)
        self.message, self.code, self.field, self.current = message, code, field, current


class Conflict(Refused):
    """Somebody else was first: the stream moved on, or a key was used for something else."""


class UnknownEvent(LookupError):
    """No class is registered for a stored event type."""


class Erased(str):
    """What a personal field reads as once its key is destroyed: an empty text that knows why."""

    __slots__ = ()


ERASED = Erased()
PERSONAL = "eventlog.personal"


def personal(subject: str, default: Any = dataclasses.MISSING) -> Any:
    """A text field that is stored as ciphertext under the key of `subject`.

    `subject` is a template over the event's other fields, such as ``"person:{person}"``; parts
    separated by ``/`` nest, so that ``"incident:{incident}/message:{message}"`` is wrapped by
    the incident's key and goes with either.
    """
    return field(default=default, metadata={PERSONAL: subject})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field, personal))
class _Value:
    """Turns every subclass into a frozen dataclass with keyword-only fields."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, kw_only=True)(cls)


class Event(_Value):
    """Something that happened. Fields are JSON-safe: text, numbers, booleans, lists, dicts, None.

    `type` is the stable name in the store, `schema` its version, `refs` the fields that hold
    refs of other entities the event touches (``model:…``, or a list of them).
    """

    type: ClassVar[str] = ""
    schema: ClassVar[int] = 1
    refs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.type:
            _register(cls)

    def evolve(self, state: Any) -> Any:
        """The state after this event. Never refuses."""
        return state

    def payload(self) -> dict[str, Json]:
        """The fields as JSON-safe values."""
        return {name: getattr(self, name) for name in field_names(type(self))}

    def touched(self) -> list[str]:
        """Refs of the entities this event touches besides its own stream, sorted, each once."""
        found: set[str] = set()
        for name in self.refs:
            value = getattr(self, name)
            found.update([value] if isinstance(value, str) else value or ())
        return sorted(ref for ref in found if ref)


class Command(_Value, Generic[State]):
    """Something somebody asks for. `at` is when, on the product's clock.

    `supplied` names the fields that the door fills in by itself (a time, a drawn number): two
    requests that differ only there are the same request.
    """

    blank: ClassVar[Any] = None
    supplied: ClassVar[tuple[str, ...]] = ()
    at: datetime

    @property
    def stream(self) -> str:
        """Ref of the entity whose story this command continues."""
        raise NotImplementedError(f"{type(self).__name__} names no stream")

    def decide(self, state: State) -> list[Event]:
        """The events that follow, none if nothing changes. Raises `Refused`."""
        raise NotImplementedError(f"{type(self).__name__} decides nothing")

    def fingerprint(self) -> bytes:
        """SHA-256 of what was asked, to tell a repeated request from a reused key."""
        asked = {
            name: getattr(self, name)
            for name in field_names(type(self))
            if name != "at" and name not in self.supplied
        }
        request = orjson.dumps([type(self).__name__, asked], default=str, option=_SORTED)
        return hashlib.sha256(request).digest()


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and why: everything an event records besides what happened."""

    actor: str
    command_id: uuid.UUID
    correlation_id: uuid.UUID | None = None
    causation_id: uuid.UUID | None = None

    @classmethod
    def by(cls, actor: str, key: str | None = None) -> Context:
        """A context for `actor`; the same `key` of the same actor is the same command."""
        if key is None:
            return cls(actor, uuid7())
        return cls(actor, uuid.uuid5(COMMANDS, f"{actor}\n{key}"))

    def caused_by(self, event_id: uuid.UUID) -> Context:
        """The same context, with the event that led to the command."""
        return dataclasses.replace(self, causation_id=event_id)


_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
COMMANDS = uuid.UUID("5a0d9f0e-5c1f-4f55-9a53-6f0c6b6d2a10")

_types: dict[str, type[Event]] = {}
_upcasters: dict[tuple[str, int], Upcaster] = {}


def _remembered(asked: Callable[[type], Answer]) -> Callable[[type], Answer]:
    """`functools.cache` of a question about a class; typed, since mypy finds ours unhashable."""
    return cache(asked)


@_remembered
def field_names(cls: type) -> tuple[str, ...]:
    """Names of a dataclass's fields, remembered: asking dataclasses each time is slow."""
    return tuple(f.name for f in dataclasses.fields(cls))


@_remembered
def _names_of(cls: type) -> frozenset[str]:
    return frozenset(field_names(cls))


@_remembered
def personal_fields(cls: type) -> dict[str, str]:
    """Declared personal fields of an event class, name to subject template."""
    return {f.name: f.metadata[PERSONAL] for f in dataclasses.fields(cls) if PERSONAL in f.metadata}


def _register(cls: type[Event]) -> None:
    known = _types.get(cls.type)
    if known is not None and known.__qualname__ != cls.__qualname__:
        raise TypeError(f"event type {cls.type!r} is taken by {known.__qualname__}")
    _types[cls.type] = cls


def event_types() -> Mapping[str, type[Event]]:
    """Every registered event class by its stable name."""
    return _types


def upcasts(event_type: str, from_schema: int) -> Callable[[Upcaster], Upcaster]:
    """Declares how a payload of an old schema becomes one of the next."""

    def remember(function: Upcaster) -> Upcaster:
        key = (event_type, from_schema)
        if key in _upcasters:
            raise TypeError(f"{event_type} schema {from_schema} is upcast twice")
        _upcasters[key] = function
        return function

    return remember


def restore(event_type: str, schema: int, payload: dict[str, Json]) -> Event:
    """The event object of a stored payload, brought to its newest schema.

    The payload becomes part of the event; the caller has no further use of it.
    Raises `UnknownEvent` for a type that no code knows, or a schema newer than the code.
    """
    cls = _types.get(event_type)
    if cls is None:
        raise UnknownEvent(event_type)
    while schema < cls.schema:
        upcast = _upcasters.get((event_type, schema))
        if upcast is None:
            raise UnknownEvent(f"{event_type} schema {schema} has no upcaster")
        payload, schema = upcast(payload), schema + 1
    if schema > cls.schema:
        raise UnknownEvent(f"{event_type} schema {schema} is newer than this release")
    if payload.keys() != _names_of(cls):
        return cls(**payload)
    # As the constructor would, which takes three times as long to fill a frozen dataclass.
    event = object.__new__(cls)
    object.__setattr__(event, "__dict__", payload)
    return event


def fold(state: State, events: Iterable[Event]) -> State:
    """The state after all events, oldest first."""
    for event in events:
        state = event.evolve(state)
    return state


def canonical(value: Json) -> bytes:
    """The one byte form of a JSON value that is hashed, stored and exported.

    Keys sorted, no spaces, UTF-8; NaN and infinity become null. Raises `TypeError` for the rest.
    """
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=_refuse)
    if b"\\u0000" in text and b"\\u0000" in text.replace(b"\\\\", b""):
        raise TypeError("text in an event may not hold the null character")
    return text


def null_character_at(value: Json, at: str = "") -> str | None:
    """Where a JSON value holds the null character, which no event may, as in ``rules.0.name``.

    None if nowhere; an empty text for the value itself. A bad key is told by where it stands.
    """
    if isinstance(value, str):
        return at if "\x00" in value else None
    if isinstance(value, dict):
        if any("\x00" in key for key in value):
            return at
        inner: Iterable[tuple[Any, Json]] = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        return None
    found = (null_character_at(one, f"{at}.{key}" if at else str(key)) for key, one in inner)
    return next((place for place in found if place is not None), None)


def _refuse(value: object) -> Json:
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def uuid7(at: datetime | None = None) -> uuid.UUID:
    """A UUID version 7 (RFC 9562): sorts by its millisecond, then at random."""
    millis = int((at or datetime.now(UTC)).timestamp() * 1000)
    random = int.from_bytes(uuid.uuid4().bytes) & ((1 << 74) - 1)
    value = (millis & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (random >> 62) << 64
    return uuid.UUID(int=value | 0b10 << 62 | random & ((1 << 62) - 1))


def content_digest(
    *,
    event_id: uuid.UUID,
    stream: str,
    type: str,
    schema: int,
    occurred_at: datetime,
    actor: str,
    command_id: uuid.UUID,
    correlation_id: uuid.UUID | None,
    causation_id: uuid.UUID | None,
    refs: Iterable[str],
    payload: bytes,
) -> bytes:
    """SHA-256 over everything an event claims; `chain` binds it to its place in the stream.

    Each part is preceded by its length in four bytes, so that no two events share an encoding.
    """
    digest = hashlib.sha256(b"dropstitch event 1")
    parts = (
        event_id.bytes,
        stream.encode(),
        type.encode(),
        schema.to_bytes(2),
        micros(occurred_at).to_bytes(8, signed=True),
        actor.encode(),
        command_id.bytes,
        correlation_id.bytes if correlation_id else b"",
        causation_id.bytes if causation_id else b"",
        "\n".join(refs).encode(),
        hashlib.sha256(payload).digest(),
    )
    for part in parts:
        digest.update(len(part).to_bytes(4))
        digest.update(part)
    return digest.digest()


def chain(previous: bytes, version: int, content: bytes) -> bytes:
    """Hash of an event in its stream: over the previous hash, the version and the content."""
    return hashlib.sha256(previous + version.to_bytes(4) + content).digest()


def leaf(position: int, recorded_at: datetime, event_hash: bytes) -> bytes:
    """Merkle leaf (RFC 6962, section 2.1) of an event at its global position."""
    body = position.to_bytes(8) + micros(recorded_at).to_bytes(8, signed=True) + event_hash
    return hashlib.sha256(b"\x00" + body).digest()


GENESIS = bytes(32)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """Whole microseconds since 1970, exact (no floating point)."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class OccurrenceRevised(Event):
    """A claimed time was wrong: the named event of this stream occurred at another time."""

    type = "log.occurrence_revised"
    event: str
    occurred_at: str
    reason: str
