"""Whether features have in serving the values that training would compute for the same example.

Both series of a feature have the time of the example, so values at the same time are a pair. A
pair matches when its values are equal to within `tolerance`. Of pairs that do not match the usual
causes are looked for: another unit (one factor), another zero (one difference), rounding, a value
missing on one side. Beside that, two series may tell which version of the features either side has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.kinds.base import BadParameter, State, figure, parameter
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
from monitoring.kinds.intervals import wilson
from monitoring.slo.definition import Selector

TRAINING = "training"
VERSIONS = ("training_version", "serving_version")
# Of pairs that do not match so many must agree about a cause, and so closely.
AGREEING, ALIKE, FEWEST = 0.95, 1e-3, 5
UNITS = {
    60.0: "minutes for hours or seconds for minutes",
    100.0: "per cent for shares",
    1000.0: "milli-units for units",
    1024.0: "bytes for kibibytes",
    3600.0: "seconds for hours",
    1e6: "micro-units for units",
}


class Match(NamedTuple):
    """How often the pairs of a feature match; `rate` lies between `lo` and `hi`."""

    feature: str
    rate: float
    lo: float
    hi: float
    n: int
    cause: str


class TrainingServingSkew(Framed):
    """The share of exact matches of each feature, and what explains those that are none."""

    name: ClassVar[str] = "training_serving_skew"
    summary: ClassVar[str] = "Features have other values in serving than in training."
    urgency: ClassVar[str] = "concern"

    training: str = parameter("Series of the values in training, by the same label.")
    label: str = parameter("Label that names the feature.", "feature")
    tolerance: float = parameter(
        "Relative distance up to which values are equal.", 1e-6, minimum=0, maximum=1
    )
    min_match: float = parameter(
        "Least share of pairs that must match.", 0.99, minimum=0, maximum=1
    )
    min_pairs: int = parameter("Least pairs that a feature is judged by.", 100, minimum=1)
    training_version: str = parameter("Series of the version of features in training.", "")
    serving_version: str = parameter("Series of the version of features in serving.", "")
    window: str = parameter("Length of the window.", "1h")
    confidence: float = parameter(
        "Confidence of all intervals together.", 0.999, minimum=0.5, maximum=0.999999
    )

    def check(self) -> None:
        """Refuses one version without the other, and series that cannot be read."""
        super().check()
        duration(self.window, "window")
        selected(self.training, "training")
        for role, other in (VERSIONS, VERSIONS[::-1]):
            if getattr(self, role):
                selected(getattr(self, role), role)
                if not getattr(self, other):
                    raise BadParameter(other, f"must be given with `{role}`")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Values by feature in serving (the own series) and training, and the versions."""
        by = (self.label,)
        versions = {
            role: selected(getattr(self, role), role) for role in VERSIONS if getattr(self, role)
        }
        return {
            OWN: Wanted(own.series, own.labels, by),
            TRAINING: selected(self.training, "training", by),
            **versions,
        }

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Compares versions, then the pairs of each feature."""
        versions = self._versions(frame)
        training = {track.key[0]: track for track in frame.get(TRAINING, ())}
        pairs = [
            (track.key[0], *_paired(training[track.key[0]], track))
            for track in frame.get(OWN, ())
            if track.key[0] in training
        ]
        enough = [pair for pair in pairs if len(pair[1]) >= self.min_pairs]
        if not enough:
            most = max((len(pair[1]) for pair in pairs), default=0)
            few = f"No feature has {self.min_pairs} pairs in training and serving; the most is {most}."
            return Finding(True if versions else None, f"{versions}{few}", n=most)
        confidence = 1 - (1 - self.confidence) / len(enough)
        found = [self._match(*pair, confidence) for pair in enough]
        bad = sorted((each for each in found if each.hi < self.min_match), key=lambda m: m.rate)
        worst = bad[0] if bad else min(found, key=lambda m: m.rate)
        return Finding(
            bool(bad or versions),
            f"{versions}{self._sentence(worst, len(bad), len(found))}",
            value=worst.rate,
            expected=1.0,
            lo=self.min_match,
            n=worst.n,
        )

    def _versions(self, frame: Frame) -> str:
        latest = [
            float(track.finite().values[-1])
            for role in VERSIONS
            for track in frame.get(role, ())[:1]
            if track.finite().values.size
        ]
        if len(latest) < 2 or latest[0] == latest[1]:
            return ""
        return (
            f"Serving has version {figure(latest[1])} of the features, "
            f"training version {figure(latest[0])}. "
        )

    def _match(self, feature: str, training: Numbers, serving: Numbers, confidence: float) -> Match:
        equal = np.isclose(serving, training, rtol=self.tolerance, atol=1e-12, equal_nan=True)
        hits, n = int(equal.sum()), len(equal)
        cause = cause_of(training[~equal], serving[~equal], self.tolerance)
        return Match(feature, hits / n, *wilson(hits, n, confidence), n, cause)

    def _sentence(self, worst: Match, bad: int, n: int) -> str:
        others = f" (bad are {bad} of {n} features)" if bad > 1 else ""
        cause = f": {worst.cause}" if bad and worst.cause else ""
        return (
            f"{figure(100 * worst.rate)} % of {worst.n:,} values of {worst.feature} are in serving "
            f"what they are in training{others}{cause}."
        )


def _paired(training: Track, serving: Track) -> tuple[Numbers, Numbers]:
    """The values of both at the times that they share."""
    _, first, second = np.intersect1d(training.times, serving.times, return_indices=True)
    return training.values[first], serving.values[second]


def cause_of(training: Numbers, serving: Numbers, tolerance: float) -> str:
    """What explains pairs that do not match, or nothing. Shapes (n,) both."""
    if len(training) < FEWEST:
        return ""
    lost, gained = np.isnan(serving) & ~np.isnan(training), np.isnan(training) & ~np.isnan(serving)
    for missing, side in ((lost, "serving"), (gained, "training")):
        if missing.mean() >= AGREEING:
            return f"they are missing in {side}"
    good = np.isfinite(training) & np.isfinite(serving)
    if good.mean() < AGREEING:
        return ""
    was, now = training[good], serving[good]
    with np.errstate(all="ignore"):
        return _factor(was, now) or _rounding(was, now, tolerance) or _difference(was, now)


def _agree(is_alike: NDArray[np.bool_]) -> bool:
    return bool(is_alike.mean() >= AGREEING)


def _factor(was: Numbers, now: Numbers) -> str:
    """One factor for values that are not all the same."""
    ratio = now / np.where(was == 0, np.nan, was)
    if np.isnan(ratio).mean() > 1 - AGREEING:
        return ""
    factor = float(np.nanmedian(ratio))
    if not np.isfinite(factor) or factor == 0 or abs(factor - 1) < ALIKE:
        return ""
    if np.ptp(was) == 0 or not _agree(np.abs(ratio / factor - 1) < ALIKE):
        return ""
    larger = max(factor, 1 / factor)
    unit = next((name for size, name in UNITS.items() if abs(larger / size - 1) < ALIKE), "")
    way = "serving" if factor == larger else "training"
    told = f", as {unit} in {way} would be" if unit else ""
    return f"serving is {figure(factor)} times training{told}"


def _rounding(was: Numbers, now: Numbers, tolerance: float) -> str:
    """Serving has fewer decimals than training, or training fewer than serving."""
    for coarse, fine, side in ((now, was, "serving"), (was, now, "training")):
        for digits in range(7):
            step = 10.0**-digits
            near = np.abs(coarse - fine) <= step * (1 + tolerance)
            whole = np.abs(coarse / step - np.round(coarse / step)) <= 1e-6
            if _agree(near & whole) and not _agree(
                np.abs(fine / step - np.round(fine / step)) <= 1e-6
            ):
                return f"{side} is rounded to {figure(step)}"
    return ""


def _difference(was: Numbers, now: Numbers) -> str:
    gap = now - was
    middle = float(np.median(gap))
    if not np.isfinite(middle) or middle == 0 or np.ptp(was) == 0:
        return ""
    if not _agree(np.abs(gap / middle - 1) < ALIKE):
        return ""
    return f"serving is {figure(abs(middle))} {'more' if middle > 0 else 'less'} than training"
