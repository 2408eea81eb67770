"""Token buckets: so many a second, and so many at once."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
FULL_AGAIN_SWEEP = 1_000


class Bucket:
    """Lets `rate` things a second through on average, and `burst` at once."""

    __slots__ = ("_at", "_burst", "_clock", "_left", "_rate")

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic):
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = float(burst), clock()

    def take(self) -> float:
        """0 if one more may pass, else the seconds until one may."""
        self._refill()
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._rate

    @property
    def full(self) -> bool:
        """Whether it is as good as new."""
        self._refill()
        return self._left >= self._burst

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now


class Buckets:
    """A bucket for each key, such as a person; those that are full again are forgotten."""

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic):
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: dict[str, Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> float:
        """As `Bucket.take`, for this key."""
        if len(self._buckets) >= FULL_AGAIN_SWEEP and key not in self._buckets:
            self._buckets = {k: b for k, b in self._buckets.items() if not b.full}
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate, self._burst, self._clock)
        return bucket.take()
