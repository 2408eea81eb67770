"""Slash commands: one registry, from a line of the channel to the command that the API has too.

A new one is a function that turns a `Line` into a command:

    @slash("/note", "text", "Write a line into the timeline, without noise here.")
    def note(line: Line) -> AddNote:
        return AddNote(**line.about, text=line.rest)

A line that starts with a slash is a command or is refused, never posted; ``//`` posts a slash.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from access.queries import called
from eventlog.core import Command, Refused
from incidents.commands import (
    AcceptRole,
    AddFollowUp,
    AddNote,
    ChangeSeverity,
    Close,
    DeclineRole,
    EnterPhase,
    Join,
    OfferRole,
    PinMessage,
    PostUpdate,
    ReleaseRole,
    Reopen,
    Resolve,
    Retitle,
    StateImpact,
    TakeRole,
)
from incidents.markup import ROLE_NAMES
from incidents.models import RoleRow
from incidents.state import AUDIENCES, INTENTS, LIVE_PHASES, OUTCOMES, PRIORITIES, Incident

FOLLOW_UPS = uuid5(NAMESPACE_URL, "urn:dropstitch:incidents:follow-up")
PERSON = re.compile(r"(?:^|\s)@([A-Za-z][\w.-]*)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody typed after the command's name, and where."""

    incident: str
    author: str
    client_id: str
    at: datetime
    rest: str

    @property
    def about(self) -> dict[str, Any]:
        """What every command on an incident says."""
        return {"incident": self.incident, "at": self.at}

    def first(self) -> tuple[str, str]:
        """The first word, in lower case, and what follows it."""
        word, _, rest = self.rest.partition(" ")
        return word.lower(), rest.strip()


Teller = Callable[[Line], Command[Incident]]
T = TypeVar("T", bound=Teller)


@dataclass(frozen=True, slots=True)
class Slash:
    """A slash command: its name with the slash, what it takes, and what it does."""

    name: str
    takes: str
    help: str
    build: Teller

    @property
    def usage(self) -> str:
        return f"{self.name} {self.takes}".rstrip()


class Help(Refused):
    """An answer for the one who asked, told the way a refusal is: nothing is posted."""


_registry: dict[str, Slash] = {}


def slash(name: str, takes: str, help: str) -> Callable[[T], T]:
    """Registers a slash command."""

    def remember(build: T) -> T:
        if name in _registry:
            raise TypeError(f"{name} is defined twice")
        _registry[name] = Slash(name, takes, help, build)
        return build

    return remember


def listed() -> list[dict[str, str]]:
    """Every slash command by name, for typeahead and help: name, usage, help."""
    return [
        {"name": each.name, "usage": each.usage, "help": each.help}
        for each in sorted(_registry.values(), key=lambda each: each.name)
    ]


def is_command(text: str) -> bool:
    """Whether a text of the channel is a command and not a message."""
    return text.lstrip().startswith("/") and not text.lstrip().startswith("//")


def command_in(
    text: str, incident: str, author: str, client_id: str, at: datetime
) -> Command[Incident]:
    """The command that a line asks for. Raises `Refused` for unknown ones and missing words."""
    name, _, rest = text.strip().partition(" ")
    known = _registry.get(name.lower())
    if known is None:
        raise _unknown(name)
    return known.build(Line(incident, author, client_id, at, rest.strip()))


def _unknown(name: str) -> Refused:
    near = get_close_matches(name.lower(), _registry, n=1)
    hint = f"Did you mean {near[0]}?" if near else "/help lists them."
    return Refused(f"There is no command {name[:40]}. {hint}", "unknown_command", "text", near)


def wrong(name: str, current: Any = None) -> Refused:
    """The refusal of a line that does not say what the command needs."""
    return Refused(f"Usage: {_registry[name].usage}", "usage", "text", current)


def person_in(line: Line, text: str) -> tuple[str, str]:
    """Ref of the first person called in a text, and the text without them."""
    found = PERSON.search(text)
    if found is None:
        return "", text
    ref = called([found[1]]).get(found[1].lower())
    if ref is None:
        raise Refused(f"Nobody is called @{found[1]}.", "unknown_person", "text", found[1])
    return ref, (text[: found.start()] + text[found.end() :]).strip()


def _role(name: str, word: str) -> str:
    role = ROLE_NAMES.get(word.removeprefix("@"))
    if role is None:
        raise wrong(name)
    return role


@slash("/ic", "[why]", "Take command; from its holder only with a reason.")
def take_command(line: Line) -> TakeRole:
    # The holder is read here and compared by the rule: who came in between is not pushed aside.
    held = RoleRow.objects.filter(incident=line.incident, role="commander").first()
    instead_of = held.person if held and line.rest else ""
    return TakeRole(
        **line.about,
        role="commander",
        person=line.author,
        instead_of=instead_of if instead_of != line.author else "",
        reason=line.rest,
    )


@slash(
    "/role",
    "[accept|decline|leave] commander|ops|comms|planning [@person summary]",
    "Take a role, offer it to somebody, or answer an offer.",
)
def role(line: Line) -> Command[Incident]:
    word, rest = line.first()
    answers: dict[str, type[AcceptRole | DeclineRole | ReleaseRole]] = {
        "accept": AcceptRole,
        "decline": DeclineRole,
        "leave": ReleaseRole,
    }
    if word in answers:
        return answers[word](**line.about, role=_role("/role", rest.lower()), person=line.author)
    name, (to, summary) = _role("/role", word), person_in(line, rest)
    if to:
        return OfferRole(**line.about, role=name, to=to, by=line.author, summary=summary)
    return TakeRole(**line.about, role=name, person=line.author)


@slash("/join", "function", "Take part, as data engineer, support, observer …")
def join(line: Line) -> Join:
    return Join(**line.about, person=line.author, function=line.rest.lower() or "observer")


@slash("/sev", "1-4 why", "Change the severity, with the reason.")
def severity(line: Line) -> ChangeSeverity:
    word, reason = line.first()
    digit = word.removeprefix("sev")
    if digit not in ("1", "2", "3", "4"):
        raise wrong("/sev")
    return ChangeSeverity(**line.about, severity=int(digit), reason=reason)


@slash("/phase", "|".join(LIVE_PHASES), "Enter a phase; any can be skipped or entered again.")
def phase(line: Line) -> EnterPhase:
    return EnterPhase(**line.about, phase=line.rest.lower())


@slash("/title", "text", "Change the title.")
def title(line: Line) -> Retitle:
    return Retitle(**line.about, title=line.rest)


@slash("/update", "[audience:] text", f"Tell an audience: {', '.join(AUDIENCES)}.")
def update(line: Line) -> PostUpdate:
    word, rest = line.first()
    if word.endswith(":") and word[:-1] in AUDIENCES:
        return PostUpdate(**line.about, audience=word[:-1], text=rest)
    return PostUpdate(**line.about, text=line.rest)


@slash("/impact", "text", "State who is hurt, and how much.")
def impact(line: Line) -> StateImpact:
    return StateImpact(**line.about, text=line.rest)


@slash("/followup", "[P0-P3] [improvement] text [@owner]", "Keep work for later.")
def follow_up(line: Line) -> AddFollowUp:
    owner, text = person_in(line, line.rest)
    fields: dict[str, Any] = {}
    word, rest = Line(line.incident, "", "", line.at, text).first()
    if word.upper() in PRIORITIES:
        fields["priority"], text = word.upper(), rest
        word, rest = Line(line.incident, "", "", line.at, text).first()
    if word in INTENTS:
        fields["intent"], text = word, rest
    id = uuid5(FOLLOW_UPS, f"{line.incident}\n{line.author}\n{line.client_id}")
    return AddFollowUp(**line.about, follow_up=str(id), title=text, owner=owner, **fields)


@slash("/note", "text", "Write a line into the timeline, without noise here.")
def note(line: Line) -> AddNote:
    return AddNote(**line.about, text=line.rest)


@slash("/pin", "", "Pin the newest message, so that whoever arrives reads it.")
def pin(line: Line) -> PinMessage:
    return PinMessage(**line.about)


@slash("/resolve", "outcome [#number] [summary]", f"End the response: {', '.join(OUTCOMES)}.")
def resolve(line: Line) -> Resolve:
    outcome, summary = line.first()
    if outcome not in OUTCOMES:
        raise wrong("/resolve", list(OUTCOMES))
    original = re.match(r"#?([1-9]\d{0,8})\b\s*", summary) if outcome == "duplicate" else None
    return Resolve(
        **line.about,
        outcome=outcome,
        summary=summary[original.end() :] if original else summary,
        duplicate_of=int(original[1]) if original else 0,
    )


@slash("/reopen", "why", "Open it again.")
def reopen(line: Line) -> Reopen:
    return Reopen(**line.about, reason=line.rest)


@slash("/close", "[why]", "Close what is resolved; the reason, if something is missing.")
def close(line: Line) -> Close:
    return Close(**line.about, exception=line.rest)


@slash("/help", "[command]", "What can be typed here.")
def help_me(line: Line) -> Command[Incident]:
    name = f"/{line.rest.removeprefix('/')}" if line.rest else ""
    if name and name not in _registry:
        raise _unknown(name)
    shown = [_registry[name]] if name else sorted(_registry.values(), key=lambda each: each.name)
    raise Help("\n".join(f"{each.usage}: {each.help}" for each in shown), "help", "text")
