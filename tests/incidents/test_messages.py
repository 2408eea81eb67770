"""The channel: messages are said once, mention people, and can be taken back for good."""

from __future__ import annotations

from typing import Any

from eventlog.testing import given
from incidents.commands import PostMessage, RedactMessage
from incidents.events import (
    IncidentClosed,
    MessagePosted,
    MessageRedacted,
    ParticipantJoined,
    RoleTaken,
)
from tests.incidents.cast import ANA, BEN, CY, ID, asked, declared


def say(text: str = "On it", message: str = "m1", **changes: Any) -> PostMessage:
    return PostMessage(**asked(message=message, author=BEN, client_id="c1", text=text, **changes))


def posted(text: str = "On it", message: str = "m1", **changes: Any) -> MessagePosted:
    return MessagePosted(
        incident=ID, message=message, author=BEN, client_id="c1", text=text, **changes
    )


def redact(by: str, **changes: Any) -> RedactMessage:
    return RedactMessage(**asked(message="m1", by=by, **changes))


JOINED = ParticipantJoined(person=BEN, function="observer")
REDACTED = MessageRedacted(incident=ID, message="m1")


def test_who_speaks_takes_part() -> None:
    given(declared()).when(say()).then(JOINED, posted())
    given(declared(), JOINED).when(say()).then(posted())


def test_a_message_is_posted_once() -> None:
    given(declared(), JOINED, posted()).when(say()).then()


def test_an_old_message_is_still_recognised_among_many() -> None:
    many = [posted(message=f"n{count}") for count in range(3_000)]
    given(declared(), JOINED, posted(), *many).when(say()).then()


def test_a_role_that_is_mentioned_reaches_its_holder() -> None:
    history = [declared(), JOINED, RoleTaken(role="commander", person=ANA)]
    command = say(mentions=[CY], roles=["commander", "planning"])
    given(*history).when(command).then(posted(mentions=[CY, ANA]))


def test_empty_and_endless_messages_are_refused() -> None:
    given(declared()).when(say(" \n ")).refused("required")
    given(declared()).when(say("x" * 8_001)).refused("too_long")
    given(declared()).when(say("x" * 8_000)).then(JOINED, posted("x" * 8_000))


def test_a_closed_incident_is_silent() -> None:
    given(declared(), IncidentClosed()).when(say()).refused("closed")


def test_the_author_the_commander_and_the_privileged_take_a_message_back() -> None:
    history = [declared(), RoleTaken(role="commander", person=ANA), posted()]
    given(*history).when(redact(BEN)).then(REDACTED)
    given(*history).when(redact(ANA)).then(REDACTED)
    given(*history).when(redact(CY)).refused("not_author")
    given(*history).when(redact(CY, privileged=True)).then(REDACTED)


def test_a_message_is_redacted_once_and_only_if_it_exists() -> None:
    given(declared(), posted(), REDACTED).when(redact(BEN)).then()
    given(declared()).when(redact(BEN)).refused("unknown_message")


def test_a_message_can_be_redacted_after_closing() -> None:
    given(declared(), posted(), IncidentClosed()).when(redact(BEN)).then(REDACTED)


def test_the_text_of_a_message_is_under_its_own_key() -> None:
    from eventlog.core import personal_fields

    assert personal_fields(MessagePosted) == {"text": "incident:{incident}/message:{message}"}
