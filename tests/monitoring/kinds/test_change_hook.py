"""A change to a thing on which others depend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame, Track
from tests.monitoring.kinds.frames import OURS, framed, frames, look, looks
from tests.monitoring.kinds.series import NOON

HOOK = framed("change_hook", entity="dataset:clicks", watch="1h")


def made(minutes_ago: float, sentence: str = "changed it", family: str = "schema") -> Track:
    times = np.array([NOON.timestamp() - 60 * minutes_ago])
    return Track((sentence, family, ""), times, np.ones(1))


def test_nothing_is_said_while_nobody_changes_it() -> None:
    found = look(HOOK)
    assert found.exceeds is False
    assert found.sentence == "Nobody changed dataset:clicks in 1h."


def test_a_change_tells_what_was_done_and_when() -> None:
    found = look(HOOK, changes=[made(12, "added a column"), made(31, "took one back")])
    assert (found.exceeds, found.value) == (True, 2)
    assert found.sentence == (
        "dataset:clicks was changed at 2026-03-01 11:48 UTC: added a column."
        " It was the latest of 2 changes in 1h."
    )


def test_the_breach_lasts_as_long_as_it_is_watched() -> None:
    # Each frame is moved to its tick, so that the change is older and older.
    said = looks(HOOK, [{"changes": [made(age)]} for age in (-1, 0, 1, 59, 60, 61)])
    assert [v.status for v in said] == ["ok", *["breached"] * 3, "ok", "ok"]


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ({}, True),
        ({"families": "deployment, schema"}, True),
        ({"families": "deployment"}, False),
    ],
)
def test_only_the_chosen_sorts_count(asked: dict[str, str], counts: bool) -> None:
    kind = framed("change_hook", entity="dataset:clicks", **asked)
    assert look(kind, changes=[made(1)]).exceeds is counts


@pytest.mark.parametrize("routine", [False, True])
def test_routine_changes_count_if_asked_for(routine: bool) -> None:
    kind = framed("change_hook", entity="dataset:clicks", routine=routine)
    everyday = made(1)._replace(key=("described it anew", "description", "routine"))
    assert look(kind, changes=[everyday]).exceeds is routine


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"entity": "clicks"}, "entity"),
        ({"entity": ":x"}, "entity"),
        ({"entity": "dataset:clicks "}, "entity"),
        ({"entity": "dataset:clicks", "watch": "8d"}, "watch"),
        ({"entity": "dataset:clicks", "watch": "1m", "every": "5m"}, "watch"),
        ({"entity": "dataset:clicks", "watch": "soon"}, "watch"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, str], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("change_hook", values)
    assert refused.value.field == field


@given(frames(HOOK))
def test_any_frame_of_changes_is_judged(frame: Frame) -> None:
    named = {role: [t._replace(key=("x", "y", "")) for t in each] for role, each in frame.items()}
    assert HOOK.look(named, NOON, {}).exceeds is not None
    assert HOOK.wanted(OURS)["changes"].changes == "dataset:clicks"
