"""Slash commands of working an incident out: see `slash`."""

from __future__ import annotations

import re
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventlog.core import Command, Refused
from incidents import commands
from incidents.queries.hypotheses import hypothesis_called
from incidents.slash import Line, person_in, slash, wrong
from incidents.state import SIDES, STANDINGS, Incident

MADE = uuid5(NAMESPACE_URL, "urn:dropstitch:incidents:made")
NUMBERED = re.compile(r"h([1-9]\d{0,2})", re.IGNORECASE)


def made(line: Line, kind: str) -> str:
    """The id of what a line makes: the same when it is sent twice."""
    return str(uuid5(MADE, f"{kind}\n{line.incident}\n{line.author}\n{line.client_id}"))


@slash(
    "/hypothesis",
    "text [@owner] | H2 for|against|first text | H2 status why",
    "Say what may have caused it, what speaks for or against it, and where it stands.",
)
def hypothesis(line: Line) -> Command[Incident]:
    word, rest = line.first()
    numbered = NUMBERED.fullmatch(word)
    if numbered:
        return _on_hypothesis(line, _called(line, int(numbered[1])), rest)
    owner, text = person_in(line, line.rest)
    return commands.ProposeHypothesis(
        **line.about, hypothesis=made(line, "hypothesis"), text=text, by=line.author, owner=owner
    )


def _on_hypothesis(line: Line, id: UUID, rest: str) -> Command[Incident]:
    about: dict[str, Any] = {**line.about, "hypothesis": str(id)}
    verb, _, text = rest.partition(" ")
    if verb.lower() in SIDES:
        evidence = made(line, "evidence")
        return commands.AddEvidence(**about, evidence=evidence, side=verb.lower(), text=text)
    if rest.lower() == "first":
        return commands.MoveHypothesis(**about, place=1)
    for status in STANDINGS:
        if rest.lower() == status or rest.lower().startswith(f"{status} "):
            return commands.JudgeHypothesis(**about, status=status, reason=rest[len(status) :])
    raise wrong("/hypothesis", [*SIDES, *STANDINGS])


def _called(line: Line, number: int) -> UUID:
    found = hypothesis_called(line.incident, number)
    if found is None:
        raise Refused(f"There is no hypothesis H{number} here.", "unknown_hypothesis", "text")
    return found
