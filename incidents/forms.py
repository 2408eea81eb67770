"""Forms of the incident page: each verb and the command it asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventlog.core import Refused
from incidents import commands
from incidents.commands import IncidentCommand


@dataclass(frozen=True, slots=True)
class Form:
    """Fields that somebody sent, and about which incident, by whom, when.

    `new` is the id of what the form makes, the same when it is sent twice.
    """

    fields: Mapping[str, str]
    incident: str
    me: str
    at: datetime
    new: str

    @property
    def about(self) -> dict[str, Any]:
        """What every command on an incident says."""
        return {"incident": self.incident, "at": self.at}

    def text(self, name: str, default: str = "") -> str:
        return self.fields.get(name, default)

    def whole(self, name: str) -> int:
        """A whole number, 0 when left empty. Raises `Refused`."""
        given = self.text(name).strip().lstrip("#")
        if given and not (given.isascii() and given.isdigit() and len(given) < 10):
            raise Refused("This takes a whole number.", "not_a_number", name)
        return int(given) if given else 0

    def number(self, name: str) -> float | None:
        """A number with a point or a comma, None when left empty. Raises `Refused`."""
        given = self.text(name).strip().replace("−", "-").replace(",", ".")
        if not given:
            return None
        try:
            value = float(given)
        except ValueError as error:
            raise Refused("This takes a number.", "not_a_number", name) from error
        if not math.isfinite(value):
            raise Refused("This takes a finite number.", "not_a_number", name)
        return value

    def words(self, name: str) -> list[str]:
        """What is written between spaces and commas."""
        return self.text(name).replace(",", " ").split()

    def flag(self, name: str) -> bool:
        return bool(self.text(name))


Builder = Callable[[Form], IncidentCommand]

VERBS: dict[str, Builder] = {
    "take-role": lambda f: commands.TakeRole(
        **f.about,
        role=f.text("role"),
        person=f.me,
        instead_of=f.text("instead_of"),
        reason=f.text("reason"),
    ),
    "offer-role": lambda f: commands.OfferRole(
        **f.about, role=f.text("role"), to=f.text("to"), by=f.me, summary=f.text("summary")
    ),
    "accept-role": lambda f: commands.AcceptRole(**f.about, role=f.text("role"), person=f.me),
    "decline-role": lambda f: commands.DeclineRole(**f.about, role=f.text("role"), person=f.me),
    "release-role": lambda f: commands.ReleaseRole(**f.about, role=f.text("role"), person=f.me),
    "enter-phase": lambda f: commands.EnterPhase(**f.about, phase=f.text("phase")),
    "change-severity": lambda f: commands.ChangeSeverity(
        **f.about, severity=f.whole("severity"), reason=f.text("reason")
    ),
    "retitle": lambda f: commands.Retitle(**f.about, title=f.text("title")),
    "state-impact": lambda f: commands.StateImpact(
        **f.about,
        text=f.text("text"),
        unit=f.text("unit"),
        low=f.number("low"),
        best=f.number("best"),
        high=f.number("high"),
    ),
    "post-update": lambda f: commands.PostUpdate(
        **f.about, text=f.text("text"), audience=f.text("audience", "internal")
    ),
    "add-note": lambda f: commands.AddNote(**f.about, text=f.text("text")),
    "add-follow-up": lambda f: commands.AddFollowUp(
        **f.about,
        follow_up=f.new,
        title=f.text("title"),
        priority=f.text("priority", "P2"),
        intent=f.text("intent", "fix"),
        owner=f.text("owner"),
    ),
    "follow-up-done": lambda f: commands.CompleteFollowUp(**f.about, follow_up=f.text("follow_up")),
    "react": lambda f: commands.React(
        **f.about, message=f.text("message"), reaction=f.text("reaction"), person=f.me
    ),
    "unreact": lambda f: commands.Unreact(
        **f.about, message=f.text("message"), reaction=f.text("reaction"), person=f.me
    ),
    "pin": lambda f: commands.PinMessage(**f.about, message=f.text("message")),
    "unpin": lambda f: commands.UnpinMessage(**f.about, message=f.text("message")),
    "resolve": lambda f: commands.Resolve(
        **f.about,
        outcome=f.text("outcome"),
        confidence=f.text("confidence", "medium"),
        verified=f.flag("verified"),
        summary=f.text("summary"),
        duplicate_of=f.whole("duplicate_of"),
    ),
    "reopen": lambda f: commands.Reopen(**f.about, reason=f.text("reason")),
    "close": lambda f: commands.Close(**f.about, exception=f.text("exception")),
}
