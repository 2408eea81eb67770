"""What every kind of monitor is: parameters that describe themselves, and a pure judgement.

A kind is a frozen dataclass in a file of its own in this folder. Its fields are its parameters;
their metadata is the one source of the JSON schema, the form and the table in the documentation
(`monitoring.kinds.describe`). Its `evaluate` looks at points in time order and remembers what it
needs in a small JSON-safe state, so that a million points cost no more memory than a hundred.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, NamedTuple, Self, dataclass_transform

from monitoring.slo.definition import Selector, Source
from monitoring.slo.indicator import Measured

State = dict[str, Any]
Status = Literal["ok", "pending", "breached", "no_data", "error"]


class Point(NamedTuple):
    """One measurement: when it was true, in UTC, and its value.

    `left_out` is for kinds that learn: something went on that they are to pass over.
    """

    time: datetime
    value: float
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a kind says about one instant, and everything that a person needs to believe it.

    `at` is the instant in event time (for a breach: the onset). `lo` and `hi` bound what was
    acceptable, `expected` is its middle, `score` the kind's own measure of surprise and `n` the
    number of points the judgement stands on. Statuses: ``ok``; ``pending``, suspicious or still
    learning; ``breached``; ``no_data``, which is not healthy; ``error``.
    """

    status: Status
    at: datetime
    sentence: str
    value: float | None = None
    expected: float | None = None
    lo: float | None = None
    hi: float | None = None
    score: float | None = None
    n: int = 0

    def band(self) -> tuple[float | None, float | None, float | None]:
        """Lower bound, expected value and upper bound."""
        return self.lo, self.expected, self.hi


class BadParameter(ValueError):
    """A parameter of a monitor kind is missing, unknown, of the wrong type or out of bounds."""

    def __init__(self, field: str, message: str):
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


def parameter(
    description: str,
    default: Any = dataclasses.MISSING,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """A parameter of a kind: a dataclass field that carries its own explanation and bounds."""
    about = {
        "description": description,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices),
    }
    return field(default=default, metadata=about)


_registry: dict[str, type[Kind]] = {}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(parameter,))
class Kind:
    """A way to judge one series. Subclasses with a `name` register themselves.

    `summary` says in one sentence what it notices. `watches_clock` is true for kinds whose
    verdict can change while no point arrives. `tuned_by` names the one parameter that trades
    breaches missed against breaches too many, if there is one. `urgency` is what its monitors
    have unless somebody says otherwise: record, notify, concern or page.
    """

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    watches_clock: ClassVar[bool] = False
    tuned_by: ClassVar[str] = ""
    urgency: ClassVar[str] = "notify"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, kw_only=True)(cls)
        if cls.name:
            if cls.name in _registry and _registry[cls.name].__module__ != cls.__module__:
                raise TypeError(f"two monitor kinds are named {cls.name!r}")
            _registry[cls.name] = cls

    @classmethod
    def with_values(cls, values: Mapping[str, Any]) -> Self:
        """The kind with these parameters, checked. Raises `BadParameter`."""
        from monitoring.kinds.describe import checked

        made = cls(**checked(cls, values))
        made.check()
        return made

    def check(self) -> None:
        """Rules between parameters. Raises `BadParameter`."""

    def drawn(self, at: datetime, value: float) -> float:
        """A measured value as charts show it, in the unit of the band it is judged by."""
        return value

    def read(self, drawn: float) -> str:
        """A drawn value in words."""
        return figure(drawn)

    def start(self) -> State:
        """The state before the first point."""
        return {}

    def rests(self, state: State, now: datetime) -> float:
        """Seconds after `now` in which only a point can change what a kind says that watches the
        clock; 0 where that is not known."""
        return 0.0

    def evaluate(
        self, state: State, points: Sequence[Point], now: datetime
    ) -> tuple[State, list[Verdict]]:
        """Judges `points`, in time order, then the instant `now` for kinds that watch the clock.

        Returns the new state and the verdicts in time order; `state` itself is left as it was.
        `now` is in event time: the source's watermark, or the wall clock for a live source.
        """
        raise NotImplementedError(f"{type(self).__name__} judges nothing")


class Counting(Kind):
    """A way to judge counts by minute, of one series or of two whose points belong together.

    It remembers nothing but how far it has judged: every verdict follows from the counts of the
    latest `lookback` alone, so that late ones are taken into account whenever they come.
    """

    watches_clock: ClassVar[bool] = True

    @property
    def lookback(self) -> timedelta:
        """How far before a minute its verdict looks."""
        raise NotImplementedError(f"{type(self).__name__} names no lookback")

    def source(self, own: Selector) -> Source:
        """Where counts come from, given the monitor's own series."""
        raise NotImplementedError(f"{type(self).__name__} names no source")

    def review(
        self, counts: Measured, judged: datetime | None, until: datetime
    ) -> tuple[datetime | None, list[Verdict]]:
        """Judges the minutes after `judged` that have ended by `until`, in event time.

        `counts` reach back to `lookback` before `judged`, and are empty if none are newer than
        that. Returns how far it has judged and the
        verdicts in time order.
        """
        raise NotImplementedError(f"{type(self).__name__} judges nothing")


@dataclass(slots=True)
class Persistence:
    """Turns single exceedances into a breach: n of the last m open it, quiet points close it."""

    needed: int
    of: int
    clear_after: int
    recent: list[bool] = field(default_factory=list)
    breached: bool = False
    quiet: int = 0

    def observe(self, exceeds: bool, clear: bool) -> Status:
        """Status after one more point; `clear` may ask for more than not exceeding."""
        self.recent = [*self.recent, exceeds][-self.of :]
        if self.breached:
            self.quiet = self.quiet + 1 if clear else 0
            if self.quiet >= self.clear_after:
                self.reset()
        elif sum(self.recent) >= self.needed:
            self.breached, self.quiet = True, 0
        if self.breached:
            return "breached"
        return "pending" if exceeds else "ok"

    def reset(self) -> None:
        """Forgets the breach and what led to it."""
        self.recent, self.breached, self.quiet = [], False, 0

    def dump(self) -> State:
        """JSON-safe memory."""
        return {"recent": self.recent, "breached": self.breached, "quiet": self.quiet}

    def load(self, state: State) -> Self:
        """Takes the memory of `dump` back; missing parts are as at the start."""
        self.recent = list(state.get("recent", []))
        self.breached, self.quiet = state.get("breached", False), state.get("quiet", 0)
        return self


def no_number(point: Point, n: int) -> Verdict:
    """The verdict on a value that is not a finite number: never silently healthy."""
    return Verdict("no_data", point.time, "The value is not a finite number.", n=n)


def figure(value: float) -> str:
    """A number for a sentence: four significant digits, thousands separated."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.3g}"
    text = f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(length: timedelta | float) -> str:
    """A length of time for a sentence, in its two largest units: ``2 d 4 h``, ``90 s``."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 120:
        return f"{figure(round(seconds, 1))} s"
    parts, rest = [], round(seconds)
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def instant(value: str | None) -> datetime | None:
    """A time kept in a state, back from its ISO text."""
    return datetime.fromisoformat(value) if value else None


Comparison = Callable[[float, float], bool]
