"""A distribution that is learnt once, then kept: what later ones are compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from monitoring.kinds.base import State, figure, span
from monitoring.kinds.framed import Track
from monitoring.kinds.intervals import counted, summed

Counts = dict[str, float]


def tally(tracks: Iterable[Track], place: int = 0) -> Counts:
    """Counts by one of the labels of the tracks, the others summed."""
    found: dict[str, list[float]] = {}
    for track in tracks:
        if track.finite().values.size:
            found.setdefault(track.key[place], []).append(counted(track))
    return {key: summed(found[key]) for key in sorted(found)}


@dataclass(slots=True)
class Reference:
    """Counts by bucket, when they were taken (seconds since 1970), and whether they are kept."""

    counts: Counts = field(default_factory=dict)
    since: float | None = None
    until: float | None = None
    frozen: bool = False

    @classmethod
    def load(cls, memory: State) -> Self:
        """Takes the memory of `dump` back."""
        kept = memory.get("reference") or {}
        return cls(
            dict(kept.get("counts", {})),
            kept.get("since"),
            kept.get("until"),
            kept.get("frozen", False),
        )

    def dump(self) -> State:
        """JSON-safe memory."""
        kept = {"counts": self.counts, "since": self.since, "until": self.until}
        return {"reference": {**kept, "frozen": self.frozen}}

    @property
    def total(self) -> float:
        """Number of observations."""
        return summed(list(self.counts.values()))

    def learn(
        self,
        tracks: Iterable[Track],
        at: datetime,
        window: timedelta,
        length: timedelta,
        least: float,
        place: int = 0,
    ) -> None:
        """Adds what is new since the last look; kept when long and large enough."""
        now = at.timestamp()
        after = now - window.total_seconds() if self.until is None else self.until
        self.since = after if self.since is None else self.since
        for key, count in tally((each.within(after, now) for each in tracks), place).items():
            self.counts[key] = self.counts.get(key, 0.0) + count
        self.until = now
        self.frozen = now - self.since >= length.total_seconds() and self.total >= least

    def learning(self, length: timedelta, least: float) -> str:
        """How far it is, in a sentence."""
        past = (self.until or 0) - (self.since or 0)
        return (
            f"Learning what is usual: {figure(self.total)} of at least {figure(least)} "
            f"observations, {span(past)} of {span(length)}."
        )

    def told(self) -> str:
        """Where it comes from, for the end of a sentence."""
        begin, end = (
            datetime.fromtimestamp(moment or 0, UTC).strftime("%Y-%m-%d %H:%M")
            for moment in (self.since, self.until)
        )
        return f"{figure(self.total)} observations from {begin} to {end} UTC"
