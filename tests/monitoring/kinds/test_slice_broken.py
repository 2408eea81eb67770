"""A slice that fails while the whole looks fine."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.kinds import BadParameter, make
from monitoring.kinds.base import Persistence
from monitoring.kinds.framed import Finding, Framed
from tests.monitoring.kinds.frames import OURS, framed, frames, look, track

ONE = {"total": "requests", "by": "slice"}
TWO = {"total": "requests", "by": "country,device"}

Counts = dict[tuple[str, ...], tuple[float, float]]


def found(kind: Framed, slices: Counts) -> Finding:
    own = [track([failed], *key) for key, (failed, _) in slices.items()]
    total = [track([of], *key) for key, (_, of) in slices.items()]
    return look(kind, own=own, total=total)


def even(count: int = 499, of: float = 200, failed: float = 0) -> Counts:
    return {(f"s{n}",): (failed, of) for n in range(count)}


def test_two_hundred_of_a_hundred_thousand_in_one_slice_are_found() -> None:
    # 0.2 % of 99,800 fail wherever they are, and all of 200: the whole is 0.4 %.
    slices = even() | {("broken",): (200.0, 200.0)}
    for n in range(200):
        slices[f"s{n}",] = (1.0, 200.0)
    kind = framed("slice_broken", **ONE)
    said = found(kind, slices)
    assert said.exceeds is True
    assert said.value == 1
    assert said.expected == pytest.approx(200 / 99_800)
    assert said.sentence == (
        "slice=broken: 200 of 200 failed (100 %), 0.2004 % of the rest; of all 0.4 %."
    )


def test_thirty_healthy_days_of_five_hundred_slices_open_at_most_one_breach() -> None:
    chance = np.random.default_rng(11)
    kind = framed("slice_broken", **ONE)
    # Slices of very different sizes; counts every five minutes, looked at an hour at a time.
    counts = chance.poisson(chance.pareto(1.5, 500) * 2 + 1, (30 * 288 + 12, 500))
    failures = chance.binomial(counts, 0.002)
    sizes, failed = (
        np.lib.stride_tricks.sliding_window_view(each, 12, axis=0).sum(axis=-1, dtype=np.float64)
        for each in (counts, failures)
    )
    memory, breaches, was = Persistence(kind.needed, kind.of, kind.clear_after), 0, False
    for hits, of in zip(failed, sizes, strict=True):
        seen = of > 0
        exceeds = bool(kind._test(hits[seen], of[seen]).broken.any())  # type: ignore[attr-defined]
        is_breached = memory.observe(exceeds, not exceeds) == "breached"
        breaches += is_breached and not was
        was = is_breached
    assert len(failed) > 30 * 288
    assert breaches <= 1


def test_one_country_is_told_once_and_not_device_by_device() -> None:
    devices = ("ios", "android", "web")
    slices: Counts = {
        (country, device): (0.0, 300.0) for country in ("FI", "SE", "NO") for device in devices
    }
    slices |= {("FI", device): (150.0, 300.0) for device in devices}
    said = found(framed("slice_broken", **TWO), slices)
    assert said.sentence.startswith("country=FI: 450 of 900 failed (50 %), 0 % of the rest")


def test_one_device_of_one_country_is_not_the_whole_country() -> None:
    slices: Counts = {
        (country, device): (0.0, 300.0)
        for country in ("FI", "SE")
        for device in ("ios", "android", "web")
    }
    slices["FI", "ios"] = (300.0, 300.0)
    said = found(framed("slice_broken", **TWO), slices)
    assert said.sentence.startswith("country=FI device=ios: 300 of 300 failed (100 %)")


def test_when_everything_fails_that_is_what_is_said() -> None:
    slices = {(f"s{n}",): (190.0, 200.0) for n in range(10)}
    said = found(framed("slice_broken", **ONE), slices)
    assert said.exceeds is True
    assert said.sentence == "all: 1,900 of 2,000 failed (95 %); of all 95 %."


def test_the_excess_must_be_beyond_what_is_tolerated() -> None:
    kind = framed("slice_broken", **ONE, excess=0.05)
    rest = even(50, 10_000, 100)
    assert found(kind, rest | {("x",): (599.0, 10_000.0)}).exceeds is False
    assert found(kind, rest | {("x",): (601.0, 10_000.0)}).exceeds is True


def test_chance_is_that_of_a_binomial_count() -> None:
    kind = framed("slice_broken", **ONE, excess=0, false_share=0.01, broken=1)
    rest: Counts = {("rest",): (100.0, 10_000.0)}

    def p(failed: int) -> float:
        return float(stats.binom.sf(failed - 1, 100 + failed, 500 / 10_500))

    # Two slices are tested, and the other's p is near 1: the adjusted one is twice as large.
    limit = next(k for k in range(1, 100) if 2 * p(k) <= 0.01)
    assert found(kind, rest | {("x",): (limit - 1.0, 500.0)}).exceeds is False
    assert found(kind, rest | {("x",): (float(limit), 500.0)}).exceeds is True


def test_a_small_slice_is_not_judged() -> None:
    kind = framed("slice_broken", **ONE)
    assert found(kind, even(20) | {("x",): (19.0, 19.0)}).exceeds is False
    assert found(kind, even(20) | {("x",): (20.0, 20.0)}).exceeds is True


def test_nothing_counted_is_no_data_and_impossible_counts_are_an_error() -> None:
    kind = framed("slice_broken", **ONE)
    assert found(kind, {}).exceeds is None
    assert found(kind, {("a",): (0.0, 0.0)}).exceeds is None
    for failed, of in ((2.0, 1.0), (-1.0, 5.0), (math.nan, 5.0), (1.0, math.inf)):
        said = found(kind, {("a",): (failed, of)})
        assert (said.exceeds, said.error) == (None, True)


def test_running_totals_count_by_what_they_rose() -> None:
    kind = framed("slice_broken", **ONE, counter=True)
    own = [track([1_000, 1_050, 50], "a"), track([0, 0, 0], "b")]
    total = [track([9_000, 9_050, 50], "a"), track([0, 5_000, 9_000], "b")]
    said = look(kind, own=own, total=total)
    assert said.sentence.startswith("slice=a: 100 of 100 failed")


@given(st.data())
def test_no_frame_of_numbers_is_too_strange(data: st.DataObject) -> None:
    kind = framed("slice_broken", **data.draw(st.sampled_from([ONE, TWO])))
    said = look(kind, **data.draw(frames(kind)))
    assert said.sentence.endswith(".")


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")),
        st.tuples(st.integers(0, 50), st.integers(0, 400)),
        min_size=1,
    )
)
def test_the_parts_that_are_told_are_apart_and_hold_every_broken_slice(
    counts: dict[tuple[str, str], tuple[int, int]],
) -> None:
    kind = framed("slice_broken", **TWO)
    slices: Counts = {key: (float(bad), float(bad + good)) for key, (bad, good) in counts.items()}
    keys = [key for key, (_, of) in slices.items() if of]
    failed = np.array([slices[key][0] for key in keys])
    of = np.array([slices[key][1] for key in keys])
    if not keys:
        return
    broken = kind._test(failed, of).broken  # type: ignore[attr-defined]
    parts = kind._rolled_up(keys, failed, of, broken)  # type: ignore[attr-defined]
    for key, is_broken in zip(keys, broken, strict=True):
        assert sum(part.holds(key) for part in parts) <= 1
        assert not is_broken or any(part.holds(key) for part in parts)
    assert found(kind, slices).exceeds == bool(broken.any())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"by": ""}, "by"),
        ({"by": "a,b,c,d,e"}, "by"),
        ({"total": "a{"}, "total"),
        ({"window": "soon"}, "window"),
        ({"excess": 2}, "excess"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make("slice_broken", {**ONE, **wrong})
    assert refused.value.field == field


def test_it_wants_both_counts_by_its_labels() -> None:
    wanted = framed("slice_broken", **TWO).wanted(OURS)
    assert {role: (w.series, w.by) for role, w in wanted.items()} == {
        "own": ("own", ("country", "device")),
        "total": ("requests", ("country", "device")),
    }
