"""How often one caller may knock: a token bucket per actor, or per address for strangers.

Counted inside each web process, so N processes allow N times as much: a guard against a runaway
client, not a quota.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from access.doors import actor_of

REMEMBERED = 10_000


@dataclass
class Buckets:
    """`rate` permits a second for each key, `burst` at once after a rest."""

    rate: float
    burst: float
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, at: float) -> float:
        """Takes a permit at a monotonic time: 0, or the seconds until there will be one."""
        with self._lock:
            level, since = self._levels.pop(key, (self.burst, at))
            level = min(self.burst, level + (at - since) * self.rate)
            wait = max(0.0, (1 - level) / self.rate)
            self._levels[key] = (level if wait else level - 1, at)
            if len(self._levels) > REMEMBERED:
                self._levels.popitem(last=False)
        return wait


_known = Buckets(settings.API_RATE, settings.API_RATE * 10)
_strangers = Buckets(settings.API_RATE / 10, settings.API_RATE)


class PerActor(BaseThrottle):
    """Answers 429 with `Retry-After` to whoever empties their bucket."""

    waited = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether there is a permit left."""
        actor = actor_of(request)
        buckets, key = (_known, actor.ref) if actor.ref else (_strangers, self.get_ident(request))
        self.waited = buckets.take(key, time.monotonic())
        return self.waited == 0.0

    def wait(self) -> float:
        """Seconds until the next permit."""
        return self.waited
