"""An error budget that is spent too fast."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from monitoring.kinds.base import (
    BadParameter,
    Status,
    Verdict,
    figure,
    parameter,
    span,
)
from monitoring.kinds.promised import Promised, impossible, silence
from monitoring.slo.burn import Alert, Pair, Reading, check_pairs, evaluate
from monitoring.slo.definition import METHODS, Selector
from monitoring.slo.exact import (
    BadSlo,
    end_of,
    ratio,
    whole_minute,
)
from monitoring.slo.exact import span as minutes_in
from monitoring.slo.indicator import (
    Indicator,
    Measured,
    Occurrences,
    RatioTimeSlices,
    TimeSlices,
    settled,
)
from monitoring.slo.ledger import Ledger
from monitoring.slo.watching import read_pairs
from monitoring.slo.windows import Rolling


class BurnRate(Promised):
    """Both windows of a pair burn the budget faster than the pair allows.

    How it is computed: `monitoring.slo.burn`.
    """

    name: ClassVar[str] = "burn_rate"
    summary: ClassVar[str] = "An error budget is spent too fast, over a long and a short window."

    period: str = parameter("Window of the objective, such as 30d.", "30d")
    method: str = parameter(
        "What is counted: events, or slices of time.", METHODS[0], choices=METHODS
    )
    every: str = parameter("How often counts come, for events.", "1m")
    slice: str = parameter("Length of one slice.", "1m")
    slice_target: str = parameter("Share of good events that makes a slice good.", "0.95")
    idle_is_good: bool = parameter(
        "A slice without events counts as good, not at all if not.", False
    )
    alerts: str = parameter(
        "Share of the budget, long and short window of each pair.", "2% in 1h/5m, 5% in 6h/30m"
    )
    min_coverage: float = parameter(
        "Share of a long window that must have counts.", 0.0, minimum=0, maximum=1
    )
    min_events: int = parameter(
        "Events in a long window that suffice; fewer must be sure.", 100, minimum=0, maximum=10_000
    )
    min_bad: int = parameter(
        "Bad events in a long window that suffice; fewer must be sure.",
        3,
        minimum=0,
        maximum=10_000,
    )
    clear_after: int = parameter(
        "Minutes without an alert that close a breach.", 1, unit="min", minimum=1, maximum=1_440
    )
    stale_after: float = parameter(
        "Time without counts after which nothing is known.", 300.0, unit="s", minimum=60
    )

    def check(self) -> None:
        """Refuses what cannot be read, and what can never fire."""
        super().check()
        try:
            check_pairs(self.pairs(), self.share(), self.window(), self.indicator())
            self.source(Selector("total", {}))
        except BadSlo as fault:
            raise _as_parameter(fault) from None

    def window(self) -> Rolling:
        """The window that burn rates refer to."""
        return Rolling(minutes_in(self.period, "period"))

    def indicator(self) -> Indicator:
        """What the counts become."""
        if self.method == "occurrences":
            return Occurrences(minutes_in(self.every, "every"))
        width = minutes_in(self.slice, "slice")
        if self.method == "ratio_time_slices":
            return RatioTimeSlices(width, self.idle_is_good)
        return TimeSlices(width, ratio(self.slice_target, "slice_target"), self.idle_is_good)

    def pairs(self) -> tuple[Pair, ...]:
        """The windows that are watched."""
        terms = {name: getattr(self, name) for name in ("min_coverage", "min_events", "min_bad")}
        return read_pairs(self.alerts, terms, "alerts")

    @property
    def lookback(self) -> timedelta:
        """The longest window, a slice that reaches into it, and what a breach needs to clear."""
        longest = max(pair.long for pair in self.pairs())
        return timedelta(minutes=longest + self.indicator().reach + self.clear_after)

    def review(
        self, counts: Measured, judged: datetime | None, until: datetime
    ) -> tuple[datetime | None, list[Verdict]]:
        """Judges every minute in which something is known, and the silence after the last."""
        if not counts:
            return judged, silence(judged, until, self.stale_after, self.indicator().reach)
        events, wrong = settled(counts, is_bad=self.bad is not None)
        ledger = Ledger(self.indicator(), [(0, self.share())], events)
        after = whole_minute(judged) if judged else min(counts) - 1
        due = [minute for minute in sorted(counts) if after < minute <= whole_minute(until)]
        verdicts = [
            impossible(minute, counts[minute]) if minute in wrong else self._verdict(ledger, minute)
            for minute in due
        ]
        verdicts += silence(end_of(max(counts)), until, self.stale_after, self.indicator().reach)
        return end_of(due[-1]) if due else judged, verdicts

    def _verdict(self, ledger: Ledger, minute: int) -> Verdict:
        """What the pairs say, and said within the minutes that a breach needs to clear."""
        alert = self._alert(ledger, minute)
        if alert.status == "firing":
            return self._said("breached", alert, alert.firing[0])
        for quiet in range(1, self.clear_after):
            before = self._alert(ledger, minute - quiet)
            if before.status == "firing":
                return self._said("breached", alert, alert.readings[0], quiet)
        held = [reading for reading in alert.readings if reading.state == "held"]
        if held:
            return self._said("pending", alert, held[0])
        fastest = max(alert.readings, key=lambda reading: reading.long.burn or 0)
        return self._said("no_data" if alert.status == "unknown" else "ok", alert, fastest)

    def _alert(self, ledger: Ledger, minute: int) -> Alert:
        return evaluate(ledger, self.pairs(), self.window().minutes, minute)

    def _said(self, status: Status, alert: Alert, reading: Reading, quiet: int = 0) -> Verdict:
        error, burn = reading.long.error, reading.long.burn
        return Verdict(
            status,
            end_of(alert.minute),
            self._sentence(status, reading, quiet),
            value=float(error) if error is not None else None,
            hi=float(reading.factor * (1 - self.share())),
            score=float(burn) if burn is not None else None,
            n=reading.long.events.total,
        )

    def _sentence(self, status: Status, reading: Reading, quiet: int) -> str:
        long, short = (span(60 * sum_.width) for sum_ in (reading.long, reading.short))
        share = f"{figure(100 * float(reading.pair.fraction))} % of the budget of {self.period}"
        limit = f"{figure(float(reading.factor))} times would spend {share} in {long}."
        if reading.short.covered == 0 or status == "no_data":
            known = 100 * reading.long.covered / reading.long.width
            return f"Too few counts to say: {figure(known)} % of the last {long} are known."
        if reading.long.burn is None or reading.short.burn is None:
            return f"Nothing happened: no events over {long if not reading.long.total else short}."
        rates = [figure(float(rate)) for rate in (reading.long.burn, reading.short.burn)]
        burns = f"The error budget burns {rates[0]} times as fast as allowed"
        both = f"{rates[0]} over {long}, {rates[1]} over {short}"
        if quiet:
            return f"No alert for {quiet} of {self.clear_after} minutes: {both}; {limit}"
        if status == "pending":
            bad, total = reading.long.events.bad, reading.long.events.total
            return (
                f"{burns}, with too few events to be sure: {bad:,} of {total:,} were bad; {limit}"
            )
        return f"{burns}: {both}; {limit}"


def _as_parameter(fault: BadSlo) -> BadParameter:
    """The fault, told of the parameter that it came from."""
    first, _, rest = fault.field.partition(".")
    name = {"window": "period", "indicator": rest}.get(first, first)
    return BadParameter(name, fault.message)
