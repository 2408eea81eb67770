"""Rules about flags: what may be changed by whom, and what would move people and is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eventlog.core import Event, Refused
from eventlog.testing import given
from experiments import events
from experiments.commands import (
    ApproveChange,
    ArchiveFlag,
    CreateFlag,
    DescribeFlag,
    RollBackFlag,
    SetRules,
    TurnFlag,
)

AT = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
ASKED: dict[str, Any] = {"flag": "button", "at": AT}
LIVE: dict[str, Any] = {**ASKED, "environment": "production"}
TRIAL = {"id": "test", "key": "exp", "variations": ["a", "b"], "weights": [0.5, 0.5], "seed": "s1"}
FORCED = {"id": "staff", "condition": {"staff": True}, "force": "red"}


def created(**fields: Any) -> Event:
    given_fields = {"flag": "flag:button", "kind": "string", "default": "blue"}
    return events.FlagCreated(**given_fields, environments=["production"], **fields)


def served(revision: int, *rules: dict[str, Any], default: str = "blue") -> Event:
    return events.FlagRulesSet(
        flag="flag:button",
        environment="production",
        revision=revision,
        default=default,
        rules=list(rules),
    )


def test_a_flag_begins_off() -> None:
    command = CreateFlag(**ASKED, kind="string", default="blue", owner="person:ana")
    given().when(command).then(created(owner="person:ana"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"flag": "a/b"}, "flag"),
        ({"flag": ""}, "flag"),
        ({"kind": "number"}, "kind"),
        ({"default": 1}, "default"),
        ({"environments": []}, "environments"),
        ({"environments": ["Prod"]}, "environments"),
        ({"expires_on": "soon"}, "expires_on"),
        ({"description": "x" * 3_000}, "description"),
    ],
)
def test_a_wrong_flag_names_the_field(fields: dict[str, Any], field: str) -> None:
    command = CreateFlag(**{**ASKED, "kind": "string", "default": "blue", **fields})
    given().when(command).refused("bad_value", field=field)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("boolean", False, 0),
        ("string", "", None),
        ("integer", -3, 1.0),
        ("float", 1, "1"),
        ("float", 1.5, True),
        ("object", {"a": [1]}, "a"),
    ],
)
def test_values_are_of_the_flags_type(kind: str, good: Any, bad: Any) -> None:
    given().when(CreateFlag(**ASKED, kind=kind, default=good)).accepted()
    given().when(CreateFlag(**ASKED, kind=kind, default=bad)).refused("bad_value", field="default")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"id": "x"}, ""),
        ({"force": "red"}, ".id"),
        ({"id": "x", "force": 1}, ".force"),
        ({"id": "x", "force": "red", "colour": 1}, ".colour"),
        ({"id": "x", "force": "red", "coverage": 2}, ".coverage"),
        ({"id": "x", "force": "red", "condition": []}, ".condition"),
        ({"id": "x", "force": "red", "condition": {"a": {"$near": 1}}}, ".condition.a.$near"),
        ({"id": "x", "force": "red", "condition": {"a": {"$in": "b"}}}, ".condition.a.$in"),
        (
            {"id": "x", "force": "red", "condition": {"a": {"$regex": "(?=b)"}}},
            ".condition.a.$regex",
        ),
        (
            {"id": "x", "force": "red", "condition": {"a": {"$elemMatch": {"$near": 1}}}},
            ".condition.a.$elemMatch.$near",
        ),
        ({"id": "x", "force": "red", "condition": {"$or": {}}}, ".condition.$or"),
        ({"id": "x", "key": "k", "variations": ["a"]}, ".variations"),
        ({"id": "x", "key": "k", "variations": ["a", 1]}, ".variations.1"),
        ({"id": "x", "variations": ["a", "b"]}, ".key"),
        ({**TRIAL, "weights": [0.5, 0.4]}, ".weights"),
        ({**TRIAL, "weights": [1]}, ".weights"),
        ({**TRIAL, "namespace": ["n", 0.5, 0.5]}, ".namespace"),
        ({**TRIAL, "meta": [{}]}, ".meta"),
    ],
)
def test_a_rule_that_could_not_work_is_named(rule: dict[str, Any], field: str) -> None:
    command = SetRules(**LIVE, default="blue", rules=[FORCED, rule])
    with pytest.raises(Refused) as refused:
        given(created()).when(command).accepted()
    assert refused.value.field == f"rules.1{field}"


DRAWN = {"name": "layout", "draw": "uniform", "choices": ["grid", "list"]}
SCRIPTED = {"id": "s", "key": "page", "seed": "s1", "script": {"parameters": [DRAWN]}}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"script": []}, ".script.parameters"),
        ({"script": {"parameters": [{**DRAWN, "draw": "eval"}]}}, ".script.parameters.0.draw"),
        (
            {"script": {"parameters": [{**DRAWN, "when": {"a": {"$near": 1}}}]}},
            ".script.parameters.0.when.a.$near",
        ),
        ({"key": "a/b"}, ".key"),
        ({"weights": [0.5, 0.5]}, ".weights"),
        ({"hashVersion": 1}, ".hashVersion"),
    ],
)
def test_a_script_that_could_not_work_is_named(changed: dict[str, Any], field: str) -> None:
    begun = events.FlagCreated(
        flag="flag:button", kind="object", default={}, environments=["production"]
    )
    command = SetRules(**LIVE, default={}, rules=[SCRIPTED])
    given(begun).when(command).accepted()
    command = SetRules(**LIVE, default={}, rules=[{**SCRIPTED, **changed}])
    with pytest.raises(Refused) as refused:
        given(begun).when(command).accepted()
    assert refused.value.field == f"rules.0{field}"
    given(begun, served(2, SCRIPTED)).when(
        SetRules(**LIVE, default={}, rules=[{**SCRIPTED, "seed": "s2"}])
    ).refused("phase_fixed")


def test_a_script_makes_objects_only() -> None:
    command = SetRules(**LIVE, default="blue", rules=[SCRIPTED])
    given(created()).when(command).refused("bad_value", field="rules.0.script")


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": [0.9, 0.1]},
        {"seed": "s2"},
        {"hashAttribute": "cookie"},
        {"layer": "checkout"},
        {"variations": ["a", "b", "c"], "weights": [0.4, 0.3, 0.3]},
    ],
)
def test_within_a_phase_nobody_is_moved(changed: dict[str, Any]) -> None:
    command = SetRules(**LIVE, default="blue", rules=[{**TRIAL, **changed}])
    given(created(), served(2, TRIAL)).when(command).refused("phase_fixed")


@pytest.mark.parametrize(
    "changed", [{"coverage": 0.2}, {"phase": "1", "seed": "s2", "weights": [0.9, 0.1]}]
)
def test_the_coverage_may_change_and_a_new_phase_may_be_another(changed: dict[str, Any]) -> None:
    rule = {**TRIAL, **changed}
    command = SetRules(**LIVE, default="blue", rules=[rule])
    given(created(), served(2, TRIAL)).when(command).then(served(3, rule))


def test_a_change_made_from_an_older_state_is_refused() -> None:
    command = SetRules(**LIVE, default="blue", rules=[FORCED], expected=1)
    given(created(), served(2, TRIAL)).when(command).refused("stale", field="expected")


def test_where_two_must_agree_the_author_can_not_approve() -> None:
    proposed = events.FlagChangeProposed(
        flag="flag:button",
        proposal="p1",
        environment="production",
        based_on=1,
        by="person:ana",
        default="blue",
        rules=[FORCED],
    )
    command = SetRules(**LIVE, default="blue", rules=[FORCED], by="person:ana", proposal="p1")
    given(created(needs_approval=True)).when(command).then(proposed)
    waiting = given(created(needs_approval=True), proposed)
    waiting.when(ApproveChange(**ASKED, proposal="p1", by="person:ana")).refused("own_proposal")
    approved = events.FlagRulesSet(
        flag="flag:button",
        environment="production",
        revision=2,
        default="blue",
        rules=[FORCED],
        proposal="p1",
        proposed_by="person:ana",
    )
    waiting.when(ApproveChange(**ASKED, proposal="p1", by="person:bo")).then(approved)
    changed = given(created(needs_approval=True), proposed, served(2, TRIAL))
    changed.when(ApproveChange(**ASKED, proposal="p1", by="person:bo")).refused("stale")


def test_the_kill_switch_asks_nobody() -> None:
    on = events.FlagTurned(flag="flag:button", environment="production", enabled=True)
    off = events.FlagTurned(
        flag="flag:button", environment="production", enabled=False, reason="fire"
    )
    command = TurnFlag(**LIVE, enabled=False, reason="fire")
    given(created(needs_approval=True), on).when(command).then(off)


def test_rolling_back_is_a_change_of_its_own() -> None:
    back = events.FlagRulesSet(
        flag="flag:button",
        environment="production",
        revision=4,
        default="blue",
        rules=[TRIAL],
        restores=2,
    )
    story = given(created(), served(2, TRIAL), served(3, FORCED))
    story.when(RollBackFlag(**LIVE, revision=2)).then(back)
    story.when(RollBackFlag(**LIVE, revision=9)).refused("unknown", field="revision")


def test_a_flag_that_is_on_is_not_archived() -> None:
    on = events.FlagTurned(flag="flag:button", environment="production", enabled=True)
    given(created(), on).when(ArchiveFlag(**ASKED)).refused("enabled")
    given(created()).when(ArchiveFlag(**ASKED)).then(events.FlagArchived(flag="flag:button"))


def test_saying_the_same_again_changes_nothing() -> None:
    given(created()).when(DescribeFlag(**ASKED)).then()
    given(created()).when(TurnFlag(**LIVE, enabled=False)).then()
    given(created(), served(2, TRIAL)).when(SetRules(**LIVE, default="blue", rules=[TRIAL])).then()


def test_a_phase_that_was_taken_out_comes_back_as_it_was_or_not_at_all() -> None:
    story = given(created(), served(2, TRIAL), served(3, FORCED))
    story.when(SetRules(**LIVE, default="blue", rules=[TRIAL])).accepted()
    other = {**TRIAL, "weights": [0.9, 0.1]}
    story.when(SetRules(**LIVE, default="blue", rules=[other])).refused("phase_fixed")


def test_a_new_phase_needs_a_seed_of_its_own() -> None:
    story = given(created(), served(2, TRIAL))
    again = {**TRIAL, "phase": "2", "weights": [0.9, 0.1]}
    story.when(SetRules(**LIVE, default="blue", rules=[again])).refused("seed_used")
    fresh = {**again, "seed": "s2"}
    story.when(SetRules(**LIVE, default="blue", rules=[fresh])).accepted()


def test_a_rule_without_a_seed_has_its_key_as_the_sdks_have_it() -> None:
    bare = {name: value for name, value in TRIAL.items() if name != "seed"}
    story = given(created(), served(2, bare))
    again = {**bare, "phase": "2", "seed": "exp"}
    story.when(SetRules(**LIVE, default="blue", rules=[again])).refused("seed_used")
