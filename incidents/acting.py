"""What doors do beyond one `execute`: words that are commands, and their removal for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from access.queries import called
from eventlog import keys
from eventlog.core import Command, Context, Refused
from eventlog.store import Receipt, execute
from incidents import slash
from incidents.commands import Declare, EditMessage, PostMessage, RedactMessage, RedactSection
from incidents.declaring import declare, next_number
from incidents.markup import mentions
from incidents.queries import names_of
from incidents.state import Incident

__all__ = [
    "carry_out",
    "declare",
    "edited",
    "next_number",
    "redact",
    "say",
    "spoken",
    "understood",
]

MESSAGES = uuid5(NAMESPACE_URL, "urn:dropstitch:incidents:message")


def message_id(incident: str, author: str, client_id: str) -> str:
    """A message is named by who sends it under which client id, so that a retry is the same."""
    return str(uuid5(MESSAGES, f"{incident}\n{author}\n{client_id}"))


def understood(
    incident: str, author: str, client_id: str, text: str, at: datetime, reply_to: str = ""
) -> Command[Incident]:
    """What a text of the channel asks for: a slash command, or that it be posted.

    Raises `Refused` for an unknown command; ``//`` posts a text that starts with a slash.
    """
    if slash.is_command(text):
        return slash.command_in(text, incident, author, client_id, at)
    plain = text.lstrip()
    text = plain[1:] if plain.startswith("//") else text
    return PostMessage(
        incident=incident,
        at=at,
        message=message_id(incident, author, client_id),
        author=author,
        client_id=client_id,
        text=text,
        reply_to=reply_to,
        **_calls(text),
    )


def edited(incident: str, by: str, message: str, text: str, at: datetime) -> EditMessage:
    """A message said anew."""
    return EditMessage(incident=incident, at=at, message=message, by=by, text=text, **_calls(text))


def _calls(text: str) -> dict[str, list[str]]:
    calls = mentions(text)
    return {"mentions": list(called(calls.names).values()), "roles": list(calls.roles)}


def say(
    incident: str, author: str, client_id: str, text: str, at: datetime, reply_to: str = ""
) -> Receipt:
    """Posts a message or carries out a slash command.

    The same client id of the same author is carried out once, for ever.
    """
    command = understood(incident, author, client_id, text, at, reply_to)
    return carry_out(command, spoken(incident, author, client_id))


def spoken(incident: str, author: str, client_id: str) -> Context:
    """The context of what somebody says under a client id."""
    return Context.by(author, f"message {incident} {client_id}")


def redact(command: RedactMessage, context: Context) -> Receipt:
    """Removes a message: the event, and the key without which its text cannot be read."""
    with transaction.atomic():
        receipt = execute(command, context)
        keys.shred(f"incident:{command.incident}/message:{command.message}")
    return receipt


def redact_section(command: RedactSection, context: Context) -> Receipt:
    """Removes a revision of a retrospective, like a message: the event, and the key."""
    with transaction.atomic():
        receipt = execute(command, context)
        section = f"{command.section}.{command.revision}"
        keys.shred(f"incident:{command.incident}/section:{section}")
    return receipt


def carry_out(command: Command[Incident], context: Context) -> Receipt:
    """Any command on an incident, by its way. A refusal calls people by their names."""
    with _by_name():
        match command:
            case Declare():
                return declare(command, context)
            case RedactMessage():
                return redact(command, context)
            case RedactSection():
                return redact_section(command, context)
        return execute(command, context)


@contextmanager
def _by_name() -> Iterator[None]:
    try:
        yield
    except Refused as refusal:
        words = {word.strip(".,;") for word in refusal.message.split()}
        for ref, name in names_of(word for word in words if ":" in word[1:-1]).items():
            refusal.message = refusal.message.replace(ref, name)
        raise
