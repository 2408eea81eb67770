"""A rule between series that must always hold."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

GOOD = {"rule": "good <= value", "names": "good = ok"}


@pytest.mark.parametrize(("good", "exceeds"), [(9.0, False), (10.0, False), (10.001, True)])
def test_the_bound_itself_is_within(good: float, exceeds: bool) -> None:
    kind = framed("invariant", **GOOD)
    found = look(kind, own=[track([10])], good=[track([good])])
    assert (found.exceeds, found.n) == (exceeds, 1)


def test_the_sentence_names_the_numbers_of_the_latest_broken_instant() -> None:
    found = look(framed("invariant", **GOOD), own=[track([5, 5])], good=[track([4, 7])])
    assert found.sentence == (
        "good <= value is broken at 1 of 2 instants; the latest has good = 7, value = 5."
    )
    assert (found.value, found.hi) == (1, 0)


def test_one_broken_look_opens_a_breach_and_three_good_ones_close_it() -> None:
    kind = framed("invariant", **GOOD)
    read = [{"own": [track([10])], "good": [track([good])]} for good in (1, 11, 1, 1, 1)]
    assert [v.status for v in looks(kind, read)] == ["ok", "breached", "breached", "breached", "ok"]


def test_sums_of_slices_are_compared_with_the_total() -> None:
    kind = framed("invariant", rule="sum(parts) == value", names="parts = events by slice")
    assert kind.wanted(OURS)["parts"].by == ("slice",)
    assert look(kind, own=[track([0.3])], parts=counts(a=0.1, b=0.2)).exceeds is False
    assert look(kind, own=[track([0.4])], parts=counts(a=0.1, b=0.2)).exceeds is True


def test_only_instants_at_which_all_have_a_value_are_checked() -> None:
    kind = framed("invariant", **GOOD)
    found = look(kind, own=[track([1, 10])], good=[track([2])])
    assert (found.exceeds, found.n) == (False, 1)
    assert look(kind, own=[track([])], good=[track([2])]).exceeds is None
    assert look(kind, own=[track([1])], good=[]).exceeds is None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_cannot_be_computed_is_an_error_and_never_healthy(bad: float) -> None:
    kind = framed("invariant", **GOOD)
    found = look(kind, own=[track([bad])], good=[track([1])])
    assert (found.exceeds, found.error) == (None, True)
    found = look(kind, own=[track([bad, 1])], good=[track([1, 2])])
    assert found.exceeds is True
    ratio = framed("invariant", rule="0 <= 1 / value <= 1 or value < 5")
    assert look(ratio, own=[track([0])]).exceeds is None


@pytest.mark.parametrize(
    "rule",
    [
        "__import__('os').system('true')",
        "value.real < 1",
        "value[0] < 1",
        "(lambda: 1)() < 1",
        "value ** 9 < 1",
        "value < 'a'",
        "value if value < 1 else 1",
        "[value] < [1]",
        "other < 1",
        "value",
        "value < True",
        "(value < 1) + 1 < 2",
        "value < (value < 1)",
        "abs(value, 1) < 1",
        "sum() < 1",
        "max(value, key=abs) < 1",
        "-" * 60 + "value < 1",
        "value < 1" + " and value < 1" * 60,
        "value <",
        "value < 1e999 and value := 3",
        f"value < {'9' * 400}",
        "(" * 240 + "value" + ")" * 240 + " < 1",
        "value is 1",
        "value < 1\x00",
    ],
)
def test_whatever_is_not_on_the_list_is_refused(rule: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("invariant", {"rule": rule})
    assert caught.value.field == "rule"


@pytest.mark.parametrize(
    "names", ["good", "value = ok", "sum = ok", "a = x; a = y", "a = x{", "own = x"]
)
def test_names_that_cannot_be_read_are_refused(names: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("invariant", {"rule": "value < 1", "names": names})
    assert caught.value.field == "names"


def test_a_list_must_be_made_a_number_first() -> None:
    with pytest.raises(BadParameter, match="parts must be within sum"):
        make("invariant", {"rule": "parts < 1", "names": "parts = x by slice"})


WILD = framed(
    "invariant",
    rule="-max(parts) * value / good + sum(parts) <= abs(value) and not count(parts) == min(good, 1)",
    names="good = ok; parts = x by slice",
)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {}).sentence


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_refused_as_a_parameter(rule: str) -> None:
    with contextlib.suppress(BadParameter):
        make("invariant", {"rule": rule})
