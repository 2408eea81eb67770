"""A part that is not the share of its whole that it should be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from tests.monitoring.kinds.frames import OURS, counts, framed, frames, look, looks, track

SAMPLE = {"whole": "rows", "share": 0.3}


def test_the_whole_interval_must_lie_outside_of_what_is_tolerated() -> None:
    kind = framed("expected_ratio", **SAMPLE, tolerance=0.01, confidence=0.95)

    def lowest(part: int) -> float:
        return float(stats.binomtest(part, 10_000).proportion_ci(0.95, "exact").low)

    limit = next(k for k in range(3_000, 4_000) if lowest(k) > 0.31)
    for part, exceeds in ((3_100, False), (limit - 1, False), (limit, True)):
        assert look(kind, own=[track([part])], whole=[track([10_000])]).exceeds is exceeds


def test_both_sides_are_wrong_and_the_share_is_said() -> None:
    kind = framed("expected_ratio", **SAMPLE)
    said = look(kind, own=[track([200])], whole=[track([1_000])])
    assert (said.exceeds, said.value) == (True, 0.2)
    assert (said.lo, said.hi) == (pytest.approx(0.28), pytest.approx(0.32))
    assert said.sentence.startswith("200 of 1,000 are 20 % (between 16")
    assert said.sentence.endswith("and 30 % ± 2 % are expected.")


def test_one_slice_that_lost_its_sample_is_named() -> None:
    kind = framed("expected_ratio", **SAMPLE, by="partner")
    said = look(kind, own=counts(a=3_000, b=3_010), whole=counts(a=10_000, b=10_000, c=10_000))
    assert said.exceeds is True
    assert said.sentence.startswith("c: 0 of 10,000 are 0 %")


def test_few_are_no_data_and_impossible_counts_an_error() -> None:
    kind = framed("expected_ratio", **SAMPLE)
    assert look(kind, own=[track([0])], whole=[track([99])]).exceeds is None
    assert look(kind).exceeds is None
    for part, whole in ((200, 150), (-1, 500), (math.nan, 500)):
        said = look(kind, own=[track([part])], whole=[track([whole])])
        assert (said.exceeds, said.error) == (None, True)


def test_running_totals_count_by_what_they_rose() -> None:
    kind = framed("expected_ratio", **SAMPLE, counter=True)
    said = look(kind, own=[track([9_000, 9_300])], whole=[track([50, 1_050])])
    assert (said.exceeds, said.value) == (False, 0.3)


def test_two_of_three_looks_open_a_breach() -> None:
    kind = framed("expected_ratio", **SAMPLE)
    bad = {"own": [track([0])], "whole": [track([1_000])]}
    good = {"own": [track([300])], "whole": [track([1_000])]}
    said = looks(kind, [bad, good, bad, good, good, good])
    assert [v.status for v in said] == ["pending", "ok", "breached", "breached", "breached", "ok"]


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed("expected_ratio", **SAMPLE, by=data.draw(st.sampled_from(["", "slice"])))
    assert look(kind, **data.draw(frames(kind))).sentence.endswith(".")


@pytest.mark.parametrize("wrong", [{"share": 1.5}, {"whole": "{"}, {"window": "x"}])
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(BadParameter) as refused:
        make("expected_ratio", {**SAMPLE, **wrong})
    assert refused.value.field == next(iter(wrong))


def test_it_wants_both_by_its_labels() -> None:
    wanted = framed("expected_ratio", **SAMPLE, by="partner").wanted(OURS)
    assert {role: (w.series, w.by) for role, w in wanted.items()} == {
        "own": ("own", ("partner",)),
        "whole": ("rows", ("partner",)),
    }
