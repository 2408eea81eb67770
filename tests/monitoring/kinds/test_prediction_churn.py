"""Flips from one version to the next."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from monitoring.kinds.intervals import clopper_pearson
from tests.monitoring.kinds.frames import OURS, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON


def churn(flips: float, compared: float, *key: str) -> dict[str, list[Any]]:
    """A frame of one version, and slice."""
    key = key or ("v2",)
    return {"own": [track([flips], *key)], "compared": [track([compared], *key)]}


def test_the_interval_is_that_of_the_exact_test() -> None:
    for hits, of in ((0, 40), (7, 40), (40, 40)):
        expected = stats.binomtest(hits, of).proportion_ci(0.99, method="exact")
        assert clopper_pearson(hits, of, 0.99) == pytest.approx((expected.low, expected.high))


def test_a_share_must_be_too_large_beyond_chance() -> None:
    kind = framed("prediction_churn", compared="c")
    limit = next(k for k in range(1001) if stats.binom.sf(k - 1, 1000, 0.05) < 0.0005)
    assert look(kind, **churn(limit - 1, 1000)).exceeds is False
    found = look(kind, **churn(limit, 1000))
    assert (found.exceeds, found.value, found.n) == (True, limit / 1000, 1000)
    assert found.sentence.startswith(f"v2 flips {limit / 10:g} % of 1,000 predictions (between 5.0")
    assert found.sentence.endswith(" %); 5 % may flip.")


def test_a_version_without_flips_is_fine() -> None:
    kind = framed("prediction_churn", compared="c")
    assert look(kind, own=[], compared=[track([1000], "v2")]).exceeds is False


def test_a_slice_that_flips_is_found_below_a_quiet_whole() -> None:
    kind = framed("prediction_churn", compared="c", by="partner")
    assert kind.wanted(OURS)["compared"].by == ("version", "partner")
    frame = {
        "own": [track([10], "v2", "a"), track([60], "v2", "b"), track([9], "v2", "c")],
        "compared": [track([5000], "v2", "a"), track([300], "v2", "b"), track([10], "v2", "c")],
    }
    found = look(kind, **frame)
    assert (found.exceeds, found.value) == (True, 0.2)
    assert " for b (" in found.sentence
    whole = {
        role: [t._replace(key=("v2", "all")) for t in tracks] for role, tracks in frame.items()
    }
    joined = {
        role: [track([sum(t.values[0] for t in tracks)], "v2")] for role, tracks in whole.items()
    }
    assert look(framed("prediction_churn", compared="c"), **joined).exceeds is False


def test_the_newest_version_is_judged() -> None:
    old = track([900, 0], "v9", step=3600)
    old = old._replace(times=old.times[:1], values=old.values[:1])
    frame = {"own": [old], "compared": [old, track([1000], "v10")]}
    found = look(framed("prediction_churn", compared="c"), **frame)
    assert found.exceeds is False
    assert found.sentence.startswith("v10 flips 0 % of 1,000")


def test_small_steps_add_up() -> None:
    kind = framed("prediction_churn", compared="c", max_total=0.12)
    memory: dict[str, Any] = {}
    exceeds = []
    for number in range(1, 5):
        found = look(kind, memory, **churn(40, 1000, f"v{number}"))
        assert found.memory is not None
        memory = found.memory
        exceeds.append(found.exceeds)
    assert exceeds == [False, False, False, True]
    assert found.score == pytest.approx(1 - 0.96**4)
    assert found.sentence.endswith("Since v1 15.07 % have flipped at least once.")
    assert look(kind, memory, **churn(40, 1000, "v4")).score == pytest.approx(1 - 0.96**4)


@pytest.mark.parametrize(
    ("flips", "compared", "error"),
    [
        (5, 199, False),
        (300, 200, True),
        (-1, 500, True),
        (5, math.nan, True),
        (math.nan, 500, True),
    ],
)
def test_too_little_and_impossible_counts_are_no_answer(
    flips: float, compared: float, error: bool
) -> None:
    found = look(framed("prediction_churn", compared="c"), **churn(flips, compared))
    assert (found.exceeds, found.error) == (None, error)


def test_nothing_compared_is_no_data() -> None:
    assert look(framed("prediction_churn", compared="c"), own=[], compared=[]).exceeds is None


def test_two_of_three_bad_looks_open_a_breach() -> None:
    kind = framed("prediction_churn", compared="c")
    said = looks(kind, [churn(500, 1000)] * 2)
    assert [v.status for v in said] == ["pending", "breached"]


def test_a_series_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadParameter) as caught:
        make("prediction_churn", {"compared": "{"})
    assert caught.value.field == "compared"


WILD = framed("prediction_churn", compared="c", by="slice", min_compared=1)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {"versions": {"a": 0.5, "c": 1.0}}).sentence
