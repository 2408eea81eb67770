"""Records that wait in a pipeline."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Finding, Track
from tests.monitoring.kinds.frames import framed, frames, look, looks, track

HOUR = {"limit": 3_600.0}


def ages(*key: str, **counts: float) -> list[Track]:
    """Counts by the upper bound of their age, such as ``s60=3``; ``inf`` for all that are older."""
    return [track([n], bound.removeprefix("s"), *key) for bound, n in counts.items()]


def judged(tracks: list[Track], did: list[Track] | None = None, **more: object) -> Finding:
    given_ = {**HOUR, **more}
    frame = {"own": tracks} | ({"done": did} if did is not None else {})
    return look(framed("pipeline_progress", **given_), **frame)


def test_one_record_that_is_stuck_does_not_alarm() -> None:
    found = judged(ages(s60=90, s3600=9, inf=1))
    assert found.exceeds is False
    assert found.sentence == "100 wait, 1 of them longer than 1 h."


def test_a_shifted_histogram_does() -> None:
    found = judged(ages(s60=100, s3600=400, s7200=300, inf=200))
    assert (found.exceeds, found.value) == (True, 0.5)
    assert found.sentence == "500 of 1,000 are older than 1 h, half of them than 1 h."


def test_the_exact_interval_of_the_share_decides() -> None:
    def least(old: int) -> float:
        return float(stats.binomtest(old, 1_000).proportion_ci(0.999, "exact").low)

    limit = next(n for n in range(50, 200) if least(n) > 0.05)
    for old, exceeds in ((limit - 1, False), (limit, True)):
        assert judged(ages(s3600=1_000 - old, inf=old)).exceeds is exceeds


def test_a_bucket_across_the_limit_is_not_old() -> None:
    assert judged(ages(s1800=100, s7200=900)).exceeds is False


def test_work_that_waits_while_nothing_is_done_is_told() -> None:
    waiting, still = ages(s60=50), [track([700, 700, 700])]
    found = judged(waiting, still, done="done")
    assert (found.exceeds, found.sentence) == (True, "50 wait and nothing is done.")
    assert judged(waiting, [track([700, 710])], done="done").exceeds is False
    assert judged(ages(s60=0), still, done="done").exceeds is False, "nothing waits"
    assert judged(waiting, [track([700, 3])], done="done").exceeds is False, "it began again"


def test_the_slice_is_named() -> None:
    tracks = ages("a", s60=500, inf=0) + ages("b", s60=400, inf=100)
    tracks = [Track((t.key[0], t.key[1]), t.times, t.values) for t in tracks]
    found = judged([*tracks], by="queue")
    assert found.exceeds is False, "nothing lies between a minute and all that is older"
    tracks = ages("a", s3600=500, inf=0) + ages("b", s3600=400, inf=100)
    assert judged(tracks, by="queue").sentence.startswith("b: 100 of 500 are older than 1 h")


def test_nothing_counted_is_no_data_and_what_cannot_be_an_error() -> None:
    assert judged([]).exceeds is None
    assert judged(ages(sxl=5)).error is True
    for bad in (-1.0, math.nan, math.inf):
        assert judged(ages(s60=bad)).error is True


def test_two_of_three_looks_open_a_breach() -> None:
    kind = framed("pipeline_progress", **HOUR)
    frame = {"own": ages(s3600=10, inf=90)}
    assert [v.status for v in looks(kind, [frame] * 2)] == ["pending", "breached"]


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    more = data.draw(st.sampled_from([{}, {"done": "d"}, {"by": "queue", "done": "d"}]))
    kind = framed("pipeline_progress", **HOUR, **more)
    keys = data.draw(st.sampled_from([("1", "60", "3600", "+Inf"), ("a", "b")]))
    assert look(kind, **data.draw(frames(kind, keys))).sentence.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"limit": 0}, "limit"), ({"done": "{"}, "done"), ({"window": "w"}, "window")],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("pipeline_progress", {**HOUR, **wrong})
    assert refused.value.field == field
