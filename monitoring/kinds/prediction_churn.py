"""How many predictions flip from one version of a model to the next.

The own series counts flips, `compared` the predictions that both versions made, by the label of
the version. The newest version is judged, all together and by slice, with the exact interval of
Clopper and Pearson (1934) at a confidence divided by the number of shares looked at. Small steps
add up: the share that has flipped at least once since the first version known is estimated as if
flips of different versions were independent, and judged by a limit of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from monitoring.kinds.base import State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Track,
    Wanted,
    duration,
    names_in,
    selected,
)
from monitoring.kinds.intervals import (
    Interval,
    clopper_pearson,
    counted,
    is_count,
    only_numbers,
    summed,
)
from monitoring.slo.definition import Selector

COMPARED = "compared"
MOST_VERSIONS = 50


class Flips(NamedTuple):
    """Flips of one slice among the predictions compared; `where` is empty for all together."""

    where: str
    share: float
    interval: Interval
    compared: float


class PredictionChurn(Framed):
    """The share of predictions that flip with a version, by slice and in total."""

    name: ClassVar[str] = "prediction_churn"
    summary: ClassVar[str] = "A new version of a model answers too many requests differently."
    urgency: ClassVar[str] = "concern"

    compared: str = parameter("Series that counts the predictions that both versions made.")
    label: str = parameter("Label that names the newer version.", "version")
    by: str = parameter("Labels that tell slices apart, separated by commas.", "")
    max_share: float = parameter("Largest share of flips.", 0.05, minimum=0, maximum=1)
    max_total: float = parameter(
        "Largest share that has flipped since the first version known.", 0.2, minimum=0, maximum=1
    )
    min_compared: float = parameter("Least predictions that are judged.", 200.0, minimum=1)
    window: str = parameter("Length of the window.", "1d")
    confidence: float = parameter(
        "Confidence of all intervals together.", 0.999, minimum=0.5, maximum=0.999999
    )

    def check(self) -> None:
        """Refuses a series and a span that cannot be read."""
        super().check()
        selected(self.compared, "compared")
        duration(self.window, "window")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Both counts by version and slice."""
        by = (self.label, *names_in(self.by))
        return {
            OWN: Wanted(own.series, own.labels, by),
            COMPARED: selected(self.compared, "compared", by),
        }

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Judges the newest version of the window."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        compared = [track for track in frame.get(COMPARED, ()) if track.finite().values.size]
        if not compared:
            return Finding(None, "No predictions of two versions have been compared.")
        version = max(compared, key=lambda track: (track.times[-1], track.key)).key[0]
        totals = _sums(compared, version)
        flips = _sums(frame.get(OWN, ()), version)
        if not is_count(*totals.values(), *flips.values()) or any(
            count > totals.get(key, 0.0) for key, count in flips.items()
        ):
            sentence = f"More flips of {version} are counted than predictions, or less than none."
            return Finding(None, sentence, error=True)
        slices = {key: (flips.get(key, 0.0), total) for key, total in totals.items()}
        whole = (summed(flips.values()), summed(totals.values()))
        if whole[1] < self.min_compared:
            few = f"{figure(whole[1])} predictions of {version} were compared, fewer than"
            return Finding(None, f"{few} {figure(self.min_compared)}.", n=int(whole[1]))
        return self._judge(version, whole, slices, memory)

    def _judge(
        self,
        version: str,
        whole: tuple[float, float],
        slices: Mapping[tuple[str, ...], tuple[float, float]],
        memory: State,
    ) -> Finding:
        asked = {"": whole}
        if names_in(self.by):
            asked |= {", ".join(key): pair for key, pair in slices.items()}
        enough = {key: pair for key, pair in asked.items() if pair[1] >= self.min_compared}
        confidence = 1 - (1 - self.confidence) / len(enough)
        found = [
            Flips(key, hits / of, clopper_pearson(hits, of, confidence), of)
            for key, (hits, of) in enough.items()
        ]
        worst = max(found, key=lambda each: each.interval.lo)
        known = {k: s for k, s in memory.get("versions", {}).items() if k != version}
        known = dict([*known.items(), (version, whole[0] / whole[1])][-MOST_VERSIONS:])
        total = 1 - math.prod(1 - share for share in known.values())
        is_far = len(known) > 1 and total > self.max_total
        told = self._sentence(version, worst)
        more = (
            f" Since {next(iter(known))} {figure(100 * total)} % have flipped at least once."
            if is_far
            else ""
        )
        return Finding(
            worst.interval.lo > self.max_share or is_far,
            told + more,
            value=worst.share,
            hi=self.max_share,
            score=total,
            n=int(worst.compared),
            memory={"versions": known},
        )

    def _sentence(self, version: str, worst: Flips) -> str:
        where = f" for {worst.where}" if worst.where else ""
        lo, hi = (figure(100 * bound) for bound in worst.interval)
        return (
            f"{version} flips {figure(100 * worst.share)} % of {figure(worst.compared)} predictions"
            f"{where} (between {lo} and {hi} %); {figure(100 * self.max_share)} % may flip."
        )


def _sums(tracks: Sequence[Track], version: str) -> dict[tuple[str, ...], float]:
    return {
        track.key[1:]: counted(track)
        for track in tracks
        if track.key[0] == version and track.finite().values.size
    }
