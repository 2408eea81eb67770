"""A fixed set of questions, answered again."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Frame
from monitoring.kinds.golden_set import hodges_lehmann
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON


def answered(distances: list[float], **values: Any) -> Finding:
    """What is found when these are the distances of the items."""
    kind = framed("golden_set", **{"items": len(distances), **values})
    return look(kind, own=counts(**{f"q{n}": number for n, number in enumerate(distances)}))


def test_the_same_answers_are_fine_unless_some_must_change() -> None:
    found = answered([0.0] * 60)
    assert (found.exceeds, found.value, found.n) == (False, 0, 60)
    assert found.sentence == "0 of 60 answers changed, as they may."
    found = answered([0.0] * 60, min_changed=0.01)
    assert (found.exceeds, found.sentence) == (
        True,
        "0 of 60 answers changed: fewer than the 1 % that must.",
    )
    assert answered([0.0] * 59 + [0.3], min_changed=1 / 60).exceeds is False


def test_the_tolerance_itself_is_the_same_answer() -> None:
    assert answered([0.5, -0.5, 0.0], tolerance=0.5).value == 0
    assert answered([0.5, -0.500001, 0.0], tolerance=0.5).value == pytest.approx(1 / 3)


def test_a_share_that_changed_must_be_too_large_beyond_chance() -> None:
    def too_many(k: int) -> bool:
        return bool(stats.binom.sf(k - 1, 100, 0.1) < 0.001)

    limit = next(k for k in range(101) if too_many(k))
    assert answered([1.0] * (limit - 1) + [0.0] * (101 - limit)).exceeds is False
    found = answered([1.0] * limit + [0.0] * (100 - limit))
    assert found.exceeds is True
    assert found.sentence == f"{limit} of 100 answers changed: more than the 10 % that may."


def test_missing_items_and_answers_that_are_no_numbers_are_bad() -> None:
    found = answered([0.0] * 48, items=50)
    assert found.exceeds is True
    assert found.sentence == "0 of 48 answers changed: missing are 2 of 50 items."
    found = answered([0.0] * 49 + [math.nan])
    assert (found.exceeds, found.n) == (True, 49)
    assert found.sentence == "0 of 49 answers changed: without a number are 1 of 50 answers."
    assert answered([math.nan, math.inf]).exceeds is True


def test_one_answer_far_away_is_named() -> None:
    distances = [0.0] * 49 + [-3.0]
    assert answered(distances, max_distance=3).exceeds is False
    found = answered(distances, max_distance=2.9)
    assert found.sentence == "1 of 50 answers changed: q49 is 3 away."


def test_a_small_shift_of_most_answers_is_found_where_it_matters() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 0.05, 80)
    loose = {"tolerance": 10.0, "max_shift": 0.02}
    assert answered(list(noise), **loose).exceeds is False
    assert answered(list(noise + 0.1), **loose).exceeds is True
    assert answered(list(noise + 0.1), tolerance=10.0, max_shift=0.2).exceeds is False
    assert answered([0.5, 0.5, -0.4], **loose).exceeds is False, "three answers are chance"


def test_the_shift_is_the_median_of_all_pairs_means() -> None:
    values = [3.0, -1.0, 4.0, 1.5, 9.0]
    pairs = itertools.combinations_with_replacement(values, 2)
    assert hodges_lehmann(np.array(values)) == statistics.median((a + b) / 2 for a, b in pairs)


def test_only_the_latest_answer_of_an_item_counts() -> None:
    kind = framed("golden_set", items=2)
    assert kind.wanted(OURS)["own"].by == ("item",)
    found = look(kind, own=[track([9, 9, 0], "a"), track([9, 0], "b")])
    assert (found.value, found.n) == (0, 2)


def test_no_answer_at_all_is_no_data() -> None:
    assert look(framed("golden_set"), own=[]).exceeds is None
    assert look(framed("golden_set"), own=[track([], "a")]).exceeds is None


def test_a_run_of_which_half_has_arrived_opens_no_breach_yet() -> None:
    kind = framed("golden_set", items=2)
    good, bad = {"own": counts(a=0, b=0)}, {"own": counts(a=0)}
    said = looks(kind, [good, bad, good, {}, bad, bad, good])
    assert [v.status for v in said] == [
        "ok",
        "pending",
        "ok",
        "no_data",
        "breached",
        "breached",
        "breached",
    ]


def test_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(BadParameter) as caught:
        make("golden_set", {"min_changed": 0.5, "max_changed": 0.4})
    assert caught.value.field == "min_changed"


WILD = framed("golden_set", items=2, max_shift=0, max_distance=0, max_changed=0)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {}).sentence
