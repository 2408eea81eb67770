"""Numbers and times as objectives use them: exact ratios, whole minutes, spans such as ``30d``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
DAY = 1_440

# Months as everybody who compares windows counts them: a calendar window has real ones.
UNITS = {"m": 1, "h": 60, "d": DAY, "w": 7 * DAY, "M": 30 * DAY, "Q": 90 * DAY, "Y": 365 * DAY}
SPAN = re.compile(r"([1-9][0-9]{0,6})([mhdwMQY])")
QUOTIENT = re.compile(r"[0-9]{1,24}/[1-9][0-9]{0,23}")
MAX_DIGITS = 12


class BadSlo(ValueError):
    """A setting of an objective is missing, malformed, out of bounds or without effect.

    `field` is its path from the objective, such as ``alerts.0.short``.
    """

    def __init__(self, field: str, message: str):
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


def ratio(value: Any, field: str, quotient: bool = False) -> Fraction:
    """An exact number from a number or its text, with `quotient` also ``3/35``. Raises `BadSlo`.

    A float is taken for the shortest decimal that it prints as: 0.999 is 999/1000, not the nearest
    binary fraction, which would make the budget of 99.9 % wrong in its 14th digit.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadSlo(field, "must be a number")
    text = repr(value) if isinstance(value, float) else str(value)
    if quotient and QUOTIENT.fullmatch(text):
        return Fraction(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadSlo(field, "must be a number") from None
    if not number.is_finite():
        raise BadSlo(field, "must be a finite number")
    _, digits, exponent = number.normalize().as_tuple()
    if len(digits) > MAX_DIGITS or abs(int(exponent)) > MAX_DIGITS:
        raise BadSlo(field, f"must have at most {MAX_DIGITS} digits")
    return Fraction(number)


def plain(value: Fraction) -> str:
    """The number as decimal text, exactly; as ``a/b`` if it has no end in decimals."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(value)
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(value: Any, field: str) -> int:
    """Minutes in a span such as ``5m``, ``6h``, ``30d``, ``1w``, ``1M``. Raises `BadSlo`."""
    found = SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadSlo(field, "must be a span such as 5m, 6h, 30d, 1w, 1M, 1Q or 1Y")
    return int(found[1]) * UNITS[found[2]]


def spelled(minutes: int) -> str:
    """The shortest span text of so many minutes, in minutes, hours or days."""
    for unit in ("d", "h"):
        if minutes % UNITS[unit] == 0:
            return f"{minutes // UNITS[unit]}{unit}"
    return f"{minutes}m"


def minute_of(time: datetime) -> int:
    """The minute that a time belongs to: the first one that does not end before it."""
    return -(-((time - EPOCH) // MICROSECOND) // 60_000_000)


def whole_minute(time: datetime) -> int:
    """The last minute that has ended at a time."""
    return (time - EPOCH) // MINUTE


def end_of(minute: int) -> datetime:
    """When a minute ends, in UTC."""
    return EPOCH + minute * MINUTE
