"""The gap between expected and observed: spikes, and sums of small gaps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Frame, Framed
from tests.monitoring.kinds.frames import OURS, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

# Residuals of plus and minus 1 in turn: their median absolute value is 1, the scale 1.4826.
KNOWN = [100.0 + (-1) ** n for n in range(20)]
SCALE = 1.4826


def learnt(**values: Any) -> tuple[Framed, dict[str, Any]]:
    """The kind with what it learnt from `KNOWN`, through JSON; before everything later than noon."""
    kind = framed("expected_observed", expected="e", learn=20, floor_share=0, **values)
    memory = look(kind, own=[track(KNOWN)], expected=[track([100.0] * 20)]).memory
    return kind, orjson.loads(orjson.dumps(memory))


def after(kind: Framed, memory: dict[str, Any], residuals: list[float]) -> Finding:
    """What is found an hour later, with these residuals in scales."""
    values = [100 + SCALE * residual for residual in residuals]
    later = [
        each._replace(times=each.times + 3600)
        for each in (track(values), track([100.0] * len(values)))
    ]
    return look(kind, memory, own=[later[0]], expected=[later[1]])


def test_the_scale_is_learnt_and_said() -> None:
    kind = framed("expected_observed", expected="e", learn=20)
    few = look(kind, own=[track(KNOWN[:19])], expected=[track([100.0] * 19)])
    assert (few.exceeds, few.sentence) == (
        None,
        "Learning how far it usually is: 19 of 20 pairs.",
    )
    _, memory = learnt()
    assert memory["scales"] == [pytest.approx(SCALE)]
    assert memory["pairs"] == []


def test_a_single_residual_beyond_the_spike_exceeds() -> None:
    kind, memory = learnt(limit=1000)
    assert after(kind, memory, [5.999, -5.999]).exceeds is False
    assert after(kind, memory, [6.001]).exceeds is True
    found = after(kind, memory, [0, -6.5, 0])
    assert found.exceeds is True
    assert (found.value, found.n) == (pytest.approx(100 - 6.5 * SCALE), 3)
    assert "is 6.5 scales below the expected 100" in found.sentence


@pytest.mark.parametrize("sign", [1, -1])
def test_a_small_gap_that_lasts_is_found_when_its_sum_is_too_large(sign: int) -> None:
    kind, memory = learnt()
    sixteen = after(kind, memory, [sign * 0.999] * 16)
    assert (sixteen.exceeds, sixteen.score) == (False, pytest.approx(16 * 0.499 / 8))
    found = after(kind, memory, [sign * 1.001] * 16)
    assert found.exceeds is True
    assert found.sentence.startswith("Values stay " + ("above" if sign > 0 else "below"))


def test_the_sum_is_that_of_page_by_hand_whatever_the_batches() -> None:
    rng = np.random.default_rng(11)
    residuals = [float(r) for r in rng.normal(0, 1, 60)]
    kind, memory = learnt()
    above = below = 0.0
    for residual in residuals:
        above, below = max(0, above + residual - 0.5), max(0, below - residual - 0.5)
    together = after(kind, memory, residuals).memory
    assert together is not None
    assert (together["above"], together["below"]) == (pytest.approx(above), pytest.approx(below))


def test_nothing_is_counted_twice() -> None:
    kind, memory = learnt()
    first = after(kind, memory, [1.0] * 17)
    assert first.memory is not None
    again = after(kind, first.memory, [1.0] * 17)
    assert (again.exceeds, again.memory) == (True, first.memory)
    fewer = look(
        kind, {"judged": 9e9, "pairs": [[1.0, 1.0]]}, own=[track([1])], expected=[track([1])]
    )
    assert (fewer.exceeds, fewer.n) == (None, 1)


def test_a_breach_ends_after_the_gap_has_closed() -> None:
    kind, memory = learnt()
    first = after(kind, memory, [3.0] * 200)
    assert first.memory is not None
    assert first.memory["above"] == 16
    quiet = track([100.0] * 17)
    later = quiet._replace(times=quiet.times + 8000)
    found = look(kind, first.memory, own=[later], expected=[later])
    assert found.exceeds is False


def test_the_scale_depends_on_how_much_is_expected() -> None:
    expected = np.repeat([10.0, 1000.0], 100)
    swing = np.tile([1.0, -1.0], 100) * np.repeat([1.0, 50.0], 100)
    kind = framed("expected_observed", expected="e", learn=200, window="1d")
    memory = look(kind, own=[track(expected + swing)], expected=[track(expected)]).memory
    assert memory is not None
    assert set(np.round(memory["scales"], 3)) == {1.483, 74.13}
    assert len(memory["scales"]) == len(memory["edges"]) + 1


def test_a_history_without_any_gap_has_a_least_scale() -> None:
    kind = framed("expected_observed", expected="e", learn=20)
    memory = look(kind, own=[track([100.0] * 20)], expected=[track([100.0] * 20)]).memory
    assert memory is not None
    later = [t._replace(times=t.times + 3600) for t in (track([105.0]), track([100.0]))]
    found = look(kind, memory, own=[later[0]], expected=[later[1]])
    assert (found.exceeds, found.hi) == (False, 106)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_only_times_at_which_both_are_numbers_count(bad: float) -> None:
    kind = framed("expected_observed", expected="e", learn=20)
    assert look(kind, own=[track([bad])], expected=[track([1.0])]).exceeds is None
    assert look(kind, own=[track([1.0])], expected=[track([])]).exceeds is None
    shifted = track([1.0])._replace(times=track([1.0]).times - 1)
    assert look(kind, own=[track([1.0])], expected=[shifted]).exceeds is None


def test_normal_residuals_hardly_ever_exceed() -> None:
    """Siegmund's approximation is one in 9,556 pairs for both sides together."""
    rng = np.random.default_rng(12)
    kind, memory = learnt()
    crossed = 0
    for _ in range(20):
        found = after(kind, memory, [float(r) for r in rng.normal(0, 1, 500)])
        crossed += found.exceeds is True
    assert crossed <= 4  # expected is 1, as some excursions end before the look


def test_looks_go_through_json_and_open_a_breach_at_once() -> None:
    kind = framed("expected_observed", expected="e", learn=20, every="1h", floor_share=0)
    usual = {"own": [track(KNOWN)], "expected": [track([100.0] * 20)]}
    wild = {"own": [track([200.0])], "expected": [track([100.0])]}
    said = looks(kind, [usual, usual, wild])
    assert [v.status for v in said] == ["no_data", "ok", "breached"]
    assert kind.wanted(OURS).keys() == {"own", "expected"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "expected"),
        ({"expected": "{}"}, "expected"),
        ({"expected": "e", "window": "1m"}, "window"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("expected_observed", values)
    assert caught.value.field == field


WILD = framed("expected_observed", expected="e", learn=20)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    assert WILD.look(frame, NOON, {}).sentence
    kind, memory = learnt()
    assert kind.look(frame, NOON, {**memory, "judged": 0.0}).sentence
