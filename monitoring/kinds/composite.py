"""Several monitors together: all of them, any of them, or some number of them.

Each is a series of steps: 1 while it is breached, 0 while it is fine, no number while it has no
data. What is not known is decided by what is: one breach is enough for `any`, whatever the others
would say, and where the unknown ones could tip the balance nothing is said at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from monitoring.kinds.base import BadParameter, State, parameter
from monitoring.kinds.framed import Finding, Frame, Framed, Wanted, duration, names_in
from monitoring.slo.definition import Selector

MONITORS = "monitors"


class Composite(Framed):
    """Breached while enough of the named monitors are."""

    name: ClassVar[str] = "composite"
    summary: ClassVar[str] = "Several other monitors are breached at once."

    monitors: str = parameter("Ids of the monitors, separated by commas.")
    rule: str = parameter(
        "How many of them must be breached.", "all", choices=("all", "any", "at_least")
    )
    at_least: int = parameter("So many, for the rule at_least.", 2, minimum=1, maximum=100)
    window: str = parameter("How old what a monitor last said may be.", "1d")
    every: str = parameter("How often it looks.", "1m")
    needed: int = parameter("Bad looks that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 1, minimum=1, maximum=100)
    clear_after: int = parameter(
        "Good looks in a row that close a breach.", 1, minimum=1, maximum=10_000
    )

    def check(self) -> None:
        """Refuses a monitor that is named twice, fewer than two, and more breaches than monitors."""
        super().check()
        duration(self.window, "window")
        ids = names_in(self.monitors)
        if not 2 <= len(ids) <= 100 or len(set(ids)) < len(ids):
            raise BadParameter("monitors", "must be 2 to 100 ids, each once")
        if self.rule == "at_least" and self.at_least > len(ids):
            raise BadParameter("at_least", "must not be more than there are monitors")

    @property
    def lookback(self) -> timedelta:
        """How far back a monitor's last step is looked for."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The steps of the monitors, by id, which are no series of measurements.

        The own series is not judged: its points tell how far event time has come.
        """
        ids = dict.fromkeys(names_in(self.monitors), "")
        return {**super().wanted(own), MONITORS: Wanted("", ids, ("monitor",))}

    @property
    def least(self) -> int:
        """Breached monitors that are enough."""
        count = len(names_in(self.monitors))
        return {"all": count, "any": 1, "at_least": self.at_least}[self.rule]

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Counts those that are breached, and those that may be."""
        ids = names_in(self.monitors)
        tracks = frame.get(MONITORS, ())
        last = {each.key[0]: float(each.values[-1]) for each in tracks if each.values.size}
        steps = [last.get(id, math.nan) for id in ids]
        unknown = sum(not math.isfinite(step) for step in steps)
        breached = sum(math.isfinite(step) and step > 0 for step in steps)
        exceeds = breached >= self.least
        told = f"{breached} of {len(ids)} monitors breached, {self.least} needed"
        if not exceeds and breached + unknown >= self.least:
            return Finding(None, f"{told}, {unknown} without data.", n=len(ids) - unknown)
        return Finding(
            exceeds, f"{told}.", value=float(breached), hi=self.least - 1.0, n=len(ids) - unknown
        )
