"""Outputs that no longer say anything."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

VARIED = [float(number) for number in np.random.default_rng(41).normal(3, 1, 60)]


def test_varied_outputs_are_fine_in_any_order() -> None:
    kind = framed("degenerate_output")
    found = look(kind, own=[track(VARIED)])
    assert (found.exceeds, found.n) == (False, 60)
    assert look(kind, own=[track(VARIED[::-1])]) == found


def test_the_same_for_everybody_is_found() -> None:
    found = look(framed("degenerate_output"), own=[track([0.73] * 60)])
    assert (found.exceeds, found.value) == (True, 1)
    assert found.sentence == "All 60 outputs are 0.73. The most frequent value is 100 % of 60."
    loose = framed("degenerate_output", max_share=1)
    assert look(loose, own=[track([0.73] * 60)]).exceeds is True, "constant is never fine"


def test_the_largest_share_itself_is_allowed() -> None:
    kind = framed("degenerate_output", min_count=10)
    assert look(kind, own=[track([5.0] * 9 + [1.0])]).exceeds is False
    assert look(kind, own=[track([5.0] * 10 + [1.0])]).exceeds is True
    assert look(kind, own=[track([0.0] * 9 + [1.0])]).exceeds is False
    zeros = look(kind, own=[track([0.0] * 19 + [1.0])])
    assert zeros.sentence.startswith("95 % of outputs are zero. ")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_output_that_is_no_number_is_one_too_many(bad: float) -> None:
    found = look(framed("degenerate_output"), own=[track([*VARIED, bad])])
    assert (found.exceeds, found.n) == (True, 61)
    assert found.sentence.startswith("Not finite are 1 of 61 outputs. ")
    assert look(framed("degenerate_output"), own=[track([bad] * 3)]).exceeds is True


def test_a_count_of_outputs_that_are_no_numbers_is_enough() -> None:
    kind = framed("degenerate_output", broken="nan_outputs")
    assert look(kind, own=[track(VARIED)], broken=[track([0, 0])]).exceeds is False
    assert look(kind, own=[], broken=[track([0, 2])]).exceeds is True


def test_endless_latency_is_found_beside_good_outputs() -> None:
    kind = framed("degenerate_output", latency="seconds", endless=30)
    assert set(kind.wanted(OURS)) == {"own", "latency"}
    assert look(kind, own=[track(VARIED)], latency=[track([0.1, 29.9])]).exceeds is False
    for bad in (30.0, math.inf, math.nan):
        assert look(kind, own=[track(VARIED)], latency=[track([0.1, bad])]).exceeds is True


def test_the_same_few_items_for_everybody() -> None:
    kind = framed("degenerate_output", items="item", top=2)
    assert kind.wanted(OURS)["own"].by == ("item",)
    assert look(kind, own=counts(a=45, b=45, c=10)).exceeds is False
    found = look(kind, own=counts(a=46, b=45, c=9))
    assert (found.exceeds, found.value, found.n) == (True, 0.91, 100)
    assert found.sentence.startswith("91 % of outputs are the same 2 items. ")


def test_the_part_of_the_catalogue_that_appears() -> None:
    kind = framed("degenerate_output", items="item", top=1, catalogue=300, min_coverage=0.01)
    assert look(kind, own=counts(a=40, b=30, c=30)).exceeds is False
    found = look(kind, own=counts(a=50, b=50, c=0))
    assert found.sentence.startswith("Only 2 of 300 items appear. ")


def test_few_outputs_say_nothing() -> None:
    assert look(framed("degenerate_output"), own=[track([1.0] * 49)]).exceeds is None
    assert look(framed("degenerate_output"), own=[]).exceeds is None
    kind = framed("degenerate_output", items="item")
    assert look(kind, own=counts(a=49)).exceeds is None
    assert look(kind, own=counts(a=-49, b=500)).exceeds is None


def test_two_of_three_bad_looks_open_a_breach() -> None:
    kind = framed("degenerate_output", window="1d")
    bad = {"own": [track([1.0] * 60)]}
    said = looks(kind, [bad, bad, {"own": [track(VARIED)]}])
    assert [v.status for v in said] == ["pending", "breached", "breached"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"catalogue": 100}, "items"),
        ({"catalogue": 10, "items": "item"}, "top"),
        ({"latency": "{"}, "latency"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("degenerate_output", values)
    assert caught.value.field == field


WILD = [
    framed("degenerate_output", broken="b", latency="l", min_count=2),
    framed("degenerate_output", items="item", catalogue=50, min_count=2),
]


@given(frames(WILD[0]), frames(WILD[1]))
def test_any_finite_frame_is_judged(values: Frame, items: Frame) -> None:
    assert WILD[0].look(values, NOON, {}).sentence
    assert WILD[1].look(items, NOON, {}).sentence
