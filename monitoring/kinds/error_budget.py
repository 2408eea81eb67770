"""An error budget of which too little is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import ClassVar

from monitoring.kinds.base import BadParameter, Status, Verdict, figure, parameter, span
from monitoring.kinds.promised import Promised, impossible, silence
from monitoring.slo.budget import Budget, budget
from monitoring.slo.definition import START, Selector
from monitoring.slo.exact import SPAN, BadSlo, end_of, ratio, whole_minute
from monitoring.slo.exact import span as minutes_in
from monitoring.slo.indicator import Measured, Occurrences, settled
from monitoring.slo.ledger import Ledger
from monitoring.slo.windows import Calendar, Rolling, Window


class ErrorBudget(Promised):
    """Less than a share of a window's budget is left.

    It sees a budget go that trickles away too slowly for any burn rate. How it is computed:
    `monitoring.slo.budget`.
    """

    name: ClassVar[str] = "error_budget"
    summary: ClassVar[str] = "Too little is left of the error budget of an objective's window."

    period: str = parameter("Window of the objective, such as 30d, or 1M by the calendar.", "30d")
    begins: str = parameter("First local time of a window by the calendar; empty if it rolls.", "")
    zone: str = parameter("Time zone of a window by the calendar.", "UTC")
    every: str = parameter("How often counts come.", "1m")
    below: float = parameter("Share of the budget that has to be left.", 0.25, minimum=0, maximum=1)
    clear_after: int = parameter(
        "Minutes with enough left that close a breach.", 15, unit="min", minimum=1, maximum=1_440
    )
    min_events: int = parameter(
        "Events in the window before anything is said.", 100, minimum=1, maximum=10_000
    )
    stale_after: float = parameter(
        "Time without counts after which nothing is known.", 300.0, unit="s", minimum=60
    )

    def check(self) -> None:
        """Refuses what cannot be read, and what would breach for ever or never."""
        super().check()
        if self.below >= 1:
            raise BadParameter("below", "must be less than 1: a single bad event would breach it")
        try:
            self.share(), self.window(), self.indicator(), self.source(Selector("total", {}))
        except BadSlo as fault:
            raise _as_parameter(fault) from None

    def window(self) -> Window:
        """The window whose budget it is."""
        minutes = minutes_in(self.period, "period")
        if not self.begins:
            return Rolling(minutes)
        try:
            # Local by definition: the zone stands beside it.
            begin = datetime.strptime(self.begins, START)  # noqa: DTZ007
        except ValueError:
            raise BadSlo("begins", "must be a local time such as 2026-01-01 00:00:00") from None
        found = SPAN.fullmatch(self.period)
        assert found is not None  # `minutes_in` read it
        return Calendar(int(found[1]), found[2], begin, self.zone)

    def indicator(self) -> Occurrences:
        """What the counts become."""
        return Occurrences(minutes_in(self.every, "every"))

    @property
    def lookback(self) -> timedelta:
        """The whole window: the longest that a calendar one gets is some days more than nominal."""
        longest = self.window().nominal + (0 if not self.begins else 8 * 1_440)
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
        verdicts: list[Verdict] = []
        low = -1 if not due else self._last_low(ledger, due[0])
        for minute in due:
            if minute in wrong:
                verdicts.append(impossible(minute, counts[minute]))
                continue
            if self.begins and low <= self.window().at(minute).start:
                low = -1  # a new window owes nothing to the one before
            low = minute if self._is_low(ledger, minute) else low
            status: Status = "breached" if minute - low < self.clear_after else "ok"
            # Looking ahead is dear, and only what is told last or begins something is read.
            told = minute == due[-1] or not verdicts or verdicts[-1].status != status
            verdicts.append(self._verdict(ledger, minute, status, forecast=told))
        verdicts += silence(end_of(max(counts)), until, self.stale_after, self.indicator().reach)
        return end_of(due[-1]) if due else judged, verdicts

    def _last_low(self, ledger: Ledger, minute: int) -> int:
        """The last minute before this one, of those that a breach needs to clear, with too little
        left; -1 without one."""
        before = range(minute - 1, minute - self.clear_after, -1)
        window = self.window().at(minute).start if self.begins else minute - self.clear_after
        return next((m for m in before if m > window and self._is_low(ledger, m)), -1)

    def _is_low(self, ledger: Ledger, minute: int) -> bool:
        found = self._left(ledger, minute)
        return found is not None and found.remaining < self.limit()

    def limit(self) -> Fraction:
        """The share that has to be left, exactly as it was written."""
        return ratio(self.below, "below")

    def _left(self, ledger: Ledger, minute: int, forecast: bool = False) -> Budget | None:
        found = budget(ledger, self.window(), minute, forecast=forecast)
        return found if found and found.seen.events.total >= self.min_events else None

    def _verdict(self, ledger: Ledger, minute: int, status: Status, forecast: bool) -> Verdict:
        found = self._left(ledger, minute, forecast)
        if found is None:
            sentence = f"Fewer than {self.min_events:,} events were counted in this window."
            return Verdict("no_data", end_of(minute), sentence)
        limit = self.limit()
        return Verdict(
            status,
            end_of(minute),
            self._sentence(found, limit),
            value=float(found.remaining),
            lo=float(limit),
            score=float(found.burn) if found.burn is not None else None,
            n=found.seen.events.total,
        )

    def _sentence(self, found: Budget, limit: Fraction) -> str:
        bad, total = found.seen.events.bad, found.seen.events.total
        left = figure(100 * float(found.remaining))
        which = f"of {self.period}" if not self.begins else f"of this window of {self.period}"
        wanted = f"at least {figure(100 * float(limit))} % has to be"
        said = (
            f"{left} % of the error budget {which} is left, {wanted}: {bad:,} of {total:,} were bad"
        )
        if found.remaining < 0:
            over = figure(100 * float(found.spent - 1))
            said = (
                f"The error budget {which} is overspent by {over} %: {bad:,} of {total:,} were bad"
            )
        elif found.exhaustion is not None:
            gone = span(60 * (found.exhaustion - found.minute))
            said += f"; at the rate of the last 24 h it is gone in {gone}"
        return f"{said}."


def _as_parameter(fault: BadSlo) -> BadParameter:
    """The fault, told of the parameter that it came from."""
    name = {"window.duration": "period", "window.start": "begins"}.get(fault.field, fault.field)
    return BadParameter(name.rpartition(".")[2], fault.message)
