"""Slash commands: the API's own commands, typed; never posted by mistake."""

from __future__ import annotations

import re
from typing import Any

import pytest

from eventlog.core import Command, Refused
from incidents import commands, slash
from incidents.acting import understood
from incidents.models import RoleRow
from incidents.state import Incident
from tests.cast import Player
from tests.incidents.cast import ANA, AT, BEN, ID, asked

pytestmark = pytest.mark.django_db


def typed(text: str, author: str = ANA) -> Command[Incident]:
    return understood(ID, author, "c1", text, AT)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/ic", commands.TakeRole(**asked(role="commander", person=ANA))),
        ("/role ops", commands.TakeRole(**asked(role="operations", person=ANA))),
        ("/role accept @IC", commands.AcceptRole(**asked(role="commander", person=ANA))),
        ("/role decline comms", commands.DeclineRole(**asked(role="communications", person=ANA))),
        ("/role leave planning", commands.ReleaseRole(**asked(role="planning", person=ANA))),
        ("/join Data Engineer", commands.Join(**asked(person=ANA, function="data engineer"))),
        ("/sev 1 checkout", commands.ChangeSeverity(**asked(severity=1, reason="checkout"))),
        ("  /SEV sev2", commands.ChangeSeverity(**asked(severity=2))),
        ("/phase Mitigation", commands.EnterPhase(**asked(phase="mitigation"))),
        ("/title Stale ranking", commands.Retitle(**asked(title="Stale ranking"))),
        ("/update We know", commands.PostUpdate(**asked(text="We know"))),
        (
            "/update partners: We know",
            commands.PostUpdate(**asked(audience="partners", text="We know")),
        ),
        ("/impact Fewer clicks", commands.StateImpact(**asked(text="Fewer clicks"))),
        ("/note 3 < 4", commands.AddNote(**asked(text="3 < 4"))),
        ("/resolve fixed All well", commands.Resolve(**asked(outcome="fixed", summary="All well"))),
        (
            "/resolve duplicate #12 same",
            commands.Resolve(**asked(outcome="duplicate", duplicate_of=12, summary="same")),
        ),
        ("/reopen It is back", commands.Reopen(**asked(reason="It is back"))),
        ("/close", commands.Close(**asked())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_is_a_command(text: str, command: Command[Incident]) -> None:
    assert typed(text) == command


def test_taking_over_command_names_the_holder_of_this_moment() -> None:
    RoleRow.objects.create(id="x", incident=ID, role="commander", person=BEN)
    command = typed("/ic Ben is offline")
    assert command == commands.TakeRole(
        **asked(role="commander", person=ANA, instead_of=BEN, reason="Ben is offline")
    )
    RoleRow.objects.all().delete()


def test_a_role_is_offered_to_a_person_by_name(bo: Player) -> None:
    assert typed("/role ops @bo Watch the feeders") == commands.OfferRole(
        **asked(role="operations", to=bo.ref, by=ANA, summary="Watch the feeders")
    )


def test_a_follow_up_has_priority_intent_and_owner_in_any_line(bo: Player) -> None:
    full = typed("/followup P0 improvement Alert on age @Bo")
    assert isinstance(full, commands.AddFollowUp)
    assert (full.priority, full.intent, full.owner, full.title) == (
        "P0",
        "improvement",
        bo.ref,
        "Alert on age",
    )
    short = typed("/followup Alert on age")
    assert isinstance(short, commands.AddFollowUp)
    assert (short.priority, short.title, short.follow_up) == ("P2", "Alert on age", full.follow_up)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/", "unknown_command"),
        ("/severty 1", "unknown_command"),
        ("/sev worst", "usage"),
        ("/sev", "usage"),
        ("/role scribe", "usage"),
        ("/role", "usage"),
        ("/role ops @nobody", "unknown_person"),
        ("/resolve", "usage"),
        ("/resolve gone", "usage"),
        ("/help nonsense", "unknown_command"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_never_posted(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        typed(text)
    assert refused.value.code == code


def test_a_near_miss_gets_a_hint() -> None:
    with pytest.raises(Refused, match=re.escape("Did you mean /resolve?")):
        typed("/resolv fixed")


def test_two_slashes_post_one() -> None:
    command: Any = typed("//etc/hosts was wrong")
    assert isinstance(command, commands.PostMessage)
    assert command.text == "/etc/hosts was wrong"


def test_help_answers_the_one_who_asks() -> None:
    with pytest.raises(slash.Help) as answer:
        typed("/help sev")
    assert answer.value.message == "/sev 1-4 why: Change the severity, with the reason."
    with pytest.raises(slash.Help) as everything:
        typed("/help")
    assert len(everything.value.message.splitlines()) == len(slash.listed())


def test_every_command_says_how_it_is_used() -> None:
    for each in slash.listed():
        assert each["usage"].startswith(each["name"])
        assert each["help"].endswith((".", "…"))
