"""What kinds of monitor share that count an objective's good and bad events, minute by minute."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from monitoring.kinds.base import BadParameter, Counting, Verdict, figure, parameter, span
from monitoring.slo.definition import OPERATORS, Bound, Ratio, Selector, Source
from monitoring.slo.exact import end_of, ratio
from monitoring.slo.ledger import target_of
from monitoring.slo.selectors import parse


class Promised(Counting):
    """A share of good events is promised.

    The monitor's own series holds all events (or, with `bound`, the values that are compared with
    it); `good` or `bad` names the series of those that were, whose points belong to it by their
    time.
    """

    target: str = parameter("Share of good events that is promised, such as 0.999.")
    good: str | None = parameter('Series of good events, such as ok{service="web"}.', None)
    bad: str | None = parameter("Series of bad events, instead of good ones.", None)
    counter: bool = parameter(
        "Values are running totals, not counts since the point before.", False
    )
    op: str = parameter("Which values are good, with `bound`.", "lt", choices=OPERATORS)
    bound: float | None = parameter("Bound of single values, instead of a second series.", None)

    def check(self) -> None:
        """Refuses none or several ways to say which events were good."""
        given = [name for name in ("good", "bad", "bound") if getattr(self, name) is not None]
        if len(given) != 1:
            raise BadParameter("good", "is required, or bad, or bound, and only one of them")

    def share(self) -> Fraction:
        """The target, exactly."""
        return target_of(self.target)

    def source(self, own: Selector) -> Source:
        """The two series, or the one with its bound."""
        if self.bound is not None:
            return Bound(own, self.op, ratio(self.bound, "bound"))
        part = self.good if self.good is not None else self.bad
        selected = parse(part or "", "bad" if self.good is None else "good")
        return Ratio(selected, own, self.good is None, self.counter)


def silence(
    last: datetime | None, until: datetime, stale_after: float, reach: int
) -> list[Verdict]:
    """What is said when nothing was counted for too long; `reach` is the minutes of one count."""
    if last is None:
        return [Verdict("no_data", until, "No counts have arrived yet.")]
    # Counts that come rarely are missed only after a few of them.
    longest = max(stale_after, 180 * reach)
    if (until - last).total_seconds() <= longest:
        return []
    limit = f"{span(longest)} is the limit"
    return [Verdict("no_data", until, f"No counts for {span(until - last)}; {limit}.")]


def impossible(minute: int, measured: tuple[float, float]) -> Verdict:
    """The verdict on more good or bad events than there were, or fewer than none."""
    part, total = measured
    sentence = f"{figure(part)} of {figure(total)} events cannot be: the counting is wrong."
    return Verdict("error", end_of(minute), sentence)
