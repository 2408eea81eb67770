"""Number, mean and variance of outputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Track
from tests.monitoring.kinds.frames import framed, frames, look
from tests.monitoring.kinds.series import NOON

WIDTH = 900.0


def outputs(*stretches: np.ndarray) -> list[Track]:  # type: ignore[type-arg]
    """Outputs of quarters of an hour, the last one ending at noon."""
    times, end = [], NOON.timestamp()
    for place, values in enumerate(reversed(stretches)):
        last = end - place * WIDTH
        times.append(last - WIDTH + WIDTH * (np.arange(len(values)) + 1) / len(values))
    return [Track((), np.concatenate(times[::-1]), np.concatenate(stretches))]


def usual(seed: int = 1, count: int = 40) -> list[np.ndarray]:  # type: ignore[type-arg]
    chance = np.random.default_rng(seed)
    return [chance.normal(0.3, 0.1, chance.integers(900, 1_100)) for _ in range(count)]


def judged(now: np.ndarray, **parameters: object) -> Finding:  # type: ignore[type-arg]
    return look(framed("stability", **parameters), own=outputs(*usual(), now))


def normal(mean: float, sd: float, count: int = 1_000) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(9).normal(mean, sd, count)


@pytest.mark.parametrize("seed", range(5))
def test_as_usual_is_fine(seed: int) -> None:
    assert look(framed("stability"), own=outputs(*usual(seed, 41))).exceeds is False


@pytest.mark.parametrize(
    ("now", "name", "side"),
    [
        (normal(0.4, 0.1), "mean", "more"),
        (normal(0.2, 0.1), "mean", "less"),
        (normal(0.3, 0.2), "variance", "more"),
        (normal(0.3, 0.02), "variance", "less"),
        (normal(0.3, 0.1, 4_000), "number", "more"),
        (normal(0.3, 0.1, 100), "number", "less"),
    ],
)
def test_what_changed_is_named(now: np.ndarray, name: str, side: str) -> None:  # type: ignore[type-arg]
    said = judged(now)
    assert said.exceeds is True
    assert said.sentence.startswith(f"The {name} of the last 15m is ")
    assert said.sentence.endswith(f"deviations {side}.")


def test_surprise_is_in_scaled_deviations_of_the_stretches() -> None:
    said = judged(normal(0.4, 0.1), least=0)
    means = np.array([part.mean() for part in usual()])
    deviation = stats.median_abs_deviation(means, scale="normal")
    expected = (normal(0.4, 0.1).mean() - np.median(means)) / deviation
    assert said.score == pytest.approx(expected, rel=1e-5)


def test_a_change_too_small_to_matter_is_none() -> None:
    # Of a thousand outputs each the means differ by a hundredth: four per cent is certain.
    assert judged(normal(0.33, 0.1), least=0.01).exceeds is True
    assert judged(normal(0.33, 0.1), least=0.5).exceeds is False


def test_a_constant_is_told_as_what_it_is() -> None:
    said = judged(np.full(600, 0.3))
    assert (said.exceeds, said.sentence) == (True, "All 600 outputs of the last 15m are 0.3.")


def test_none_at_all_is_a_change_of_number() -> None:
    said = look(framed("stability"), own=[_shifted(outputs(*usual()), -WIDTH)])
    assert said.exceeds is True
    assert said.sentence.startswith("The number of the last 15m is 0, and")


def _shifted(tracks: list[Track], seconds: float) -> Track:
    return tracks[0]._replace(times=tracks[0].times + seconds)


def test_little_past_is_no_data() -> None:
    assert look(framed("stability"), own=outputs(*usual(count=12))).exceeds is None
    assert look(framed("stability")).exceeds is None


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed(
        "stability", window="1m", stretches=12, min_stretches=3, min_mean=2, min_variance=3
    )
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"window": "w"}, "window"), ({"stretches": 12, "min_stretches": 13}, "min_stretches")],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("stability", wrong)
    assert refused.value.field == field
