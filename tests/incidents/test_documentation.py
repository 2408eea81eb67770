"""The guide says what the code does."""

from __future__ import annotations

from datetime import timedelta

from config.environment import ROOT
from incidents import policy, slash
from incidents.state import LIVE_PHASES, OUTCOMES, ROLES

GUIDE = (ROOT / "docs" / "incidents.md").read_text()


def span(time: timedelta) -> str:
    return f"{time.days} d" if time.days else f"{time.seconds // 60} min"


def test_the_defaults_are_those_of_the_policy() -> None:
    for level, every in policy.UPDATE_EVERY.items():
        within = policy.COMMANDER_WITHIN[level]
        assert f"| SEV{level} | {span(every)} | {span(within)} |" in GUIDE
    for priority, within in policy.FOLLOW_UP_WITHIN.items():
        assert f"| {priority} | {span(within)} |" in GUIDE
    for priority, before in policy.REMIND_BEFORE.items():
        name = "P2, P3 with a date" if priority == policy.SELDOM else priority
        again = policy.REMIND_AGAIN[priority]
        assert f"| {name} | {span(before)} | {span(again)} |" in GUIDE
    assert f"{policy.REOPEN_WITHIN // timedelta(hours=1)} h of the last recovery" in GUIDE
    assert f"else SEV{policy.DECLARES['page']}" in GUIDE
    assert f"declares SEV{policy.DEFAULT_SEVERITY}." in GUIDE


def test_every_slash_command_is_listed() -> None:
    for each in slash.listed():
        usage = each["usage"].replace("|", "\\|")
        assert f"| `{usage}` | {each['help']} |" in GUIDE


def test_phases_outcomes_and_roles_are_named() -> None:
    for word in (*LIVE_PHASES, *OUTCOMES, *ROLES):
        assert f"`{word}`" in GUIDE
