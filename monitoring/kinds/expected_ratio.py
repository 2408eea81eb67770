"""Whether a part is the share of its whole that it should be, such as a sample of 30 %.

The whole exact interval of the share (Clopper and Pearson, 1934) has to lie outside of what is
tolerated: neither chance nor a departure too small to matter opens a breach. Events of one user
come together and vary more than that; count users where the share is one of users.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from monitoring.kinds.base import State, figure, parameter
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
from monitoring.kinds.intervals import clopper_pearson, counted, is_count, only_numbers
from monitoring.slo.definition import Selector

WHOLE = "whole"


class ExpectedRatio(Framed):
    """A count as a share of another one, with an exact interval, overall or slice by slice."""

    name: ClassVar[str] = "expected_ratio"
    summary: ClassVar[str] = "A part is not the share of its whole that it should be."

    whole: str = parameter("Series of the counts that the own one is a part of.")
    share: float = parameter("Share that is expected.", minimum=0, maximum=1)
    tolerance: float = parameter("Distance from it that is tolerated.", 0.02, minimum=0, maximum=1)
    by: str = parameter("Labels that tell slices apart, separated by commas.", "")
    counter: bool = parameter("Whether both are running totals rather than counts.", False)
    min_count: float = parameter("Least size of a whole that is judged.", 100.0, minimum=1)
    confidence: float = parameter(
        "Confidence of all intervals together.", 0.999, minimum=0.5, maximum=0.999999
    )
    window: str = parameter("Length of the window.", "1h")

    def check(self) -> None:
        """Refuses a series and a span that cannot be read."""
        super().check()
        selected(self.whole, "whole")
        duration(self.window, "window")

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Part and whole by slice."""
        by = names_in(self.by)
        return {OWN: Wanted(own.series, own.labels, by), WHOLE: selected(self.whole, "whole", by)}

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The slice whose share is certainly furthest out."""
        if not only_numbers(frame):
            return Finding(None, "Some counts are no numbers.", error=True)
        parts, wholes = (
            {
                track.key: counted(track.increments() if self.counter else track)
                for track in frame.get(role, ())
                if track.values.size
            }
            for role in (OWN, WHOLE)
        )
        if not is_count(*parts.values(), *wholes.values()) or any(
            count > wholes.get(key, 0.0) for key, count in parts.items()
        ):
            sentence = "A part is larger than its whole, or a count is negative."
            return Finding(None, sentence, error=True)
        enough = {key: of for key, of in wholes.items() if of >= self.min_count}
        if not enough:
            largest = max(wholes.values(), default=0.0)
            said = f"{figure(largest)} are too few of the {figure(self.min_count)} that are needed."
            return Finding(None, said, n=int(largest))
        confidence = 1 - (1 - self.confidence) / len(enough)
        low, high = self.share - self.tolerance, self.share + self.tolerance
        found = []
        for key, of in enough.items():
            interval = clopper_pearson(parts.get(key, 0.0), of, confidence)
            found.append((max(interval.lo - high, low - interval.hi), key, interval))
        beyond, key, (lo, hi) = max(found, key=lambda each: each[0])
        part, of = parts.get(key, 0.0), wholes[key]
        where = f"{', '.join(key)}: " if key else ""
        sentence = (
            f"{where}{figure(part)} of {figure(of)} are {figure(100 * part / of)} % (between"
            f" {figure(100 * lo)} and {figure(100 * hi)} %), and {figure(100 * self.share)} %"
            f" ± {figure(100 * self.tolerance)} % are expected."
        )
        return Finding(
            beyond > 0, sentence, part / of, self.share, low, high, score=beyond, n=int(of)
        )
