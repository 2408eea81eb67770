"""Whether what is lost is lost at random, or from some slices only.

A model that is trained on what is left learns from the slices that are left. Two counts are
compared slice by slice: what arrived, and what was sent or is usual. Of all that arrived, the count
of a slice is binomial with its share of what was sent if loss is the same everywhere (Przyborowski
and Wilenski, 1940); the share of false ones among the slices found is bounded by Benjamini and
Hochberg (1995). A slice that is gone, or nearly so, is a verdict of its own however small it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import special, stats

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Wanted,
    duration,
    names_in,
    selected,
)
from monitoring.kinds.intervals import counted, is_count, only_numbers
from monitoring.slo.definition import Selector

SENT = "sent"
NAMED = 3
Key = tuple[str, ...]


class Slice(NamedTuple):
    """What arrived of a slice, what was expected, and how improbable so little is."""

    key: Key
    arrived: float
    expected: float
    p_value: float

    @property
    def share(self) -> float:
        """The part that arrived."""
        return self.arrived / self.expected


class BiasedLoss(Framed):
    """Counts that arrived beside counts that were sent, or beside the past, slice by slice."""

    name: ClassVar[str] = "biased_loss"
    summary: ClassVar[str] = "Records are lost, and not at random: some slices lose more or all."

    by: str = parameter("Labels that tell slices apart, separated by commas.")
    sent: str = parameter("Series of the counts that were sent; without it the past tells.", "")
    window: str = parameter("Length of the window.", "1h")
    baseline: str = parameter("Length of the past before it, if nothing says what was sent.", "7d")
    gone: float = parameter(
        "Part of a slice that still arrives when it is as good as gone.", 0.1, minimum=0, maximum=1
    )
    unlike: float = parameter(
        "Difference from the part of all that arrives that is tolerated.",
        0.1,
        minimum=0,
        maximum=1,
    )
    min_expected: float = parameter("Least count that is expected of a slice.", 30.0, minimum=1)
    false_share: float = parameter(
        "Largest expected share of false ones among the slices found.",
        0.0001,
        minimum=1e-9,
        maximum=0.5,
    )

    def check(self) -> None:
        """Refuses labels, series and spans that cannot be read."""
        super().check()
        if not names_in(self.by):
            raise BadParameter("by", "needs a label at least")
        if self.sent:
            selected(self.sent, "sent")
        if duration(self.baseline, "baseline") < duration(self.window, "window"):
            raise BadParameter("baseline", "must not be shorter than `window`")

    @property
    def lookback(self) -> timedelta:
        """The window, and the past if it is needed."""
        window = duration(self.window, "window")
        return window if self.sent else window + duration(self.baseline, "baseline")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Both counts by slice."""
        by = names_in(self.by)
        found = {OWN: Wanted(own.series, own.labels, by)}
        return found | ({SENT: selected(self.sent, "sent", by)} if self.sent else {})

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Slices that lost more than the rest."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        arrived, expected = self._counts(frame, at)
        if not is_count(*arrived.values(), *expected.values()):
            return Finding(None, "Some counts are negative.", error=True)
        known = {key: count for key, count in expected.items() if count >= self.min_expected}
        if not known:
            return Finding(None, "Too little is expected of every slice.", n=len(expected))
        slices = _judged({key: arrived.get(key, 0.0) for key in known}, known)
        whole = math.fsum(s.arrived for s in slices) / math.fsum(s.expected for s in slices)
        adjusted = stats.false_discovery_control([s.p_value for s in slices], method="bh")
        lost = [
            s
            for s, p in zip(slices, adjusted, strict=True)
            if p <= self.false_share
            and (s.share <= self.gone < whole or min(whole, 1.0) - s.share > self.unlike)
        ]
        lost.sort(key=lambda s: (s.share, -s.expected))
        return Finding(
            bool(lost),
            self._sentence(lost, whole, len(slices)),
            value=min((s.share for s in slices), default=None),
            expected=whole,
            lo=max(0.0, min(whole, 1.0) - self.unlike),
            n=len(slices),
        )

    def _counts(self, frame: Frame, at: datetime) -> tuple[dict[Key, float], dict[Key, float]]:
        end, width = at.timestamp(), duration(self.window, "window").total_seconds()
        tracks = frame.get(OWN, ())
        arrived = {t.key: counted(t.within(end - width, end)) for t in tracks}
        if self.sent:
            return arrived, {t.key: counted(t) for t in frame.get(SENT, ())}
        past = {t.key: t.within(-math.inf, end - width) for t in tracks}
        begin = min((float(t.times[0]) for t in past.values() if t.times.size), default=end)
        windows = max(1.0, (end - width - begin) / width)
        return arrived, {key: counted(t) / windows for key, t in past.items()}

    def _sentence(self, lost: list[Slice], whole: float, n: int) -> str:
        beside = f"of all {figure(100 * whole)} % arrived"
        if not lost:
            return f"In each of {n} slices about as much was lost as in the rest: {beside}."
        told = [
            f"{', '.join(s.key)} is {'gone' if s.arrived == 0 else 'as good as gone'}"
            if s.share <= self.gone
            else f"{', '.join(s.key)} kept {figure(100 * s.share)} %"
            for s in lost[:NAMED]
        ]
        more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
        return f"Loss is not random: {'; '.join(told)}{more}; {beside}."


def _judged(arrived: Mapping[Key, float], expected: Mapping[Key, float]) -> list[Slice]:
    keys = list(expected)
    got = np.array([arrived[key] for key in keys])
    due = np.array([expected[key] for key in keys])
    rest = got.sum() - got
    # So few or fewer in the slice, of all that arrived; nothing in the rest says nothing.
    chance = special.betainc(np.maximum(rest, 1), got + 1, 1 - due / due.sum())
    chance = np.where(rest > 0, chance, 1.0)
    return [
        Slice(k, *row)
        for k, *row in zip(keys, got.tolist(), due.tolist(), chance.tolist(), strict=True)
    ]
