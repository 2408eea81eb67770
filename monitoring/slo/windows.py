"""Windows over which a target holds: the last thirty days, or this calendar month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from monitoring.slo.exact import DAY, UNITS, BadSlo, minute_of

MONTHS = {"M": 1, "Q": 3, "Y": 12}
DAYS = {"d": 1, "w": 7}
LONGEST = 366 * DAY


@dataclass(frozen=True, slots=True)
class Period:
    """The minutes after `start` up to and with `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many minutes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last `minutes` before whenever one asks."""

    minutes: int
    kind: Literal["rolling"] = "rolling"

    def __post_init__(self) -> None:
        if not DAY <= self.minutes <= LONGEST:
            raise BadSlo("window.duration", "must be from 1 to 366 days")

    @property
    def nominal(self) -> int:
        """Minutes that burn rates refer to."""
        return self.minutes

    def at(self, minute: int) -> Period:
        """The window that ends with this minute."""
        return Period(minute - self.minutes, minute)


@dataclass(frozen=True, slots=True)
class Calendar:
    """`count` days, weeks, months, quarters or years from `start`, local time in `zone`, and on.

    A boundary is a time on the wall clock: a day with a change to summer time has 23 hours.
    """

    count: int
    unit: str
    start: datetime
    zone: str
    kind: Literal["calendar"] = "calendar"

    def __post_init__(self) -> None:
        if self.unit not in MONTHS and self.unit not in DAYS:
            raise BadSlo("window.duration", "counts d, w, M, Q or Y in a calendar window")
        if not DAY <= self.nominal <= LONGEST:
            raise BadSlo("window.duration", "must be from 1 to 366 days")
        if self.start.tzinfo is not None or not 1970 <= self.start.year <= 9000:
            raise BadSlo("window.start", "must be a local time after 1970, its zone given apart")
        zone_named(self.zone)

    @property
    def nominal(self) -> int:
        """Minutes that burn rates refer to: a month is 30 days, whichever it is."""
        return self.count * UNITS[self.unit]

    def at(self, minute: int) -> Period:
        """The whole period that this minute lies in, its future included."""
        number = self._guess(minute)
        while self._begin(number + 1) < minute:
            number += 1
        while self._begin(number) >= minute:
            number -= 1
        return Period(self._begin(number), self._begin(number + 1))

    def _guess(self, minute: int) -> int:
        longest = self.count * (MONTHS.get(self.unit, 0) * 31 or DAYS.get(self.unit, 0)) * DAY
        return (minute - self._begin(0)) // longest - 1

    def _begin(self, number: int) -> int:
        """The last minute before the period of that number."""
        steps = number * self.count
        if self.unit in DAYS:
            local = self.start + timedelta(days=steps * DAYS[self.unit])
        else:
            local = months_later(self.start, steps * MONTHS[self.unit])
        return minute_of(local.replace(tzinfo=zone_named(self.zone)).astimezone(UTC))


Window = Rolling | Calendar


def months_later(start: datetime, months: int) -> datetime:
    """The same day so many months on; the last of a month that is too short for it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = datetime(year + month // 11, (month + 1) % 12 + 1, 1)  # noqa: DTZ001
    last = (following - timedelta(days=1)).day
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def zone_named(name: str) -> ZoneInfo:
    """A time zone of the IANA database. Raises `BadSlo`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadSlo("window.zone", f"{name!r} is no time zone such as Europe/Vienna") from None
