"""Labels and feedback."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Frame
from monitoring.kinds.intervals import newcombe, wilson
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track
from tests.monitoring.kinds.series import NOON


def test_labels_that_stay_away_are_missed() -> None:
    kind = framed("label_health", expected="e")
    limit = next(k for k in range(1000, 0, -1) if wilson(k, 1000, 0.999).hi < 0.8)
    assert look(kind, own=[track([limit + 1])], expected=[track([1000])]).exceeds is False
    found = look(kind, own=[track([limit])], expected=[track([1000])])
    assert (found.exceeds, found.sentence) == (True, f"Only {limit} of 1,000 labels came.")
    assert look(kind, own=[], expected=[track([1000])]).exceeds is True
    assert look(kind, own=[track([5000])], expected=[track([1000])]).exceeds is False


def test_labels_that_are_still_coming_are_waited_for() -> None:
    kind = framed("label_health", expected="e", delay="1h", window="3h")
    frame = {"own": [track([500, 500, 0], step=1800)], "expected": [track([500] * 3, step=1800)]}
    found = look(kind, **frame)
    assert (found.exceeds, found.n) == (False, 500)
    hasty = framed("label_health", expected="e", window="3h")
    assert look(hasty, **frame).exceeds is True


def test_one_actor_must_not_give_most_labels() -> None:
    kind = framed("label_health", actor="user")
    assert kind.wanted(OURS)["own"].by == ("user",)
    limit = next(k for k in range(1001) if wilson(k, 1000, 0.999).lo > 0.3)
    rest = dict.fromkeys("bcde", (1000 - limit) / 4)
    assert look(kind, own=counts(a=limit, **rest)).exceeds is True
    assert (
        look(
            kind, own=counts(a=limit - 1, b=rest["b"] + 1, c=rest["c"], d=rest["d"], e=rest["e"])
        ).exceeds
        is False
    )
    found = look(kind, own=counts(a=500, b=250, c=250))
    assert (found.exceeds, found.sentence) == (True, "50 % of labels come from a.")


def test_an_annotator_who_disagrees_more_than_the_others_is_named() -> None:
    kind = framed("label_health", actor="user", disagreed="d", compared="c", max_actor=1)
    compared = counts(a=1000, b=1000, c=1000)
    limit = next(k for k in range(1001) if newcombe((k, 1000), (100, 2000), 1 - 0.001 / 3).lo > 0.1)
    own = counts(a=1000, b=1000, c=1000)
    fine = look(kind, own=own, disagreed=counts(a=50, b=50, c=limit - 1), compared=compared)
    assert fine.exceeds is False
    found = look(kind, own=own, disagreed=counts(a=50, b=50, c=limit), compared=compared)
    assert found.exceeds is True
    assert found.sentence == (
        f"Annotator c disagrees in {limit / 10:g} % of labels, the others in 5 %."
    )


def test_classes_are_compared_with_what_they_were() -> None:
    kind = framed("label_health", label="class", every="1h", reference="2h", window="1h")
    usual = {"own": counts(spam=300, ham=700)}
    shifted = {"own": counts(spam=600, ham=400)}
    said = looks(kind, [usual, usual, usual, shifted, shifted])
    assert [v.status for v in said] == ["no_data", "no_data", "ok", "pending", "breached"]
    assert "Learning what is usual: 1,000 of at least 200 observations" in said[0].sentence
    assert said[4].sentence.startswith("Classes shifted: the stability index is ")
    assert "from 2,000 observations from 2026-03-01 11:00" in said[4].sentence


def test_few_labels_may_look_as_they_like() -> None:
    kind = framed("label_health", label="class", every="1h", reference="2h", window="1h")
    usual, few = {"own": counts(spam=300, ham=700)}, {"own": counts(spam=150, ham=49)}
    assert looks(kind, [usual, usual, few])[2].status == "no_data"


def test_both_class_and_actor_are_told_apart() -> None:
    kind = framed("label_health", label="class", actor="user")
    assert kind.wanted(OURS)["own"].by == ("class", "user")
    own = [track([n], key, who) for key in ("x", "y") for who, n in (("a", 400), ("b", 30))]
    found = look(kind, own=own)
    assert found.sentence == "93.02 % of labels come from a."
    assert found.memory is not None
    assert found.memory["reference"]["counts"] == {"x": 430, "y": 430}


def test_labels_are_not_trusted_while_their_filter_does_not_run() -> None:
    kind = framed("label_health", filter="filter_ran")
    assert look(kind, own=[track([5])], filter=[track([0, 1])]).exceeds is False
    for values in ([1.0, 0.0], []):
        found = look(kind, own=[track([5])], filter=[track(values)])
        assert found.sentence == "The filter of labels did not run."


@pytest.mark.parametrize("bad", [math.nan, math.inf, -3.0, 1e300])
def test_counts_that_cannot_be_are_an_error(bad: float) -> None:
    found = look(framed("label_health", actor="user"), own=[track([bad], "a")])
    assert (found.exceeds, found.error) == (None, True)


def test_more_contradicted_than_compared_is_an_error() -> None:
    kind = framed("label_health", actor="user", disagreed="d", compared="c")
    found = look(kind, own=counts(a=500), disagreed=counts(a=6), compared=counts(a=5))
    assert (found.exceeds, found.error) == (None, True)


def test_too_few_are_no_answer() -> None:
    for own in ([], counts(a=199)):
        assert look(framed("label_health", actor="user"), own=own).exceeds is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "expected"),
        ({"actor": "u", "disagreed": "d"}, "compared"),
        ({"expected": "e", "disagreed": "d", "compared": "c"}, "actor"),
        ({"expected": "{"}, "expected"),
        ({"expected": "e", "window": "1m"}, "window"),
        ({"expected": "e", "delay": "2Y"}, "window"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("label_health", values)
    assert caught.value.field == field


WILD = framed(
    "label_health",
    label="class",
    actor="user",
    expected="e",
    disagreed="d",
    compared="c",
    filter="f",
    reference="1h",
    window="1h",
    min_count=1,
)


@given(frames(WILD), frames(WILD))
def test_any_finite_frame_is_judged(first: Frame, second: Frame) -> None:
    memory = WILD.look(first, NOON, {}).memory or {}
    assert WILD.look(second, NOON, memory).sentence
