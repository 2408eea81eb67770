"""Whether as much happens as was predicted: observed events over the sum of their predictions.

The observed count is taken for a Poisson count, whose exact interval (Garwood, 1936) divided by the
predicted sum is the interval of the ratio. A breach needs all of it to lie outside of what is
tolerated, so that neither chance nor a bias too small to matter opens one. The confidence is
divided by the number of ratios judged at once (Bonferroni).

Labels come late. Both series must have the time of the prediction, and only predictions older than
`delay` are judged: younger ones have not got their labels yet and would look like a bias.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

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
from monitoring.kinds.intervals import counted, is_count, only_numbers, poisson
from monitoring.slo.definition import Selector

PREDICTED = "predicted"


class Ratio(NamedTuple):
    """Observed over predicted of one bucket, with its interval; `key` is empty for all together."""

    key: tuple[str, ...]
    value: float
    lo: float
    hi: float
    observed: float

    @property
    def distance(self) -> float:
        """How far the interval's nearer end is from 1; 0 when 1 lies within."""
        return max(self.lo - 1, 1 - self.hi, 0.0)

    @property
    def where(self) -> str:
        """The bucket for a sentence."""
        return f" for {', '.join(self.key)}" if self.key else ""


class Calibration(Framed):
    """Observed over predicted, of all and of each bucket, with an exact Poisson interval."""

    name: ClassVar[str] = "calibration"
    summary: ClassVar[str] = "More or less happens than was predicted, overall or in a bucket."
    urgency: ClassVar[str] = "concern"

    predicted: str = parameter("Series of the sums of predictions, such as predicted_clicks.")
    by: str = parameter("Labels that tell buckets or slices apart, separated by commas.", "")
    window: str = parameter("Length of the window of predictions.", "1d")
    delay: str = parameter(
        "Time after which labels are complete, such as 7d; empty for at once.", "1h"
    )
    tolerance: float = parameter(
        "Distance from 1 that the ratio may have.", 0.05, minimum=0, maximum=0.99
    )
    min_events: float = parameter(
        "Least events, observed or predicted, that a ratio is judged by.", 100.0, minimum=1
    )
    confidence: float = parameter(
        "Confidence of all intervals together.", 0.999, minimum=0.5, maximum=0.999999
    )

    def check(self) -> None:
        """Refuses spans and series that cannot be read."""
        super().check()
        selected(self.predicted, "predicted")
        if self.lookback > timedelta(days=366):
            raise BadParameter("window", "and `delay` must not be more than a year together")

    @property
    def lookback(self) -> timedelta:
        """The window, and the time in which labels are still coming."""
        return duration(self.window, "window") + self._late

    @property
    def _late(self) -> timedelta:
        return duration(self.delay, "delay") if self.delay else timedelta(0)

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Observed and predicted sums, by bucket."""
        by = names_in(self.by)
        return {
            OWN: Wanted(own.series, own.labels, by),
            PREDICTED: selected(self.predicted, "predicted", by),
        }

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The ratio that is furthest out, over predictions that are old enough."""
        observed, predicted = (self._sums(frame, role, at) for role in (OWN, PREDICTED))
        if not only_numbers(frame) or not is_count(*observed.values(), *predicted.values()):
            sentence = "Observed or predicted sums are negative or no numbers."
            return Finding(None, sentence, error=True)
        pairs = {key: (observed.get(key, 0.0), sum_) for key, sum_ in predicted.items()}
        pairs |= {key: (count, 0.0) for key, count in observed.items() if key not in predicted}
        if not predicted or not observed:
            return Finding(None, "There are no observed events or no predictions to compare.")
        whole = tuple(math.fsum(part) for part in zip(*pairs.values(), strict=True))
        asked = {(): (whole[0], whole[1]), **(pairs if names_in(self.by) else {})}
        enough = {key: pair for key, pair in asked.items() if max(pair) >= self.min_events}
        if () not in enough:
            sentence = (
                f"{figure(whole[0])} events observed and {figure(whole[1])} predicted: "
                f"too few of the {figure(self.min_events)} that are needed."
            )
            return Finding(None, sentence, n=int(whole[0]))
        confidence = 1 - (1 - self.confidence) / len(enough)
        ratios = [_ratio(key, *pair, confidence) for key, pair in enough.items()]
        return self._found(max(ratios, key=lambda ratio: ratio.distance), len(ratios))

    def _sums(self, frame: Frame, role: str, at: datetime) -> dict[tuple[str, ...], float]:
        until = at - self._late
        after = until - duration(self.window, "window")
        parts = (
            each.within(after.timestamp(), until.timestamp()).finite()
            for each in frame.get(role, ())
        )
        return {part.key: counted(part) for part in parts if part.values.size}

    def _found(self, worst: Ratio, n: int) -> Finding:
        low, high = 1 - self.tolerance, 1 + self.tolerance
        exceeds = worst.lo > high or worst.hi < low
        value = worst.value if math.isfinite(worst.value) else None
        return Finding(
            exceeds,
            self._sentence(worst, n),
            value=value,
            expected=1.0,
            lo=low,
            hi=high,
            score=worst.distance if math.isfinite(worst.distance) else None,
            n=int(worst.observed),
        )

    def _sentence(self, worst: Ratio, n: int) -> str:
        happened = f"{figure(worst.observed)} events happened{worst.where}"
        if math.isinf(worst.value):
            return f"{happened}, and none was predicted."
        judged = f"; of {n} ratios this is the furthest from 1" if n > 1 else ""
        return (
            f"{happened}, {figure(worst.value)} times what was predicted "
            f"(between {figure(worst.lo)} and {figure(worst.hi)}){judged}."
        )


def _ratio(key: tuple[str, ...], observed: float, predicted: float, confidence: float) -> Ratio:
    bounds = poisson(observed, confidence)
    if predicted == 0 or observed / 1e12 > predicted:  # nothing that could be divided by
        return Ratio(key, math.inf, math.inf, math.inf, observed)
    lo, hi = (bound / predicted for bound in bounds)
    return Ratio(key, observed / predicted, lo, hi, observed)
