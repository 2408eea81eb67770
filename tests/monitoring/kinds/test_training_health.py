"""A training run that learns, or does not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from monitoring.kinds.training_health import noise
from tests.monitoring.kinds.frames import OURS, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON

RNG = np.random.default_rng(51)
FALLING = np.exp(-np.arange(200) / 50) + 1 + RNG.normal(0, 0.01, 200)


def test_a_loss_that_falls_is_fine() -> None:
    found = look(framed("training_health"), own=[track(FALLING)])
    assert (found.exceeds, found.n) == (False, 200)
    assert found.sentence.startswith("The loss is 1.0")


def test_the_noise_is_that_around_the_trend() -> None:
    steep = np.arange(2000) * 0.001 + RNG.normal(0, 0.05, 2000)
    assert noise(steep) == pytest.approx(0.05, rel=0.1)
    assert noise(np.ones(30)) == pytest.approx(1e-9)


def test_a_rise_must_exceed_the_noise_and_a_part_of_what_was_gained() -> None:
    """From 3 to 1: a fifth of the 2 gained may be lost again, so 1.4 is the limit."""
    level = [3.0] * 10 + [1.0] * 10
    kind = framed("training_health", min_points=20)
    assert look(kind, own=[track(level + [1.4] * 5)]).exceeds is False
    found = look(kind, own=[track(level + [1.401] * 5)])
    assert found.exceeds is True
    assert found.sentence == (
        "The loss rose to 1.401 from its best, 1, more than 0.4 (it began at 3)."
    )
    noisy = [value + (-1) ** n * 0.1 for n, value in enumerate(level + [1.401] * 5)]
    assert look(kind, own=[track(noisy)]).exceeds is False, "six deviations are more than 0.4"


def test_one_bad_batch_is_no_divergence() -> None:
    spiked = FALLING.copy()
    spiked[-3:-1] += 5
    assert look(framed("training_health"), own=[track(spiked)]).exceeds is False


def test_the_best_is_remembered_when_it_has_left_the_window() -> None:
    kind = framed("training_health")
    memory = look(kind, own=[track(FALLING)]).memory
    assert memory is not None
    flat = track([1.9 + 0.001 * (-1) ** n for n in range(30)])
    assert look(kind, memory, own=[flat]).exceeds is True
    assert look(kind, own=[flat]).exceeds is False


def test_validation_that_rises_while_the_loss_falls_is_told() -> None:
    kind = framed("training_health", validation="v")
    rising = np.concatenate([FALLING[:100], FALLING[99::-1]])
    found = look(kind, own=[track(FALLING)], validation=[track(rising)])
    assert found.exceeds is True
    assert found.sentence.startswith("The validation loss rose to ")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_enough(bad: float) -> None:
    kind = framed("training_health")
    found = look(kind, own=[track([*FALLING, bad])])
    assert (found.exceeds, found.sentence) == (True, "The loss is no number at 1 of 201 points.")
    assert look(kind, own=[track([bad])]).exceeds is True
    counted = framed("training_health", broken="nan_gradients")
    assert look(counted, own=[track(FALLING)], broken=[track([0, 0])]).exceeds is False
    assert look(counted, own=[track(FALLING)], broken=[track([0, 3])]).exceeds is True


def test_lost_workers_are_counted() -> None:
    kind = framed("training_health", workers="w")
    assert look(kind, own=[track(FALLING)], workers=[track([20, 20, 18])]).exceeds is False
    found = look(kind, own=[track(FALLING)], workers=[track([20, 20, 17])])
    assert (found.exceeds, found.sentence) == (True, "Workers left: 17 of 20.")


def test_worse_when_faster() -> None:
    kind = framed("training_health", speed="s", lost=1)
    worse = np.concatenate([np.full(100, 2.0), np.full(100, 2.08)]) + RNG.normal(0, 0.02, 200)
    faster = np.repeat([100.0, 150.0], 100)
    found = look(kind, own=[track(worse)], speed=[track(faster)])
    assert found.exceeds is True
    assert found.sentence.startswith(
        "It is worse since it is faster: 150 a second instead of 100, and the loss is higher by 0.0"
    )
    assert look(kind, own=[track(worse)], speed=[track([100.0] * 200)]).exceeds is False
    assert look(kind, own=[track(FALLING)], speed=[track(faster)]).exceeds is False
    assert look(kind, own=[track(worse)], speed=[track(faster[::-1])]).exceeds is False


def test_few_losses_say_nothing() -> None:
    kind = framed("training_health")
    assert look(kind, own=[track([1.0] * 19)]).exceeds is None
    assert look(kind, own=[track([1.0] * 20)]).exceeds is False
    assert look(kind, own=[]).exceeds is None


def test_two_of_three_bad_looks_open_a_breach() -> None:
    kind = framed("training_health")
    rising = {"own": [track(FALLING[::-1])]}
    said = looks(kind, [{"own": [track(FALLING)]}, rising, rising])
    assert [v.status for v in said] == ["ok", "pending", "breached"]
    assert set(kind.wanted(OURS)) == {"own"}


def test_noise_alone_is_left_alone() -> None:
    kind = framed("training_health", speed="s")
    faster = [track(np.repeat([1.0, 2.0], 100))]
    flat = [2 + RNG.normal(0, 0.1, 200) for _ in range(200)]
    false = sum(look(kind, own=[track(values)], speed=faster).exceeds is True for values in flat)
    assert false <= 2


def test_a_series_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadParameter) as caught:
        make("training_health", {"speed": "{"})
    assert caught.value.field == "speed"


WILD = framed("training_health", validation="v", broken="b", workers="w", speed="s", min_points=10)


@given(frames(WILD))
def test_any_finite_frame_is_judged(frame: Frame) -> None:
    memory = WILD.look(frame, NOON, {}).memory or {}
    assert WILD.look(frame, NOON, memory).sentence
