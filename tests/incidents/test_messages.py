"""The channel: messages are said once, mention people, and can be taken back for good."""

from __future__ import annotations

from typing import Any

from eventlog.testing import given
from incidents.commands import (
    EditMessage,
    PinMessage,
    PostMessage,
    React,
    RedactMessage,
    UnpinMessage,
    Unreact,
)
from incidents.events import (
    IncidentClosed,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ParticipantJoined,
    ReactionAdded,
    ReactionRemoved,
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


def edit(by: str = BEN, text: str = "On it now", **changes: Any) -> EditMessage:
    return EditMessage(**asked(message="m1", by=by, text=text, **changes))


def edited(text: str = "On it now", **changes: Any) -> MessageEdited:
    return MessageEdited(incident=ID, message="m1", text=text, **changes)


def test_only_its_author_edits_a_message_and_calls_whom_it_names_now() -> None:
    history = [declared(), RoleTaken(role="commander", person=ANA), posted()]
    given(*history).when(edit()).then(edited())
    given(*history).when(edit(roles=["commander"])).then(edited(mentions=[ANA]))
    given(*history).when(edit(by=ANA)).refused("not_author")
    given(*history).when(edit(text=" ")).refused("required")
    given(declared()).when(edit()).refused("unknown_message")


def test_nothing_becomes_of_a_message_that_was_removed() -> None:
    history = [declared(), posted(), REDACTED]
    given(*history).when(edit()).refused("redacted")
    given(*history).when(PinMessage(**asked(message="m1"))).refused("redacted")
    given(*history).when(React(**asked(message="m1", reaction="eyes", person=ANA))).refused(
        "redacted"
    )


def test_a_message_is_edited_fifty_times_at_most() -> None:
    given(declared(), posted(), *[edited()] * 49).when(edit()).then(edited())
    given(declared(), posted(), *[edited()] * 50).when(edit()).refused("too_many_edits")


def test_a_sign_is_given_and_taken_back_once() -> None:
    react = React(**asked(message="m1", reaction="eyes", person=ANA))
    unreact = Unreact(**asked(message="m1", reaction="eyes", person=ANA))
    added = ReactionAdded(message="m1", reaction="eyes", person=ANA)
    removed = ReactionRemoved(message="m1", reaction="eyes", person=ANA)
    given(declared(), posted()).when(react).then(added)
    given(declared(), posted(), added).when(react).then()
    given(declared(), posted(), added).when(unreact).then(removed)
    given(declared(), posted(), added, removed).when(unreact).then()
    given(declared(), posted(), added, removed).when(react).then(added)
    other = React(**asked(message="m1", reaction="poop", person=ANA))
    given(declared(), posted()).when(other).refused("unknown_value")


def test_pins_are_few_and_the_newest_message_needs_no_name() -> None:
    pin, pinned = PinMessage(**asked()), MessagePinned(message="m1")
    given(declared()).when(pin).refused("unknown_message")
    given(declared(), posted()).when(pin).then(pinned)
    given(declared(), posted(), pinned).when(pin).then()
    unpin = UnpinMessage(**asked(message="m1"))
    given(declared(), posted(), pinned).when(unpin).then(MessageUnpinned(message="m1"))
    given(declared(), posted(), pinned, REDACTED).when(unpin).then()
    many = [posted(message=f"n{n}") for n in range(20)]
    pins = [MessagePinned(message=f"n{n}") for n in range(20)]
    given(declared(), posted(), *many, *pins).when(PinMessage(**asked(message="m1"))).refused(
        "too_many_pins"
    )


def test_a_reply_answers_a_message_of_this_channel() -> None:
    given(declared(), JOINED, posted()).when(say(message="m2", reply_to="m1")).then(
        posted(message="m2", reply_to="m1")
    )
    given(declared(), JOINED).when(say(reply_to="m0")).refused("unknown_message")
