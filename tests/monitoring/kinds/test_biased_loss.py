"""Losses that are not random."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.biased_loss import _judged
from monitoring.kinds.framed import Finding
from tests.monitoring.kinds.frames import counts, framed, frames, look, track

SENT = {"by": "region", "sent": "sent"}


def judged(arrived: dict[str, float], sent: dict[str, float], **parameters: object) -> Finding:
    kind = framed("biased_loss", **SENT, **parameters)
    return look(kind, own=counts(**arrived), sent=counts(**sent))


def test_what_is_lost_everywhere_alike_is_not_biased() -> None:
    sent = dict.fromkeys("abcd", 10_000.0)
    chance = np.random.default_rng(1)
    arrived = {key: float(chance.binomial(10_000, 0.6)) for key in sent}
    found = judged(arrived, sent)
    assert found.exceeds is False
    assert found.sentence.startswith("In each of 4 slices about as much was lost as in the rest")


def test_a_slice_that_loses_more_is_named() -> None:
    found = judged({"a": 9_900, "b": 9_900, "c": 5_000}, dict.fromkeys("abc", 10_000.0))
    assert (found.exceeds, found.value) == (True, 0.5)
    assert found.sentence == "Loss is not random: c kept 50 %; of all 82.67 % arrived."


def test_a_small_slice_that_is_gone_is_a_verdict_of_its_own() -> None:
    found = judged({"a": 99_000, "b": 0}, {"a": 100_000.0, "b": 40.0})
    assert found.exceeds is True
    assert found.sentence.startswith("Loss is not random: b is gone; of all 98.96 %")
    found = judged({"a": 99_000, "b": 2}, {"a": 100_000.0, "b": 40.0})
    assert "b is as good as gone" in found.sentence


def test_when_everything_is_gone_nothing_is_biased() -> None:
    assert judged({"a": 0, "b": 0}, {"a": 500.0, "b": 500.0}).exceeds is False


def test_chance_is_that_of_a_binomial_count() -> None:
    rows = _judged({("a",): 90.0, ("b",): 130.0}, {("a",): 100.0, ("b",): 120.0})
    assert rows[0].p_value == pytest.approx(stats.binom.cdf(90, 220, 100 / 220))
    assert rows[1].p_value == pytest.approx(stats.binom.cdf(130, 220, 120 / 220))


def test_without_what_was_sent_the_past_tells() -> None:
    kind = framed("biased_loss", by="region", window="1h", baseline="1d")
    hour = [100.0] * 24
    steady, gone = track([*hour, 100.0], "a", step=3_600), track([*hour, 0.0], "b", step=3_600)
    found = look(kind, own=[steady, gone])
    assert found.exceeds is True
    assert "b is gone" in found.sentence
    again = look(kind, own=[steady, track([*hour, 97.0], "b", step=3_600)])
    assert again.exceeds is False


def test_little_and_nothing_are_no_data_and_negatives_an_error() -> None:
    assert judged({"a": 1}, {"a": 29.0}).exceeds is None
    assert look(framed("biased_loss", **SENT)).exceeds is None
    for bad in (-1.0, math.nan, math.inf):
        assert judged({"a": bad}, {"a": 100.0}).error is True


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from([SENT, {"by": "region", "window": "5m"}]))
    kind = framed("biased_loss", **chosen)
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"by": ""}, "by"), ({"sent": "{"}, "sent"), ({"window": "8d"}, "baseline")],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("biased_loss", {**SENT, **wrong})
    assert refused.value.field == field
