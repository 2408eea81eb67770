"""Several monitors together."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

RULES = {"all": {"rule": "all"}, "any": {"rule": "any"}, "two": {"rule": "at_least"}}
ENOUGH = {"all": 3, "any": 1, "two": 2}
UNKNOWN = math.nan


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("steps", list(itertools.product((0.0, 1.0, UNKNOWN), repeat=3)))
def test_what_is_unknown_is_only_decided_when_it_cannot_matter(
    rule: str, steps: tuple[float, ...]
) -> None:
    kind = framed("composite", monitors="a, b, c", **RULES[rule])
    filled = itertools.product(*[(0.0, 1.0) if math.isnan(s) else (s,) for s in steps])
    possible = {sum(case) >= ENOUGH[rule] for case in filled}
    found = look(kind, monitors=counts(**dict(zip("abc", steps, strict=True))))
    assert found.exceeds is (possible.pop() if len(possible) == 1 else None)


def test_the_sentence_counts() -> None:
    kind = framed("composite", monitors="a,b,c", rule="at_least")
    found = look(kind, monitors=counts(a=1, b=1, c=UNKNOWN))
    assert found.sentence == "2 of 3 monitors breached, 2 needed."
    assert (found.value, found.hi, found.n) == (2, 1, 2)
    found = look(kind, monitors=counts(a=1, b=0, c=UNKNOWN))
    assert found.sentence == "1 of 3 monitors breached, 2 needed, 1 without data."


def test_a_monitor_that_said_nothing_is_unknown_and_a_strange_one_is_not_asked() -> None:
    kind = framed("composite", monitors="a,b")
    assert look(kind, monitors=counts(a=1)).exceeds is None
    assert look(kind, monitors=[track([1], "a"), track([], "b")]).exceeds is None
    assert look(kind, monitors=counts(a=1, z=1)).exceeds is None
    assert look(kind).exceeds is None


def test_the_latest_step_counts() -> None:
    kind = framed("composite", monitors="a,b")
    assert look(kind, monitors=[track([1, 0], "a"), track([0, 1], "b")]).exceeds is False


def test_it_opens_and_closes_with_them() -> None:
    kind = framed("composite", monitors="a,b")
    both, one = {"monitors": counts(a=1, b=1)}, {"monitors": counts(a=1, b=0)}
    said = looks(kind, [one, both, {}, one])
    assert [v.status for v in said] == ["ok", "breached", "no_data", "ok"]
    assert kind.wanted(OURS)["monitors"].by == ("monitor",)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "monitors"),
        ({"monitors": "a"}, "monitors"),
        ({"monitors": "a,b,a"}, "monitors"),
        ({"monitors": "a,b", "rule": "at_least", "at_least": 3}, "at_least"),
        ({"monitors": "a,b", "rule": "most"}, "rule"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("composite", values)
    assert caught.value.field == field


WILD = framed("composite", monitors="a,b,1", rule="at_least")


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {}).sentence
