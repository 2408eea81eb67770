"""A thing was changed on which others depend.

A change is no fault, and so nothing is judged but that it was made: whoever owns what depends on the
thing is told at once, and what is known of it is watched more closely for a while. The breach lasts as
long as that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from monitoring.kinds.base import BadParameter, State, parameter
from monitoring.kinds.framed import Finding, Frame, Framed, Wanted, duration, names_in
from monitoring.slo.definition import Selector

CHANGES = "changes"


class ChangeHook(Framed):
    """Breached while a change to the named thing is new."""

    name: ClassVar[str] = "change_hook"
    summary: ClassVar[str] = "Something was changed on which others depend."

    entity: str = parameter("Ref of what is watched, such as dataset:clicks or flag:ranker.")
    families: str = parameter(
        "Sorts of change that count, such as schema, deployment, separated by commas; empty for all.",
        "",
    )
    routine: bool = parameter("Changes count as well that alter nothing that is served.", False)
    watch: str = parameter("How long what depends on it is watched closely after a change.", "6h")
    every: str = parameter("How often it looks.", "1m")
    needed: int = parameter("Bad looks that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 1, minimum=1, maximum=100)
    clear_after: int = parameter(
        "Good looks in a row that close a breach.", 1, minimum=1, maximum=10_000
    )

    def check(self) -> None:
        """Refuses what is no ref and a time of watching that cannot be read or never ends."""
        super().check()
        kind, colon, name = self.entity.partition(":")
        if not (kind and colon and name) or self.entity != self.entity.strip():
            raise BadParameter("entity", "must be a ref such as dataset:clicks")
        if not self.tick <= self.lookback <= timedelta(days=7):
            raise BadParameter("watch", "must be from `every` to 7d")

    @property
    def lookback(self) -> timedelta:
        """The time of watching."""
        return duration(self.watch, "watch")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The changes. The own series is not judged; it is one of those that may suffer."""
        return {**super().wanted(own), CHANGES: Wanted("", {}, changes=self.entity)}

    def counts(self, family: str, routine: bool) -> bool:
        """Whether a change of this sort is one to tell of."""
        chosen = names_in(self.families)
        return (self.routine or not routine) and (not chosen or family in chosen)

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """The changes that are new; tracks are by what was done, its family, and "routine"."""
        made = [
            (float(time), track.key[0])
            for track in frame.get(CHANGES, ())
            if self.counts(track.key[1], track.key[2] == "routine")
            for time, value in zip(track.times, track.values, strict=True)
            if value > 0
        ]
        if not made:
            return Finding(False, f"Nobody changed {self.entity} in {self.watch}.", 0.0, hi=0.0)
        latest, sentence = max(made)
        when = datetime.fromtimestamp(latest, UTC)
        more = f" It was the latest of {len(made)} changes in {self.watch}." if made[1:] else ""
        told = f"{self.entity} was changed at {when:%Y-%m-%d %H:%M} UTC: {sentence}.{more}"
        return Finding(True, told, float(len(made)), hi=0.0, n=len(made))
