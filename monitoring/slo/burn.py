"""Alerts on how fast an error budget burns: several pairs of a long and a short window.

After *The Site Reliability Workbook* (Beyer et al., 2018), chapter 5, "Multiwindow,
Multi-Burn-Rate Alerts". A pair stores the share of the budget whose loss it stands for; the burn
rate that loses this share within the long window follows from the objective's own window, so that
28 days get 13.44 where 30 days get 14.4. A pair fires while both windows burn faster than that:
the long one shows that it matters, the short one that it still goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Literal

from monitoring.slo.exact import DAY, BadSlo, plain, spelled
from monitoring.slo.indicator import Counts, Indicator, TimeSlices
from monitoring.slo.ledger import Ledger, Sum
from monitoring.slo.windows import Window

State = Literal["firing", "held", "quiet", "unknown"]
Status = Literal["firing", "quiet", "unknown"]
# Worst first: what fires for more hides what fires for less.
URGENCIES = ("page", "concern", "notify", "record")
MAX_GUARD = 10_000
MONTH = 30 * DAY
CONFIDENCE = Decimal("0.95")


@dataclass(frozen=True, slots=True)
class Guard:
    """How much traffic a pair must have seen in its long window before it may fire.

    Enough is `min_events` events of which `min_bad` were bad; fewer are enough if with 95 %
    confidence (one-sided, Clopper and Pearson 1934) the true share is above the bound all the same.
    A single bad one never is: it would be sure of itself where it is the only event. Both 0
    switches the guard off.
    """

    min_events: int = 100
    min_bad: int = 3

    def is_enough(self, events: Counts) -> bool:
        """Whether there are as many events, and bad ones, as are asked for."""
        return events.total >= self.min_events and events.bad >= self.min_bad


@dataclass(frozen=True, slots=True)
class Pair:
    """Fires while `long` and `short` minutes both lose `fraction` of the budget in `long` minutes.

    `min_coverage` is the share of the long window that must have counts before anything is said.
    """

    name: str
    urgency: str
    fraction: Fraction
    long: int
    short: int
    min_coverage: Fraction = Fraction(0)
    guard: Guard = field(default_factory=Guard)

    def factor(self, period: int) -> Fraction:
        """The burn rate that spends `fraction` of the budget of `period` minutes in `long`."""
        return self.fraction * period / self.long


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pair says about one minute.

    ``firing``; ``held``, burning but with too little traffic to be sure; ``quiet``; ``unknown``,
    because counts are missing, which is not the same as good ones.
    """

    pair: Pair
    factor: Fraction
    state: State
    long: Sum
    short: Sum


@dataclass(frozen=True, slots=True)
class Alert:
    """What all pairs together say about one minute.

    `urgency` is that of the most urgent pair that fires, empty if none does. ``unknown`` means that
    no pair could say anything.
    """

    minute: int
    readings: tuple[Reading, ...]

    @property
    def firing(self) -> tuple[Reading, ...]:
        """The pairs that fire, the most urgent first."""
        found = [reading for reading in self.readings if reading.state == "firing"]
        return tuple(sorted(found, key=_rank))

    @property
    def urgency(self) -> str:
        """That of the most urgent pair that fires."""
        return self.firing[0].pair.urgency if self.firing else ""

    @property
    def status(self) -> Status:
        """The whole in one word."""
        if self.firing:
            return "firing"
        if all(reading.state == "unknown" for reading in self.readings):
            return "unknown"
        return "quiet"


def _rank(reading: Reading) -> tuple[int, Fraction]:
    return URGENCIES.index(reading.pair.urgency), -reading.factor


def evaluate(ledger: Ledger, pairs: Sequence[Pair], period: int, minute: int) -> Alert:
    """What the pairs say at the end of a minute, in a window of nominally `period` minutes."""
    return Alert(minute, tuple(_read(ledger, pair, period, minute) for pair in pairs))


def _read(ledger: Ledger, pair: Pair, period: int, minute: int) -> Reading:
    long = ledger.between(minute - pair.long, minute)
    short = ledger.between(minute - pair.short, minute)
    factor = pair.factor(period)
    return Reading(pair, factor, _state(ledger, pair, factor, long, short), long, short)


def _state(ledger: Ledger, pair: Pair, factor: Fraction, long: Sum, short: Sum) -> State:
    if short.covered == 0 or long.covered < pair.min_coverage * long.width:
        return "unknown"
    if not (burns(long, factor) and burns(short, factor)):
        return "quiet"
    if pair.guard.is_enough(long.events):
        return "firing"
    # Of time slices each is one trial; the events in them are held to another target.
    slices = isinstance(ledger.indicator, TimeSlices)
    bad, total = (long.bad, long.total) if slices else (long.events.bad, long.events.total)
    sure = bad > 1 and surely_above(bad, total, factor * long.allowed / long.total)
    return "firing" if sure else "held"


def burns(window: Sum, factor: Fraction) -> bool:
    """Whether the window burns faster than `factor`: strictly, and in whole numbers.

    At exactly the factor nothing fires: 1.44 % bad under a bound of 14.4 × 0.1 % spends the share
    just in time, and in floating point would fire or not by accident.
    """
    allowed = window.allowed
    spent = window.bad * allowed.denominator * factor.denominator
    return spent > factor.numerator * allowed.numerator


def surely_above(bad: int, total: int, bound: Fraction) -> bool:
    """Whether the lower Clopper-Pearson limit of bad/total is above `bound`.

    It is where as many bad ones, or more, would be seen less than one time in twenty if the true
    share were `bound`: a binomial tail, summed with 60 digits because powers of whole numbers grow
    without end.
    """
    if bad <= 0 or bound >= 1:
        return False
    with localcontext() as context:
        context.prec = 60
        p = Decimal(bound.numerator) / Decimal(bound.denominator)
        term = (1 - p) ** total
        fewer = term
        for count in range(1, bad):
            term = term * (total - count + 1) / count * p / (1 - p)
            fewer += term
        return fewer > CONFIDENCE


def standard(target: Fraction, window: Window, indicator: Indicator) -> tuple[Pair, ...]:
    """The workbook's four pairs, as far as this objective lets them fire.

    The short window is a twelfth of the long one, rounded up to whole slices. In a window much
    shorter than the month that they were made for they keep their factors, and stand for more of
    the budget: 2 % of two days in an hour would be a burn rate that is no trouble at all.
    """
    made = usual(window, indicator)
    return tuple(pair for pair in made if fault(pair, target, window, indicator) is None)


def usual(window: Window, indicator: Indicator) -> list[Pair]:
    """The workbook's four pairs, whether they can fire or not."""
    found = []
    share = Fraction(MONTH, window.nominal) if window.nominal < 28 * DAY else Fraction(1)
    for name, urgency, percent, long, coverage in (
        ("page_fast", "page", 2, 60, Fraction(0)),
        ("page_slow", "page", 5, 360, Fraction(0)),
        ("ticket_fast", "notify", 10, 1_440, Fraction(9, 10)),
        ("ticket_slow", "notify", 10, 4_320, Fraction(9, 10)),
    ):
        short = short_for(long, indicator)
        found.append(Pair(name, urgency, share * Fraction(percent, 100), long, short, coverage))
    return found


def short_for(long: int, indicator: Indicator) -> int:
    """A twelfth of a long window, in whole slices."""
    step = indicator.reach
    return -(-long // (12 * step)) * step


def check_pairs(
    pairs: Sequence[Pair], target: Fraction, window: Window, indicator: Indicator
) -> None:
    """Refuses pairs that can never fire, and ones that cannot be told apart. Raises `BadSlo`."""
    for place, pair in enumerate(pairs):
        found = fault(pair, target, window, indicator)
        if found is not None:
            raise BadSlo(f"alerts.{place}.{found.field}", found.message)
        if pair.name in {other.name for other in pairs[:place]}:
            raise BadSlo(f"alerts.{place}.name", f"{pair.name!r} is taken by another pair")


def fault(pair: Pair, target: Fraction, window: Window, indicator: Indicator) -> BadSlo | None:
    """Why a pair can never fire, or is malformed; None if there is nothing to say against it."""
    return _malformed(pair) or _unfit(pair, window, indicator) or _unreachable(pair, target, window)


def _malformed(pair: Pair) -> BadSlo | None:
    if not pair.name or len(pair.name) > 40 or not pair.name.isprintable():
        return BadSlo("name", "must be a printable text of 1 to 40 characters")
    if pair.urgency not in URGENCIES:
        return BadSlo("urgency", f"must be one of {', '.join(URGENCIES)}")
    if not 0 < pair.fraction <= 1:
        return BadSlo("fraction", "must be a share of the budget above 0 and at most 1")
    if not 0 <= pair.min_coverage <= 1:
        return BadSlo("min_coverage", "must be from 0 to 1: more than the whole is never covered")
    for name in ("min_events", "min_bad"):
        if not 0 <= getattr(pair.guard, name) <= MAX_GUARD:
            return BadSlo(name, f"must be from 0 to {MAX_GUARD:,}")
    return None


def _unfit(pair: Pair, window: Window, indicator: Indicator) -> BadSlo | None:
    if pair.long >= window.nominal:
        return BadSlo("long", f"must be shorter than the window of {spelled(window.nominal)}")
    if not 1 <= pair.short < pair.long:
        return BadSlo("short", f"must be shorter than the long window of {spelled(pair.long)}")
    for name, minutes in (("long", pair.long), ("short", pair.short)):
        if minutes % indicator.width:
            width = spelled(indicator.width)
            return BadSlo(name, f"must hold whole slices of {width}: a part of one is never judged")
    if pair.short < indicator.reach:
        every = spelled(indicator.reach)
        return BadSlo("short", f"is shorter than the {every} between counts: most hold none")
    return None


def _unreachable(pair: Pair, target: Fraction, window: Window) -> BadSlo | None:
    factor, budget = pair.factor(window.nominal), 1 - target
    if factor * budget < 1:
        return None
    most = Fraction(pair.long, window.nominal) / budget
    return BadSlo(
        "fraction",
        f"can never fire: it needs a burn rate above {plain_factor(factor)}, and with everything"
        f" bad an objective of {plain(100 * target)} % burns at {plain_factor(1 / budget)}."
        f" A fraction below {plain_factor(most)} ({plain_factor(100 * most)} %) can",
    )


def plain_factor(value: Fraction) -> str:
    """A burn rate for a sentence: four significant digits."""
    return f"{float(value):.4g}"


def time_to_fire(pair: Pair, target: Fraction, period: int, error: Fraction) -> Fraction | None:
    """Minutes from a clean state until a constant share of errors fires the pair; None if never."""
    bound = pair.factor(period) * (1 - target)
    return pair.long * bound / error if error > bound else None


def time_to_clear(pair: Pair, target: Fraction, period: int, error: Fraction) -> Fraction | None:
    """Minutes that it fires on after such errors stopped at once; None if it never fired."""
    bound = pair.factor(period) * (1 - target)
    return pair.short * (1 - bound / error) if error > bound else None
