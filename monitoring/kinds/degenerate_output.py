"""Outputs that no longer say anything: one value for all, zeros, no numbers, endless latency.

A model that answers the same to everybody has perfect latency and no errors. Two forms: the own
series holds single outputs; or, with `items`, counts of how often each item was given out, of
which the share of the most frequent and the part of the catalogue that appears at all are judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from monitoring.kinds.base import BadParameter, State, figure, parameter, span
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Numbers,
    Track,
    Wanted,
    duration,
    selected,
)
from monitoring.kinds.intervals import counted, is_count, summed
from monitoring.kinds.reference import tally
from monitoring.slo.definition import Selector

LATENCY, BROKEN = "latency", "broken"


class DegenerateOutput(Framed):
    """Single outputs, or counts by item, that carry no information any more."""

    name: ClassVar[str] = "degenerate_output"
    summary: ClassVar[str] = (
        "Outputs are constant, zero, no numbers, endless or always the same few."
    )

    items: str = parameter("Label of the item, if the series counts outputs by item.", "")
    max_share: float = parameter(
        "Largest share of the most frequent value or items.", 0.9, minimum=0, maximum=1
    )
    top: int = parameter("Most frequent items whose share is taken.", 10, minimum=1, maximum=1000)
    catalogue: int | None = parameter("Items that there are to give out.", None, minimum=1)
    min_coverage: float = parameter(
        "Least part of the catalogue that must appear.", 0.01, minimum=0, maximum=1
    )
    max_zeros: float = parameter("Largest share of zeros.", 0.9, minimum=0, maximum=1)
    broken: str = parameter("Series that counts outputs that are no numbers.", "")
    latency: str = parameter("Series of latencies in seconds.", "")
    endless: float = parameter(
        "Latency that is as good as endless.", 300.0, unit="s", minimum=0.001
    )
    min_count: int = parameter("Least outputs that are judged.", 50, minimum=2)
    window: str = parameter("Length of the window.", "15m")

    def check(self) -> None:
        """Refuses series that cannot be read, and a share that any outputs would have."""
        super().check()
        duration(self.window, "window")
        for role in (BROKEN, LATENCY):
            if getattr(self, role):
                selected(getattr(self, role), role)
        if self.catalogue is not None and not self.items:
            raise BadParameter("items", "must be given with `catalogue`")
        if self.catalogue is not None and self.top >= self.catalogue:
            raise BadParameter("top", "must be less than `catalogue`")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Outputs, and what else is named."""
        by = (self.items,) if self.items else ()
        others = {
            role: selected(getattr(self, role), role)
            for role in (BROKEN, LATENCY)
            if getattr(self, role)
        }
        return {OWN: Wanted(own.series, own.labels, by), **others}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Everything that is wrong with the outputs of the window."""
        faults = [*self._broken(frame.get(BROKEN, ())), *self._endless(frame.get(LATENCY, ()))]
        share, n, more = self._items(frame) if self.items else self._values(frame)
        faults += more
        if not faults and share is None:
            few = f"{n} outputs are fewer than the {self.min_count} that are needed."
            return Finding(None, few, n=n)
        common = (
            "The most frequent value is" if not self.items else f"The {self.top} most frequent are"
        )
        told = (
            f"{common} {figure(100 * share)} % of {n:,}" if share is not None else f"{n:,} outputs"
        )
        wrong = "".join(f"{fault[:1].upper()}{fault[1:]}. " for fault in faults)
        return Finding(
            bool(faults),
            f"{wrong}{told}.",
            value=share,
            hi=self.max_share,
            n=n,
        )

    def _broken(self, tracks: Sequence[Track]) -> list[str]:
        found = summed(counted(track) for track in tracks)
        return [f"outputs that are no numbers: {figure(found)}"] if found > 0 else []

    def _endless(self, tracks: Sequence[Track]) -> list[str]:
        values = _joined(tracks)
        bad = values[np.isnan(values) | (values >= self.endless)]
        if not bad.size:
            return []
        return [f"latencies of {span(self.endless)} or more, or none at all: {bad.size}"]

    def _values(self, frame: Frame) -> tuple[float | None, int, list[str]]:
        """Share of the most frequent value, number of values, and faults."""
        values = _joined(frame.get(OWN, ()))
        good, n = values[np.isfinite(values)], values.size
        faults = [f"not finite are {n - good.size} of {n:,} outputs"] if good.size < n else []
        if good.size < self.min_count:
            return None, n, faults
        found, often = np.unique(good, return_counts=True)
        share, most = float(often.max() / good.size), float(found[often.argmax()])
        zeros = float(np.mean(good == 0))
        if len(found) == 1:
            faults.append(f"all {n:,} outputs are {figure(most)}")
        elif zeros > self.max_zeros:
            faults.append(f"{figure(100 * zeros)} % of outputs are zero")
        elif share > self.max_share:
            faults.append(f"{figure(100 * share)} % of outputs are {figure(most)}")
        return share, n, faults

    def _items(self, frame: Frame) -> tuple[float | None, int, list[str]]:
        """Share of the most frequent items, number given out, and faults."""
        counts = tally(frame.get(OWN, ()))
        total = summed(counts.values())
        if not is_count(total, *counts.values()) or total < self.min_count:
            return None, int(total) if is_count(total) else 0, []
        often = sorted((count for count in counts.values() if count > 0), reverse=True)
        share = math.fsum(often[: self.top]) / total
        faults = []
        if share > self.max_share:
            faults.append(
                f"{figure(100 * share)} % of outputs are the same {min(self.top, len(often))} items"
            )
        if self.catalogue is not None and len(often) / self.catalogue < self.min_coverage:
            faults.append(f"only {len(often)} of {self.catalogue:,} items appear")
        return share, int(total), faults


def _joined(tracks: Sequence[Track]) -> Numbers:
    found = [track.values for track in tracks]
    return np.concatenate(found) if found else np.empty(0)
