"""Token buckets."""

from __future__ import annotations

from config.live.limits import FULL_AGAIN_SWEEP, Bucket, Buckets


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(5, 20, clock)
    assert [bucket.take() for _ in range(20)] == [0] * 20
    assert bucket.take() == 0.2
    clock.at += 0.2
    assert bucket.take() == 0
    assert bucket.take() > 0
    clock.at += 3600
    assert [bucket.take() for _ in range(20)] == [0] * 20
    assert bucket.take() > 0


def test_each_has_a_bucket_of_their_own_and_full_ones_are_forgotten() -> None:
    clock = Clock()
    buckets = Buckets(1, 1, clock)
    assert buckets.take("ana") == 0
    assert buckets.take("ana") > 0
    assert buckets.take("bo") == 0
    clock.at += 5
    for number in range(FULL_AGAIN_SWEEP + 5):
        buckets.take(str(number))
        clock.at += 2
    assert len(buckets) < FULL_AGAIN_SWEEP
